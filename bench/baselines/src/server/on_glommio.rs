//! glommio: one executor bound to its core, one task a connection.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use glommio::net::{TcpListener, TcpStream};
use glommio::{LocalExecutorBuilder, Placement};

use crate::frame::{READ_BYTES, whole_bytes};

pub(crate) fn serve(core: usize, announce: fn(SocketAddr) -> io::Result<()>) -> io::Result<()> {
    let executor = LocalExecutorBuilder::new(Placement::Fixed(core)).make()?;
    executor.run(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        announce(listener.local_addr()?)?;
        loop {
            let stream = listener.accept().await?;
            glommio::spawn_local(async {
                if let Err(error) = echo(stream).await {
                    eprintln!("a connection: {error}");
                }
            })
            .detach();
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
