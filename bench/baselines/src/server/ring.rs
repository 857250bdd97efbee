//! The ring: the reactor of this project with its defaults; frames are echoed from the receive buffer.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use ringpost_gateway_ring::{Close, Connection, Event, Listen, Reactor, ReactorConfig, Sockets};
use ringpost_wire::FrameError;

use crate::frame::{READ_BYTES, whole_bytes};

/// Why a connection is ended.
#[derive(Debug, thiserror::Error)]
enum EchoError {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Write(#[from] ringpost_gateway_ring::WriteError),
    #[error("a frame is larger than a read")]
    TooLarge,
}

pub(crate) fn serve(announce: fn(SocketAddr) -> io::Result<()>) -> io::Result<()> {
    let config = ReactorConfig::default();
    let mut partial = vec![Vec::new(); config.slots as usize];
    let mut reactor = Reactor::new(config).map_err(io::Error::other)?;
    announce(reactor.listen((Ipv4Addr::LOCALHOST, 0).into(), Listen::default())?)?;
    loop {
        reactor.turn_with(None, |sockets, event| match event {
            Event::Received { connection, bytes } => {
                let begun = &mut partial[connection.slot() as usize];
                if let Err(error) = echo(sockets, connection, begun, bytes) {
                    eprintln!("a connection: {error}");
                    sockets.close(connection, Close::Now);
                }
            }
            Event::Closed { connection, .. } => partial[connection.slot() as usize] = Vec::new(),
            _ => {}
        })?;
    }
}

/// `begun` is the frame that an earlier read began.
fn echo(
    sockets: &mut Sockets<'_>,
    connection: Connection,
    begun: &mut Vec<u8>,
    bytes: &[u8],
) -> Result<(), EchoError> {
    if begun.is_empty() {
        let whole = whole_bytes(bytes)?;
        if whole > 0 {
            sockets.write(connection, &[&bytes[..whole]])?;
        }
        begun.extend_from_slice(&bytes[whole..]);
    } else {
        begun.extend_from_slice(bytes);
        let whole = whole_bytes(begun)?;
        if whole > 0 {
            sockets.write(connection, &[&begun[..whole]])?;
        }
        begun.drain(..whole);
    }
    if begun.len() > READ_BYTES {
        return Err(EchoError::TooLarge);
    }
    Ok(())
}
