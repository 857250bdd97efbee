//! Standard input as a stream of lines, read by a thread of its own since such a read cannot be interrupted; and the JSON
//! of messages, one a line.

use std::io::{BufRead, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ringpost_client_native::Incoming;
use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, channel};

use crate::error::ToolError;

/// Lines read ahead.
const AHEAD: usize = 64;

/// The lines of standard input, without their ends.
pub fn standard_input() -> Receiver<Result<String, ToolError>> {
    let (sender, receiver) = channel(AHEAD);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let line = line.map_err(|source| ToolError::file("read", "standard input", source));
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Writes a line and flushes it.
pub fn print(line: &str) -> Result<(), ToolError> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|source| ToolError::file("write", "standard output", source))
}

/// The payload of an input line: `{"text": "..."}` or `{"payload_base64": "..."}`.
pub fn payload(line: &str) -> Result<Vec<u8>, ToolError> {
    let wrong = |why: String| ToolError::Usage(format!("wrong input line {line:?}: {why}"));
    let value: Value = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
    match (value["text"].as_str(), value["payload_base64"].as_str()) {
        (Some(text), None) => Ok(text.as_bytes().to_vec()),
        (None, Some(encoded)) => STANDARD
            .decode(encoded)
            .map_err(|error| wrong(error.to_string())),
        _ => Err(wrong("it needs either text or payload_base64".to_owned())),
    }
}

/// A message as a line of JSON: `text` where the payload is UTF-8, else `payload_base64`. Ids are decimal strings.
pub fn message(message: &Incoming) -> Value {
    let mut value = json!({
        "chat": message.chat.to_string(),
        "seq": message.seq,
        "from": message.sender.user.to_string(),
        "device": message.sender.device,
        "message_id": message.message_id.to_string(),
        "time_ms": message.time_ms,
    });
    match std::str::from_utf8(&message.payload) {
        Ok(text) => value["text"] = json!(text),
        Err(_) => value["payload_base64"] = json!(STANDARD.encode(&message.payload)),
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_lines_hold_text_or_bytes() {
        assert_eq!(payload(r#"{"text":"hé"}"#).unwrap(), "hé".as_bytes());
        assert_eq!(payload(r#"{"payload_base64":"AP8="}"#).unwrap(), [0, 255]);
    }

    #[test]
    fn other_input_lines_are_wrong_usage() {
        for line in [
            "",
            "{}",
            "text",
            r#"{"text":1}"#,
            r#"{"text":"a","payload_base64":"AA=="}"#,
        ] {
            assert_eq!(payload(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
