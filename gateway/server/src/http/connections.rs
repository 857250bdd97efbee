//! Accepts HTTP connections: so many at a time and no more, each for one request and for a bounded time.
//!
//! A connection that idles, sends slowly or does not read gives its place to the next; no client can take the process's
//! descriptors. Those past the limit wait in the kernel's queue.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Bounds of the HTTP door.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Connections at a time.
    pub(super) connections: usize,
    /// Longest life of a connection: request, answer and reading it.
    pub(super) life: Duration,
}

/// The door's bounds: an answer may take 5 s of this life.
pub(super) const BOUNDS: Bounds = Bounds {
    connections: 128,
    life: Duration::from_secs(10),
};
/// From where a request comes; each carries it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

/// Most bytes of a request's head.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Pause after an accept that failed, which is for want of descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` until it is dropped.
pub(super) async fn serve(listener: TcpListener, router: Router, bounds: Bounds) {
    let places = Arc::new(Semaphore::new(bounds.connections));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, peer)) => {
                let router = router.clone().layer(Extension(Peer(peer.ip())));
                tokio::spawn(async move {
                    // A client that is too slow, or speaks no HTTP, is not worth a line of the log.
                    let _ = tokio::time::timeout(bounds.life, answer(stream, router)).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "an HTTP connection cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn answer(stream: TcpStream, router: Router) -> hyper::Result<()> {
    http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .await
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const LONG: Duration = Duration::from_secs(3_600);

    fn run(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(test);
    }

    async fn start(connections: usize, life: Duration) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let router = Router::new().route("/", get(|| async { "here" }));
        tokio::spawn(serve(listener, router, Bounds { connections, life }));
        address
    }

    async fn ask(address: SocketAddr) -> String {
        let mut client = TcpStream::connect(address).await.expect("connects");
        let request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        client.write_all(request).await.expect("is sent");
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("is read");
        answer
    }

    #[test]
    fn a_connection_is_for_one_request() {
        run(async {
            let address = start(1, LONG).await;
            for _ in 0..3 {
                assert!(ask(address).await.ends_with("here"));
            }
        });
    }

    #[test]
    fn the_next_waits_until_there_is_a_place() {
        run(async {
            let address = start(1, LONG).await;
            let idle = TcpStream::connect(address).await.expect("connects");
            let mut next = Box::pin(ask(address));
            let early = tokio::time::timeout(Duration::from_millis(50), &mut next).await;
            assert!(early.is_err(), "answered past the limit");
            drop(idle);
            assert!(next.await.ends_with("here"));
        });
    }

    #[test]
    fn a_silent_connection_loses_its_place() {
        run(async {
            let address = start(1, Duration::from_millis(50)).await;
            let mut slow = TcpStream::connect(address).await.expect("connects");
            slow.write_all(b"GET / HT").await.expect("is sent");
            assert_eq!(slow.read(&mut [0; 16]).await.expect("is ended"), 0);
            assert!(ask(address).await.ends_with("here"));
        });
    }
}
