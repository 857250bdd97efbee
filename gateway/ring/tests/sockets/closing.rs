//! Every way to end: by the peer, by a reset, by the caller; and ids that outlived their socket.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::loopback::{
    closed, listening, pair, pattern, read_exactly, received, small, turn_until,
};
use ringpost_gateway_ring::{
    Close, CloseReason, Connection, Event, Reactor, ReactorConfig, WriteError,
};

#[test]
fn an_answer_to_a_half_closed_stream_still_leaves() {
    let (mut reactor, address) = listening(small());
    let (mut client, connection) = pair(&mut reactor, address);
    client.write_all(b"question").expect("write");
    client.shutdown(Shutdown::Write).expect("shutdown");
    assert_eq!(received(&mut reactor, connection, 8), b"question");
    // Written after the turn that saw the peer's end: until the next turn it is in time.
    reactor.write(connection, &[b"answer"]).expect("in time");
    assert_eq!(closed(&mut reactor, connection), CloseReason::PeerClosed);
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).expect("read");
    assert_eq!(answer, b"answer");
}

#[test]
fn a_peer_that_closes_is_seen_once() {
    let (mut reactor, address) = listening(small());
    let (client, connection) = pair(&mut reactor, address);
    drop(client);
    assert_eq!(closed(&mut reactor, connection), CloseReason::PeerClosed);
    let events = reactor
        .turn(Some(Duration::ZERO), |event| panic!("{event:?}"))
        .expect("turn");
    assert_eq!((events, reactor.open_connections()), (0, 0));
}

#[test]
fn a_reset_is_told_apart() {
    let (mut reactor, address) = listening(small());
    let (client, connection) = pair(&mut reactor, address);
    reactor.write(connection, &[b"never read"]).expect("room");
    turn_until(&mut reactor, |_, event| matches!(event, Event::Sent { .. }));
    assert_eq!(client.peek(&mut [0; 1]).expect("arrived"), 1);
    // Closing with bytes unread sends a reset.
    drop(client);
    assert_eq!(closed(&mut reactor, connection), CloseReason::Reset);
}

#[test]
fn after_flush_delivers_everything() {
    let config = ReactorConfig {
        queued_bytes_max: 4 << 20,
        ..small()
    };
    let (mut reactor, address) = listening(config);
    let (mut client, connection) = pair(&mut reactor, address);
    let expected = pattern(4 << 20);
    reactor.write(connection, &[&expected]).expect("room");
    assert!(reactor.close(connection, Close::AfterFlush));
    assert_eq!(
        reactor.write(connection, &[b"late"]),
        Err(WriteError::Closing)
    );
    assert!(!reactor.is_open(connection));
    let reader = std::thread::spawn(move || {
        let mut all = Vec::new();
        client.read_to_end(&mut all).expect("read");
        all
    });
    assert_eq!(closed(&mut reactor, connection), CloseReason::Local);
    assert!(reader.join().expect("reader") == expected);
}

#[test]
fn after_flush_discards_what_still_comes() {
    // Only the peer's end, seen behind all its bytes, can close before the test gives up.
    let (mut reactor, address) = listening(ReactorConfig {
        linger: Duration::from_secs(3600),
        ..small()
    });
    let (mut client, connection) = pair(&mut reactor, address);
    reactor.pause_receiving(connection);
    client.write_all(&pattern(50_000)).expect("write");
    reactor.write(connection, &[b"bye"]).expect("room");
    reactor.close(connection, Close::AfterFlush);
    turn_until(&mut reactor, |_, event| {
        matches!(event, Event::Sent { bytes: 3, .. })
    });
    // No reset destroys the last bytes, though the peer's own were never read by anyone.
    assert_eq!(read_exactly(&mut client, 3), b"bye");
    drop(client);
    assert_eq!(closed(&mut reactor, connection), CloseReason::Local);
}

#[test]
fn a_peer_that_never_ends_is_given_up() {
    let config = ReactorConfig {
        linger: Duration::from_millis(20),
        ..small()
    };
    let (mut reactor, address) = listening(config);
    let (mut client, connection) = pair(&mut reactor, address);
    reactor.close(connection, Close::AfterFlush);
    assert_eq!(closed(&mut reactor, connection), CloseReason::Local);
    assert_eq!(client.read(&mut [0; 1]).expect("end of stream"), 0);
}

#[test]
fn peers_that_never_end_do_not_keep_others_out() {
    let (mut reactor, address) = listening(ReactorConfig {
        slots: 3,
        linger: Duration::from_secs(3600),
        ..small()
    });
    let held: Vec<_> = (0..3)
        .map(|_| {
            let (client, connection) = pair(&mut reactor, address);
            reactor.close(connection, Close::AfterFlush);
            client
        })
        .collect();
    for _ in 0..3 {
        let (_client, connection) = pair_among_closing(&mut reactor, address);
        reactor.close(connection, Close::AfterFlush);
    }
    drop(held);
}

/// As `pair`, while others close.
fn pair_among_closing(reactor: &mut Reactor, address: SocketAddr) -> (TcpStream, Connection) {
    let client = TcpStream::connect(address).expect("connect");
    let mut accepted = None;
    turn_until(reactor, |_, event| {
        if let Event::Accepted { connection, .. } = event {
            accepted = Some(connection);
        }
        accepted.is_some()
    });
    (client, accepted.expect("accepted"))
}

