//! Opens the store. While what it needs is missing, HTTP tells the reason, and it is tried again and again.
//!
//! Invariant: HTTP keeps the address that it was given while waiting.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::configuration::Settings;
use crate::error::NodeError;
use crate::http::{AdminGuard, HttpServer};
use crate::reload::Reloader;
use crate::store::{self, Store, StoreError, StoreHealth, StoreState};
use crate::view::NodeView;

/// Time between two attempts.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// Time between two looks at whether the node is to stop.
const STOP_INTERVAL: Duration = Duration::from_millis(50);

/// What the node goes on with.
pub struct Opened {
    /// The store.
    pub store: Box<dyn Store>,
    /// The address for HTTP.
    pub http: SocketAddr,
}

/// The open store; `None` when `is_stop_asked` says so before.
///
/// # Errors
/// The store cannot be opened and waiting is of no use, or HTTP cannot be served.
pub fn open_store(
    settings: &Settings,
    reloader: &Arc<Reloader>,
    admin_guard: &Arc<AdminGuard>,
    is_stop_asked: &mut dyn FnMut() -> bool,
) -> Result<Option<Opened>, NodeError> {
    let mut waiting: Option<Waiting> = None;
    loop {
        let reason = match store::open(settings) {
            Ok(store) => {
                let http = waiting.map_or(settings.listen.http, Waiting::end);
                return Ok(Some(Opened { store, http }));
            }
            Err(StoreError::NotYet(reason)) => reason.to_string(),
            Err(error) => return Err(error.into()),
        };
        match &waiting {
            Some(waiting) => waiting.tell(reason),
            None => waiting = Some(Waiting::begin(settings, reloader, admin_guard, reason)?),
        }
        let again = Instant::now() + RETRY_INTERVAL;
        while Instant::now() < again {
            if is_stop_asked() {
                waiting.map(Waiting::end);
                return Ok(None);
            }
            std::thread::sleep(STOP_INTERVAL);
        }
    }
}

/// HTTP of a node that has no store yet.
struct Waiting {
    health: Arc<StoreHealth>,
    http: HttpServer,
}

impl Waiting {
    fn begin(
        settings: &Settings,
        reloader: &Arc<Reloader>,
        admin_guard: &Arc<AdminGuard>,
        reason: String,
    ) -> Result<Self, NodeError> {
        let health = Arc::new(StoreHealth::new());
        let view = NodeView::waiting(health.clone(), reloader.clone(), admin_guard.clone());
        let http = HttpServer::start(settings.listen.http, Arc::new(view))?;
        let native = settings.listen.native;
        tracing::warn!(%native, http = %http.address(), "the node waits until it can open its store");
        let waiting = Self { health, http };
        waiting.tell(reason);
        Ok(waiting)
    }

    fn tell(&self, reason: String) {
        let state = StoreState::Unavailable(reason.clone());
        if self.health.set(state).is_some() {
            tracing::warn!(%reason, "the store is unavailable");
        }
    }

    fn end(self) -> SocketAddr {
        let address = self.http.address();
        self.http.stop();
        address
    }
}
