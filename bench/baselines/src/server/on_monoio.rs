//! monoio on io_uring: one runtime, one task a connection, buffers that are lent to the kernel.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use io_uring_of_monoio::IoUring;
use monoio::buf::{IoBuf, IoBufMut};
use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::{TcpListener, TcpStream};
use monoio::{IoUringDriver, RuntimeBuilder};

use crate::frame::{READ_BYTES, whole_bytes};

/// When the kernel runs the completion work of the ring.
pub(crate) enum Taskrun {
    /// On any way out of the kernel: monoio's default.
    AsItComes,
    /// Only when the thread asks for completions.
    Deferred,
}

pub(crate) fn serve(
    taskrun: Taskrun,
    announce: fn(SocketAddr) -> io::Result<()>,
) -> io::Result<()> {
    let mut builder = RuntimeBuilder::<IoUringDriver>::new();
    if let Taskrun::Deferred = taskrun {
        let mut ring = IoUring::builder();
        ring.setup_single_issuer()
            .setup_coop_taskrun()
            .setup_defer_taskrun();
        builder = builder.uring_builder(ring);
    }
    builder.build()?.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        announce(listener.local_addr()?)?;
        loop {
            let (stream, _) = listener.accept().await?;
            monoio::spawn(async {
                if let Err(error) = echo(stream).await {
                    eprintln!("a connection: {error}");
                }
            });
        }
    })
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(READ_BYTES);
    loop {
        let kept = buffer.len();
        let (result, lent) = stream.read(buffer.slice_mut(kept..READ_BYTES)).await;
        buffer = lent.into_inner();
        if result? == 0 {
            return Ok(());
        }
        let whole = whole_bytes(&buffer).map_err(io::Error::other)?;
        let (result, lent) = stream.write_all(buffer.slice(..whole)).await;
        buffer = lent.into_inner();
        result?;
        buffer.drain(..whole);
    }
}
