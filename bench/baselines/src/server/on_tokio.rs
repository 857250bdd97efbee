//! tokio: a current-thread runtime, one task a connection.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::frame::{READ_BYTES, whole_bytes};

pub(crate) fn serve(announce: fn(SocketAddr) -> io::Result<()>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        announce(listener.local_addr()?)?;
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(async {
                if let Err(error) = echo(stream).await {
                    eprintln!("a connection: {error}");
                }
            });
        }
    })
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; READ_BYTES];
    let mut kept = 0;
    loop {
        let bytes = stream.read(&mut buffer[kept..]).await?;
        if bytes == 0 {
            return Ok(());
        }
        let filled = kept + bytes;
        let whole = whole_bytes(&buffer[..filled]).map_err(io::Error::other)?;
        stream.write_all(&buffer[..whole]).await?;
        buffer.copy_within(whole..filled, 0);
        kept = filled - whole;
    }
}
