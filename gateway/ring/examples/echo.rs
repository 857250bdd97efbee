//! An echo server on one core: `echo [ADDRESS]`, by default 127.0.0.1:7007. Sends back what it receives; a client that
//! does not read its echo is paused, so each connection holds at most its limit of queued bytes.

use std::error::Error;
use std::net::SocketAddr;

use ringpost_gateway_ring::{Close, Event, Listen, Reactor, ReactorConfig, Sockets, probe};

fn main() -> Result<(), Box<dyn Error>> {
    let address: SocketAddr = std::env::args()
        .nth(1)
        .as_deref()
        .unwrap_or("127.0.0.1:7007")
        .parse()?;
    println!("kernel: {:?}", probe()?);
    let mut reactor = Reactor::new(ReactorConfig::default())?;
    println!(
        "listening on {}",
        reactor.listen(address, Listen::default())?
    );
    loop {
        reactor.turn_with(None, echo)?;
    }
}

fn echo(sockets: &mut Sockets<'_>, event: Event<'_>) {
    match event {
        Event::Received { connection, bytes } => match sockets.write(connection, &[bytes]) {
            Ok(queued_bytes) if queued_bytes > 64 * 1024 => {
                sockets.pause_receiving(connection);
            }
            Ok(_) => {}
            Err(error) => {
                eprintln!("{connection:?}: {error}");
                sockets.close(connection, Close::Now);
            }
        },
        Event::Sent {
            connection,
            queued_bytes: 0,
            ..
        } => {
            sockets.resume_receiving(connection);
        }
        Event::Accepted {
            connection, peer, ..
        } => println!("{connection:?}: from {peer}"),
        Event::Closed { connection, reason } => println!("{connection:?}: {reason:?}"),
        _ => {}
    }
}
