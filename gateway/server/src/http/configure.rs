//! Administration of the configuration: what holds, reading it anew, and setting values over it for a while.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::admin::{Refusal, refusal};
use crate::configuration::{ConfigurationError, Values};
use crate::reload::{ReloadReport, Reloader};
use crate::view::NodeView;

/// `GET /admin/config`: every value that holds, and whether it can change while the node runs.
pub(super) async fn show(State(view): State<Arc<NodeView>>) -> Result<Json<Value>, Refusal> {
    let of = |(key, value, is_live)| (key, json!({ "value": value, "live": is_live }));
    let values: Map<String, Value> = view.reloader().running().into_iter().map(of).collect();
    Ok(Json(Value::Object(values)))
}

/// `POST /admin/reload`: reads the configuration anew, as `SIGHUP` does.
pub(super) async fn reload(State(view): State<Arc<NodeView>>) -> Result<Json<Value>, Refusal> {
    run(&view, |reloader| reloader.reload()).await
}

/// `PUT /admin/config`: sets the values of the body, a JSON object of keys (`{"log.level": "debug"}`), over all other sources
/// until the next reload.
pub(super) async fn order(
    State(view): State<Arc<NodeView>>,
    body: String,
) -> Result<Json<Value>, Refusal> {
    let values: Values = serde_json::from_str(&body).map_err(|error| {
        let message = format!("expected a JSON object of keys and values: {error}");
        refusal(StatusCode::BAD_REQUEST, &message)
    })?;
    run(&view, move |reloader| reloader.order(&values)).await
}

/// Runs it where it may block: it reads files.
async fn run(
    view: &NodeView,
    change: impl FnOnce(&Reloader) -> Result<ReloadReport, ConfigurationError> + Send + 'static,
) -> Result<Json<Value>, Refusal> {
    let reloader = view.reloader().clone();
    let changed = tokio::task::spawn_blocking(move || change(&reloader)).await;
    let unable = |message: &str| refusal(StatusCode::INTERNAL_SERVER_ERROR, message);
    let report = changed
        .map_err(|_| unable("the reload has failed"))?
        .map_err(|error| refusal(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string()))?;
    let value = json!(report);
    if report.is_success() {
        return Ok(Json(value));
    }
    Err((StatusCode::UNPROCESSABLE_ENTITY, Json(value)))
}
