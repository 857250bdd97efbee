//! `revoke` and `restore`: a device's revocation, set and taken back through a node's administration. Prints what the node answers.

use ringpost_wire::UserId;
use serde_json::{Value, json};

use crate::arguments::{DeviceOptions, RevokeOptions};
use crate::error::ToolError;
use crate::http::{self, Call};
use crate::lines;

/// Revokes a device.
pub fn run(options: &RevokeOptions) -> Result<(), ToolError> {
    let body = match (options.forever, options.issued_to) {
        (true, _) => json!({ "forever": true }).to_string(),
        (false, Some(seconds)) => json!({ "issued_to_s": seconds }).to_string(),
        (false, None) => String::new(),
    };
    ask(&options.device, "POST", &body)
}

/// Takes the revocation of a device back.
pub fn restore(options: &DeviceOptions) -> Result<(), ToolError> {
    ask(options, "DELETE", "")
}

fn ask(options: &DeviceOptions, method: &str, body: &str) -> Result<(), ToolError> {
    let of_subject = options.user.as_deref().map(UserId::from_subject);
    let user = options.user_id.as_deref();
    let user = user.map_or(of_subject, UserId::from_hex);
    let user =
        user.ok_or_else(|| ToolError::Usage("a user's id has 32 hexadecimal digits".to_owned()))?;
    let device = options.device;
    let path = options.data.join("admin.token");
    let token = std::fs::read_to_string(&path)
        .map_err(|source| ToolError::file("read the admin token", &path, source))?;
    let call = Call {
        method,
        path: &format!("/admin/users/{user}/devices/{device}/revocation"),
        bearer: token.trim(),
        body,
    };
    let (status, body) = http::ask(&options.http, call)?;
    let wrong = |why: String| ToolError::Node {
        what: "ask for a revocation at",
        address: options.http.clone(),
        why,
    };
    match status {
        200 => {
            let answer: Value =
                serde_json::from_str(&body).map_err(|error| wrong(error.to_string()))?;
            lines::print(&format!("{answer:#}"))
        }
        404 => Err(ToolError::Found(format!(
            "there is no device {device} of user {user}: it has never signed in"
        ))),
        status => Err(wrong(format!("status {status}: {body}"))),
    }
}
