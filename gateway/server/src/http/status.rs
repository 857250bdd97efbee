//! `/healthz`: the process works. `/readyz`: it can take messages; otherwise the reason.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use crate::view::NodeView;

/// 200 while every core takes its turns; 503 names the cores that do not.
pub(super) async fn health(State(view): State<Arc<NodeView>>) -> (StatusCode, String) {
    let stuck: Vec<String> = view.stuck_cores().map(|core| core.to_string()).collect();
    if stuck.is_empty() {
        return (StatusCode::OK, "ok\n".to_owned());
    }
    (
        StatusCode::SERVICE_UNAVAILABLE,
        format!("cores that take no turns: {}\n", stuck.join(", ")),
    )
}

/// 200 while new messages can be stored; 503 with the reason otherwise.
pub(super) async fn readiness(State(view): State<Arc<NodeView>>) -> (StatusCode, String) {
    match view.not_ready() {
        None => (StatusCode::OK, "ready\n".to_owned()),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
    }
}
