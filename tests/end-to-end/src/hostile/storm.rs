//! Connections without a word, or with the first words of a handshake of TLS, as fast as 10,000 a second, each held as long as the
//! attacker's descriptors last.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Instant;

use super::attack::Attack;
use super::tally::Tally;

/// Connects of one burst.
const BURST: u32 = 50;
/// Time between two bursts: 10,000 connects a second.
const BURST_INTERVAL: Duration = Duration::from_millis(5);
/// Bursts that the machine did not allow are made up for if they are no older.
const CATCH_UP: Duration = Duration::from_millis(100);
/// Connections held; older ones are let go. Half of what a process may usually have open.
const HELD_MAX: usize = 9_000;
/// Source addresses, so that ports last.
const SOURCES: u32 = 64;

/// The storm on the native door.
pub(super) fn connect_storm(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<()> {
    storm(attack, (attack.server, &[]), tally)
}

/// The storm on the door with TLS. Each connection says the same first words, which cost the attacker nothing and the node a signature; its
/// answer is not read.
pub(super) fn handshake_storm(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<()> {
    let hello = attack.tls.trust().hello()?;
    storm(attack, (attack.tls.address(), &hello), tally)
}

/// The storm: first each new connection ends the oldest, then all are held and only those that the node ended are replaced. A
/// connect that is refused or reset is as good as one that is closed.
fn storm(
    attack: &Attack<'_>,
    (server, hello): (SocketAddr, &[u8]),
    tally: &mut Tally,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let began = std::time::Instant::now();
    let turning = began + attack.until.saturating_duration_since(began) / 2;
    runtime.block_on(async {
        let mut held = VecDeque::new();
        let mut made = 0;
        let mut next = Instant::now();
        while attack.goes_on() {
            tokio::time::sleep_until(next).await;
            next = next.max(Instant::now() - CATCH_UP) + BURST_INTERVAL;
            let burst: Vec<_> = (made..made + BURST)
                .map(|number| tokio::spawn(connect(server, source(number))))
                .collect();
            made += BURST;
            for connect in burst {
                if let Ok(Ok(stream)) = connect.await {
                    // A connection that is closed already takes no words.
                    let said = stream.try_write(hello).unwrap_or(0);
                    tally.frames += u64::from(said > 0);
                    held.push_back(stream);
                    tally.connections += 1;
                }
            }
            if std::time::Instant::now() > turning {
                held.retain(is_open);
            }
            while held.len() > HELD_MAX {
                held.pop_front();
            }
        }
        tally.closed = tally.connections - held.len() as u64;
    });
    if tally.connections == 0 {
        tally.odd("no connection was made");
    }
    Ok(())
}

/// Whether the node has not ended it. What it said is dropped.
pub(super) fn is_open(stream: &TcpStream) -> bool {
    loop {
        match stream.try_read(&mut [0; 4_096]) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
        }
    }
}

/// An address of the storm's own network.
fn source(number: u32) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 9, (10 + number % SOURCES) as u8)
}

/// Connects from an address. The end is a reset: no port is kept waiting.
pub(super) async fn connect(server: SocketAddr, source: Ipv4Addr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_zero_linger()?;
    socket.bind((IpAddr::V4(source), 0).into())?;
    let connected = tokio::time::timeout(Duration::from_secs(2), socket.connect(server)).await;
    connected.map_err(io::Error::other)?
}
