//! All routes of HTTP, and which of them are open to everybody. What is not named as open is the administrator's, also what is no route.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, get, post};
use axum::{Router, middleware};

use super::{admin, configure, devices, guard, histograms, metrics, status};
use crate::view::NodeView;

/// Bytes of a request's body: a longer one is answered 413.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// Routes that need no token.
const OPEN: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Whether a path needs no token.
pub(super) fn is_open(path: &str) -> bool {
    OPEN.contains(&path)
}

/// The router that answers calls about `view`.
pub(super) fn router(view: Arc<NodeView>) -> Router {
    let routes = routes().into_iter();
    let router = routes.fold(Router::new(), |router, (path, methods)| {
        router.route(path, methods)
    });
    router
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(view.clone(), guard::guard))
        .with_state(view)
}

fn routes() -> Vec<(&'static str, MethodRouter<Arc<NodeView>>)> {
    vec![
        ("/healthz", get(status::health)),
        ("/readyz", get(status::readiness)),
        ("/metrics", get(metrics::metrics)),
        ("/admin/chats/{chat}", get(admin::chat)),
        (
            "/admin/users/{user}/devices/{device}/revocation",
            post(devices::revoke).delete(devices::restore),
        ),
        ("/admin/config", get(configure::show).put(configure::order)),
        ("/admin/histograms.hlog", get(histograms::histograms)),
        ("/admin/reload", post(configure::reload)),
    ]
}

#[cfg(test)]
#[path = "routes_tests.rs"]
mod tests;
