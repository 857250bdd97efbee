//! `inspect`: what a node or a store knows of a chat, and how far a device is behind in it, as JSON.

use std::path::Path;

use ringpost_wire::{ChatId, UserId};
use serde_json::{Value, json};

use crate::arguments::{InspectOptions, InspectSubject};
use crate::error::ToolError;
use crate::store::{self, StoreError};
use crate::{http, lines};

/// Prints what was asked for.
pub fn run(options: &InspectOptions) -> Result<(), ToolError> {
    let answer = match &options.subject {
        InspectSubject::Chat { chat, between } => {
            let users = between.as_ref().map(|users| (&users[0][..], &users[1][..]));
            inspect_chat(options, chat_id(chat.as_deref(), users)?)?
        }
        InspectSubject::Device {
            user,
            device,
            with,
            chat,
        } => {
            let users = with.as_ref().map(|with| (&user[..], &with[..]));
            let chat = inspect_chat(options, chat_id(chat.as_deref(), users)?)?;
            lag(&chat, UserId::from_subject(user), *device)
                .ok_or_else(|| ToolError::Found("the chat has no such device".to_owned()))?
        }
    };
    lines::print(&format!("{answer:#}"))
}

fn chat_id(hex: Option<&str>, users: Option<(&str, &str)>) -> Result<ChatId, ToolError> {
    let of_users = users.map(|(one, other)| {
        ChatId::one_to_one(UserId::from_subject(one), UserId::from_subject(other))
    });
    let chat = hex.map_or(of_users, ChatId::from_hex);
    chat.ok_or_else(|| ToolError::Usage("a chat's id has 32 hexadecimal digits".to_owned()))
}

fn inspect_chat(options: &InspectOptions, chat: ChatId) -> Result<Value, ToolError> {
    match &options.store {
        Some(store) => ask_store(store, &options.prefix, chat),
        None => ask_node(options, chat),
    }
}

/// What the rows of a store say.
fn ask_store(store: &Path, prefix: &str, chat: ChatId) -> Result<Value, ToolError> {
    let mut opened = store::open_source(store, prefix)?;
    let found = store::inspect_chat(&mut *opened.rows, chat);
    let found = found.map_err(StoreError::from)?;
    let found = found.ok_or_else(|| ToolError::Found(format!("there is no chat {chat}")))?;
    let devices = found.devices.iter().map(|(device, next, read_to)| {
        json!({
            "user": device.user.to_string(),
            "device": device.device,
            "next": next,
            "read_to": read_to,
        })
    });
    Ok(json!({
        "chat": chat.to_string(),
        "head": found.head,
        "last_time_ms": found.last_time_ms,
        "trimmed_to": found.trimmed_to,
        "device_epoch": found.device_epoch,
        "devices": devices.collect::<Vec<_>>(),
    }))
}

/// What a running node says.
fn ask_node(options: &InspectOptions, chat: ChatId) -> Result<Value, ToolError> {
    let path = options.data.join("admin.token");
    let token = std::fs::read_to_string(&path)
        .map_err(|source| ToolError::file("read the admin token", &path, source))?;
    let (status, body) = http::get(&options.http, &format!("/admin/chats/{chat}"), token.trim())?;
    let wrong = |why: String| ToolError::Node {
        what: "ask for a chat at",
        address: options.http.clone(),
        why,
    };
    match status {
        200 => serde_json::from_str(&body).map_err(|error| wrong(error.to_string())),
        404 => Err(ToolError::Found(format!("there is no chat {chat}"))),
        status => Err(wrong(format!("status {status}: {body}"))),
    }
}

/// A device's part of a chat, with what it lacks.
fn lag(chat: &Value, user: UserId, device: u32) -> Option<Value> {
    let user = user.to_string();
    let found = chat["devices"].as_array()?.iter().find(|entry| {
        entry["user"].as_str() == Some(&user) && entry["device"].as_u64() == Some(device.into())
    })?;
    let (head, next) = (chat["head"].as_u64()?, found["next"].as_u64()?);
    Some(json!({
        "user": user,
        "device": device,
        "head": head,
        "next": next,
        "lag": (head + 1).saturating_sub(next),
        "read_to": found["read_to"],
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_devices_lag_is_what_it_lacks_up_to_the_head() {
        let user = UserId::from_subject("bob");
        let chat = json!({ "head": 9, "devices": [
            { "user": user.to_string(), "device": 1, "next": 10, "read_to": 3 },
            { "user": user.to_string(), "device": 2, "next": 4, "read_to": 3 },
        ]});
        assert_eq!(lag(&chat, user, 1).unwrap()["lag"], 0);
        assert_eq!(lag(&chat, user, 2).unwrap()["lag"], 6);
        assert!(lag(&chat, user, 3).is_none());
    }

    #[test]
    fn a_chat_is_named_by_its_id_or_its_users() {
        let by_users = chat_id(None, Some(("ann", "bob"))).unwrap();
        assert_eq!(
            chat_id(Some(&by_users.to_string()), None).unwrap(),
            by_users
        );
        assert!(chat_id(Some("12"), None).is_err());
    }
}
