//! `OpenChat`: the one-to-one chat of two users is there. Idempotent: its id follows from the users.
//!
//! How many chats a user has is not counted here: whoever takes the command limits how fast a user opens them.

use ringpost_wire::limits::{CLOCK_MS_MAX, SEQ_MAX};
use ringpost_wire::{ChatId, ErrorCode, Seq, UserId};

use super::{chat, register_device};
use crate::Outcome;
use crate::key;
use crate::outcome::ChatOpened;
use crate::overlay::{Halt, Overlay};
use crate::row::{FanOut, Head, Interval, Member, MemberDevice, Membership, Rights};

const FIRST: Seq = 1;

pub(super) fn decide(
    overlay: &mut Overlay<'_>,
    opener: UserId,
    other: UserId,
    now_ms: u64,
) -> Result<Outcome, Halt> {
    let chat = ChatId::one_to_one(opener, other);
    if let Some(head) = chat::head(overlay, chat)? {
        return Ok(opened(chat, &head, false));
    }
    let mut users = vec![opener, other];
    users.sort_unstable();
    users.dedup();
    let mut devices = Vec::with_capacity(users.len());
    for user in &users {
        let is_known = overlay.is_present(&key::user::encode(*user));
        let found = register_device::active_devices(overlay, *user);
        match (is_known?, found?) {
            (true, Some(found)) => devices.push(found),
            _ => return Ok(Outcome::Failed(ErrorCode::UnknownUser)),
        }
    }
    for (user, devices) in users.iter().zip(devices) {
        overlay.insert(key::member::encode(chat, *user), &member(devices));
        let membership = Membership { joined: FIRST };
        // Rows of the user that a chat writes are written so that a repeat does no harm.
        overlay.set(key::membership::encode(*user, chat), &membership);
    }
    let head = Head {
        next_seq: FIRST,
        last_time_ms: now_ms.min(CLOCK_MS_MAX),
        trimmed_to: 0,
        device_epoch: 1,
        fan_out: FanOut::PendingRows,
        has_spilled_windows: false,
        has_read_cursors: false,
        members: users,
        windows: Vec::new(),
    };
    overlay.insert(key::head::encode(chat), &head);
    Ok(opened(chat, &head, true))
}

fn member(devices: Vec<u32>) -> Member {
    let device = |device| MemberDevice {
        device,
        start: FIRST,
    };
    Member {
        rights: Rights {
            read: true,
            write: true,
        },
        blocks_others: false,
        visible: vec![Interval {
            from: FIRST,
            to: SEQ_MAX,
        }],
        devices: devices.into_iter().map(device).collect(),
    }
}

fn opened(chat: ChatId, head: &Head, created: bool) -> Outcome {
    Outcome::ChatOpened(ChatOpened {
        chat,
        head: head.last_seq(),
        device_epoch: head.device_epoch,
        created,
    })
}
