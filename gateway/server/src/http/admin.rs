//! Administration: asks the worker that is home of a thing, by its queue, and waits a bounded time for the answer.
//!
//! Whoever comes here has shown the admin token: `guard` stands before every route that is not open.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::{ChatId, ErrorCode};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::view::NodeView;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// What a worker answers: the outcome, or why there is none.
pub type AdminAnswer = Result<Outcome, String>;

/// A command for a worker.
pub struct AdminRequest {
    /// The command, whose home is that worker.
    pub command: Command,
    /// Where the answer goes.
    pub answer: oneshot::Sender<AdminAnswer>,
}

/// Why a call is refused.
pub(super) type Refusal = (StatusCode, Json<Value>);

/// A refusal with a text for the administrator.
pub(super) fn refusal(status: StatusCode, message: &str) -> Refusal {
    (status, Json(json!({ "error": message })))
}

/// `GET /admin/chats/{chat}`: what the store knows of a chat. 32 hexadecimal digits name it.
pub(super) async fn chat(
    State(view): State<Arc<NodeView>>,
    Path(chat): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let chat = ChatId::from_hex(&chat).ok_or_else(|| {
        refusal(
            StatusCode::BAD_REQUEST,
            "a chat is named by 32 hexadecimal digits",
        )
    })?;
    match ask(&view, Command::InspectChat { chat }).await? {
        Outcome::Inspected(found) => Ok(Json(json!({
            "chat": chat.to_string(),
            "head": found.head,
            "last_time_ms": found.last_time_ms,
            "trimmed_to": found.trimmed_to,
            "device_epoch": found.device_epoch,
            "devices": found.devices.iter().map(|(device, next, read_to)| json!({
                "user": device.user.to_string(),
                "device": device.device,
                "next": next,
                "read_to": read_to,
            })).collect::<Vec<_>>(),
        }))),
        Outcome::Failed(ErrorCode::UnknownChat) => {
            Err(refusal(StatusCode::NOT_FOUND, "there is no such chat"))
        }
        Outcome::Failed(code) => Err(refusal(StatusCode::CONFLICT, code.name())),
        _ => Err(refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "an answer to another question",
        )),
    }
}

/// Asks the worker that is the command's home.
pub(super) async fn ask(view: &NodeView, command: Command) -> Result<Outcome, Refusal> {
    let (answer, answered) = oneshot::channel();
    if !view.ask(AdminRequest { command, answer }) {
        return Err(refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            "too much is being asked already",
        ));
    }
    match tokio::time::timeout(ANSWER_TIMEOUT, answered).await {
        Ok(Ok(Ok(outcome))) => Ok(outcome),
        Ok(Ok(Err(reason))) => Err(refusal(StatusCode::SERVICE_UNAVAILABLE, &reason)),
        Ok(Err(_)) => Err(refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            "the node is stopping",
        )),
        Err(_) => Err(refusal(StatusCode::GATEWAY_TIMEOUT, "no answer in time")),
    }
}
