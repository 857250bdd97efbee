//! `04 chat user device`: the send window of a device that is not among the recent senders of its chat's head.

use ringpost_wire::{ChatId, DeviceAddress};

use super::family::{Family, chat_at, device_at, user_at};
use crate::store::Key;

/// The key of a window.
pub fn encode(chat: ChatId, sender: DeviceAddress) -> Key {
    Family::Window.key(&[&chat.0, &sender.user.0, &sender.device.to_be_bytes()])
}

/// Chat and sender of a window's key; `None` for another key.
pub fn decode(key: &Key) -> Option<(ChatId, DeviceAddress)> {
    let parts = Family::Window.parts(key, 36)?;
    let sender = DeviceAddress {
        user: user_at(parts, 16),
        device: device_at(parts, 32),
    };
    Some((chat_at(parts, 0), sender))
}
