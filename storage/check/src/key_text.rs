//! Keys as people read them: the family and its parts, or the bytes where it is no key.

use std::fmt::Write as _;

use ringpost_storage_core::key::{self, Family};
use ringpost_storage_core::store::Key;
use ringpost_wire::DeviceAddress;

/// A key in words: `message chat=… seq=5`; `bytes=…` for one of no family or of another length.
pub fn key_text(bytes: &[u8]) -> String {
    let text = Key::from_slice(bytes).and_then(|key| family_text(&key));
    text.unwrap_or_else(|| {
        let mut text = "bytes=".to_owned();
        for byte in bytes {
            let _ = write!(text, "{byte:02x}");
        }
        text
    })
}

fn family_text(key: &Key) -> Option<String> {
    Some(match Family::of(key)? {
        Family::Head => format!("head chat={}", key::head::decode(key)?),
        Family::Message => {
            let (chat, seq) = key::message::decode(key)?;
            format!("message chat={chat} seq={seq}")
        }
        Family::Member => {
            let (chat, user) = key::member::decode(key)?;
            format!("member chat={chat} user={user}")
        }
        Family::Window => {
            let (chat, sender) = key::window::decode(key)?;
            format!("window chat={chat} {}", device_text(sender))
        }
        Family::ReadCursor => {
            let (chat, user) = key::read_cursor::decode(key)?;
            format!("read cursor chat={chat} user={user}")
        }
        Family::Membership => {
            let (user, chat) = key::membership::decode(key)?;
            format!("membership user={user} chat={chat}")
        }
        Family::Pending => {
            let (user, chat) = key::pending::decode(key)?;
            format!("pending user={user} chat={chat}")
        }
        Family::User => format!("user user={}", key::user::decode(key)?),
        Family::Device => format!("device {}", device_text(key::device::decode(key)?)),
        Family::Fence => format!("fence shard={}", key::fence::decode(key)?.0),
        Family::LaneRecord => format!("lane record {}", lane_text(key::lane_record::decode(key)?)),
        Family::LaneTerm => format!("lane term {}", lane_text(key::lane_term::decode(key)?)),
        Family::Import => {
            let id = key::import::decode(key)?.0;
            format!("import export={:032x}", u128::from_be_bytes(id))
        }
    })
}

fn device_text(device: DeviceAddress) -> String {
    format!("user={} device={}", device.user, device.device)
}

fn lane_text(lane: key::LaneId) -> String {
    format!("node={} lane={}", lane.node, lane.lane)
}

#[cfg(test)]
mod tests {
    use ringpost_wire::ChatId;

    use super::*;

    #[test]
    fn keys_are_told_in_words_and_others_in_bytes() {
        let key = key::message::encode(ChatId([0xab; 16]), 5);
        let text = format!("message chat={} seq=5", "ab".repeat(16));
        assert_eq!(key_text(key.as_slice()), text);
        assert_eq!(key_text(&[0x02, 0xff]), "bytes=02ff");
        assert_eq!(key_text(&[]), "bytes=");
    }
}
