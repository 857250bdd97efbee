//! A reactor that listens on 127.0.0.1, and turns until something has happened.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use ringpost_gateway_ring::{
    CloseReason, Connection, Event, Listen, Reactor, ReactorConfig, Sockets,
};

/// Far beyond what any test takes: only a hang reaches it.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn small() -> ReactorConfig {
    ReactorConfig {
        slots: 256,
        submission_entries: 64,
        receive_buffers: 16,
        ..ReactorConfig::default()
    }
}

pub fn listening(config: ReactorConfig) -> (Reactor, SocketAddr) {
    let mut reactor = Reactor::new(config).expect("io_uring");
    let address = reactor
        .listen(([127, 0, 0, 1], 0).into(), Listen::default())
        .expect("listen");
    (reactor, address)
}

/// Takes turns until the callback returns true.
pub fn turn_until(
    reactor: &mut Reactor,
    mut on_event: impl FnMut(&mut Sockets<'_>, Event<'_>) -> bool,
) {
    let end = Instant::now() + PATIENCE;
    let mut is_done = false;
    while !is_done {
        assert!(
            Instant::now() < end,
            "nothing ended the turns; {:?}",
            reactor.counters()
        );
        reactor
            .turn_with(Some(Duration::from_secs(5)), |sockets, event| {
                is_done |= on_event(sockets, event)
            })
            .expect("turn");
    }
}

pub fn accept(reactor: &mut Reactor) -> Connection {
    let mut accepted = None;
    turn_until(reactor, |_, event| match event {
        Event::Accepted { connection, .. } => {
            assert!(accepted.replace(connection).is_none());
            true
        }
        other => panic!("{other:?}"),
    });
    accepted.expect("accepted")
}

/// A client and the server's side of it.
pub fn pair(reactor: &mut Reactor, address: SocketAddr) -> (TcpStream, Connection) {
    let client = TcpStream::connect(address).expect("connect");
    client.set_read_timeout(Some(PATIENCE)).expect("timeout");
    client.set_write_timeout(Some(PATIENCE)).expect("timeout");
    (client, accept(reactor))
}

/// Turns until the connection's last event and returns its reason.
pub fn closed(reactor: &mut Reactor, expected: Connection) -> CloseReason {
    let mut found = None;
    turn_until(reactor, |_, event| match event {
        Event::Closed { connection, reason } if connection == expected => {
            found = Some(reason);
            true
        }
        _ => false,
    });
    found.expect("closed")
}

/// Turns until `bytes` bytes of the connection came, and returns them.
pub fn received(reactor: &mut Reactor, expected: Connection, bytes: usize) -> Vec<u8> {
    let mut all = Vec::new();
    turn_until(reactor, |_, event| {
        if let Event::Received { connection, bytes } = event {
            assert_eq!(connection, expected);
            all.extend_from_slice(bytes);
        }
        all.len() >= bytes
    });
    all
}

/// Bytes in which a loss, a repeat or a swap shows.
pub fn pattern(bytes: usize) -> Vec<u8> {
    (0..bytes as u64)
        .map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8)
        .collect()
}

pub fn read_exactly(client: &mut TcpStream, bytes: usize) -> Vec<u8> {
    let mut all = vec![0; bytes];
    client.read_exact(&mut all).expect("read");
    all
}
