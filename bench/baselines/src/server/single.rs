//! The bare round trip: blocking sockets of the standard library, one thread, one connection after the other.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use crate::frame::{READ_BYTES, whole_bytes};

pub(crate) fn serve(announce: fn(SocketAddr) -> io::Result<()>) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    announce(listener.local_addr()?)?;
    loop {
        let (stream, _) = listener.accept()?;
        if let Err(error) = echo(stream) {
            eprintln!("a connection: {error}");
        }
    }
}

fn echo(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; READ_BYTES];
    let mut kept = 0;
    loop {
        let bytes = stream.read(&mut buffer[kept..])?;
        if bytes == 0 {
            return Ok(());
        }
        let filled = kept + bytes;
        let whole = whole_bytes(&buffer[..filled]).map_err(io::Error::other)?;
        stream.write_all(&buffer[..whole])?;
        buffer.copy_within(whole..filled, 0);
        kept = filled - whole;
    }
}
