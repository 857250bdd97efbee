//! Starts and stops the HTTP thread: a current-thread runtime with one router.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::connections;
use super::routes::router;
use crate::view::NodeView;

/// Why HTTP cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address cannot be had.
    #[error("listen.http {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The thread cannot be started.
    #[error("the HTTP thread cannot be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// The running HTTP thread.
pub struct HttpServer {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl HttpServer {
    /// Binds `address` and serves `view`.
    ///
    /// # Errors
    /// The address or a thread cannot be had.
    pub fn start(address: SocketAddr, view: Arc<NodeView>) -> Result<Self, HttpError> {
        let failed = |source| HttpError::Listen { address, source };
        let listener = std::net::TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("http".to_owned())
            .spawn(move || {
                runtime.block_on(serve(listener, view, stopped));
            })?;
        Ok(Self {
            address: bound,
            stop,
            thread,
        })
    }

    /// The bound address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Finishes what is being answered and stops.
    pub fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the HTTP thread panicked");
        }
    }
}

async fn serve(
    listener: std::net::TcpListener,
    view: Arc<NodeView>,
    stopped: oneshot::Receiver<()>,
) {
    let router = router(view);
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "HTTP is gone"),
    };
    // Connections are not waited for: an answer under way is short.
    tokio::select! {
        () = connections::serve(listener, router, connections::BOUNDS) => {}
        _ = stopped => {}
    }
}
