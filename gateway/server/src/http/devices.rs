//! Administration of devices: a revocation ends the device's session and refuses its tokens issued until then.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use ringpost_storage_core::limits::DAY_MS;
use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::{DeviceAddress, ErrorCode, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::admin::{Refusal, ask, refusal};
use crate::view::NodeView;

/// The body of a revocation; an empty one means now.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Revocation {
    /// Tokens issued up to then, in seconds since 1970; `None` is now.
    issued_to_s: Option<u64>,
    /// All tokens, those of later too.
    forever: bool,
}

/// `POST /admin/users/{user}/devices/{device}/revocation`: the user by 32 hexadecimal digits, the device by its number.
pub(super) async fn revoke(
    State(view): State<Arc<NodeView>>,
    Path(path): Path<(String, String)>,
    body: String,
) -> Result<Json<Value>, Refusal> {
    let device = device_of(&path)?;
    let issued_to_ms = moment(&body)?;
    set(&view, device, issued_to_ms).await
}

/// `DELETE /admin/users/{user}/devices/{device}/revocation`: all tokens of the device are good again.
pub(super) async fn restore(
    State(view): State<Arc<NodeView>>,
    Path(path): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    set(&view, device_of(&path)?, 0).await
}

async fn set(
    view: &NodeView,
    device: DeviceAddress,
    issued_to_ms: u64,
) -> Result<Json<Value>, Refusal> {
    let command = Command::RevokeDevice {
        device,
        issued_to_ms,
    };
    match ask(view, command).await? {
        Outcome::DeviceRevoked { issued_to_ms } => {
            tracing::info!(user = %device.user, device = device.device, issued_to_ms, "an administrator set a revocation");
            Ok(Json(json!({
                "user": device.user.to_string(),
                "device": device.device,
                "revoked": issued_to_ms > 0,
                "forever": issued_to_ms == u64::MAX,
                "issued_to_s": (issued_to_ms < u64::MAX).then_some(issued_to_ms / 1_000),
            })))
        }
        Outcome::Failed(ErrorCode::DeviceRefused) => Err(refusal(
            StatusCode::NOT_FOUND,
            "there is no such device: it has never signed in",
        )),
        Outcome::Failed(code) => Err(refusal(StatusCode::CONFLICT, code.name())),
        _ => Err(refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "an answer to another question",
        )),
    }
}

fn device_of((user, device): &(String, String)) -> Result<DeviceAddress, Refusal> {
    let user = UserId::from_hex(user);
    let device = device.parse().ok().filter(|&device| device > 0);
    let address = user.zip(device);
    let address = address.map(|(user, device)| DeviceAddress { user, device });
    address.ok_or_else(|| {
        refusal(
            StatusCode::BAD_REQUEST,
            "a user is named by 32 hexadecimal digits, a device by a number from 1",
        )
    })
}

fn moment(body: &str) -> Result<u64, Refusal> {
    let revocation: Revocation = match body.trim() {
        "" => Revocation::default(),
        text => serde_json::from_str(text).map_err(|_| {
            let message = "expected nothing, {\"issued_to_s\": SECONDS} or {\"forever\": true}";
            refusal(StatusCode::BAD_REQUEST, message)
        })?,
    };
    if revocation.forever {
        return Ok(u64::MAX);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now_ms = now.map_or(0, |since| since.as_millis() as u64);
    let Some(seconds) = revocation.issued_to_s else {
        return Ok(now_ms);
    };
    let issued_to_ms = seconds.saturating_mul(1_000);
    if issued_to_ms > now_ms.saturating_add(DAY_MS) {
        let message = "`issued_to_s` is more than a day ahead; say `forever` for all tokens";
        return Err(refusal(StatusCode::BAD_REQUEST, message));
    }
    // 0 would lift it.
    Ok(issued_to_ms.max(1))
}