#[test]
fn now_ends_a_send_that_the_peer_does_not_read() {
    let config = ReactorConfig {
        queued_bytes_max: 16 << 20,
        ..small()
    };
    let (mut reactor, address) = listening(config);
    let (mut client, connection) = pair(&mut reactor, address);
    reactor
        .write(connection, &[&pattern(16 << 20)])
        .expect("room");
    turn_until(&mut reactor, |_, event| matches!(event, Event::Sent { .. }));
    assert!(
        reactor
            .queued_bytes(connection)
            .is_some_and(|bytes| bytes > 0)
    );
    assert!(reactor.close(connection, Close::Now));
    assert_eq!(closed(&mut reactor, connection), CloseReason::Local);
    let mut all = Vec::new();
    assert!(
        client
            .read_to_end(&mut all)
            .is_ok_and(|bytes| bytes < 16 << 20)
    );
}

#[test]
fn now_hands_out_nothing_more() {
    let (mut reactor, address) = listening(small());
    let (mut client, connection) = pair(&mut reactor, address);
    client.write_all(b"unseen").expect("write");
    reactor.close(connection, Close::Now);
    turn_until(&mut reactor, |_, event| match event {
        Event::Closed { .. } => true,
        other => panic!("{other:?}"),
    });
    assert!(client.read(&mut [0; 1]).is_ok_and(|n| n == 0) || client.take_error().is_ok());
}

#[test]
fn a_stale_id_is_harmless() {
    let (mut reactor, address) = listening(ReactorConfig {
        slots: 1,
        ..small()
    });
    let (client, first) = pair(&mut reactor, address);
    drop(client);
    closed(&mut reactor, first);
    let (mut client, second) = pair(&mut reactor, address);
    assert_eq!(first.slot(), second.slot());
    assert_ne!(first, second);
    assert_eq!(reactor.write(first, &[b"wrong"]), Err(WriteError::Stale));
    assert_eq!(reactor.queued_bytes(first), None);
    assert!(!reactor.close(first, Close::Now) && !reactor.is_open(first));
    assert!(!reactor.pause_receiving(first) && !reactor.resume_receiving(first));
    assert!(!reactor.close(Connection::from_u64(u64::MAX), Close::Now));
    reactor.write(second, &[b"right"]).expect("room");
    turn_until(&mut reactor, |_, event| matches!(event, Event::Sent { .. }));
    assert_eq!(read_exactly(&mut client, 5), b"right");
}

#[test]
fn a_connect_without_listener_fails() {
    let free = TcpListener::bind("127.0.0.1:0")
        .expect("bind")
        .local_addr()
        .expect("address");
    let mut reactor = Reactor::new(small()).expect("io_uring");
    let expected = reactor.connect(None, free).expect("slot");
    turn_until(&mut reactor, |_, event| match event {
        Event::ConnectFailed { connection, error } => {
            assert_eq!(
                (connection, error.kind()),
                (expected, ErrorKind::ConnectionRefused)
            );
            true
        }
        other => panic!("{other:?}"),
    });
    assert!(!reactor.is_open(expected));
    assert_eq!(reactor.write(expected, &[b"x"]), Err(WriteError::Stale));
    assert_eq!(
        (reactor.counters().connected, reactor.counters().closed),
        (0, 1)
    );
}

#[test]
fn a_connect_can_be_taken_back() {
    let (mut reactor, address) = listening(small());
    let before = reactor.connect(None, address).expect("slot");
    reactor.close(before, Close::Now);
    assert_eq!(closed(&mut reactor, before), CloseReason::Local);
    // TEST-NET-1 is routed nowhere: the connect stays in flight or fails; either way one event ends it.
    let pending = reactor
        .connect(None, ([192, 0, 2, 1], 9).into())
        .expect("slot");
    reactor
        .turn(Some(Duration::ZERO), |event| {
            assert!(!matches!(event, Event::Connected { .. }))
        })
        .expect("turn");
    if reactor.close(pending, Close::AfterFlush) {
        turn_until(&mut reactor, |_, event| {
            matches!(event, Event::Closed { connection, .. } | Event::ConnectFailed { connection, .. }
                if connection == pending)
        });
    }
    assert_eq!(reactor.queued_bytes(pending), None);
}

#[test]
fn a_dropped_reactor_ends_its_sockets() {
    let (mut reactor, address) = listening(small());
    let (mut client, connection) = pair(&mut reactor, address);
    client.write_all(b"never read").expect("write");
    reactor.write(connection, &[b"never sent"]).expect("room");
    reactor.connect(None, address).expect("slot");
    let waker = reactor.waker();
    drop(reactor);
    waker.wake();
    let mut rest = Vec::new();
    let _ = client.read_to_end(&mut rest);
    assert_eq!(rest, b"");
}

/// Two connections of one reactor to itself: what connects is also what accepts.
#[test]
fn a_reactor_talks_to_itself_from_a_chosen_address() {
    let (mut reactor, address) = listening(small());
    let local = "127.0.0.7:0".parse().expect("address");
    let ours = reactor.connect(Some(local), address).expect("slot");
    reactor
        .write(ours, &[b"early"])
        .expect("queued until it is up");
    let (mut connected, mut got) = (false, Vec::new());
    turn_until(&mut reactor, |sockets, event| {
        match event {
            Event::Connected { connection } => {
                assert_eq!(connection, ours);
                connected = true;
            }
            Event::Accepted { peer, listener, .. } => {
                assert_eq!((peer.ip(), listener), (local.ip(), address));
            }
            Event::Received { connection, bytes } if connection == ours => {
                got.extend_from_slice(bytes)
            }
            Event::Received { connection, bytes } => {
                sockets.write(connection, &[bytes, b" bird"]).expect("room");
            }
            _ => {}
        }
        got.len() == 10
    });
    assert!(connected);
    assert_eq!(got, b"early bird");
}
