//! A chat as the scripts see it: its members, what each has and has not, and the marks that others are shown.

use ringpost_wire::{ChatId, DeviceId, ErrorCode, Seq, UserId};

use crate::key;
use crate::limits::FAN_OUT_MEMBERS_MAX;
use crate::overlay::{Halt, Overlay};
use crate::row::{FanOut, Head, Member, Pending, ReadCursor};
use crate::store::KeyRange;

/// Bytes of member rows read at a time.
const MEMBER_BYTES_MAX: u32 = 200_000;

/// A member with what it has not.
#[derive(Debug)]
pub(super) struct Party {
    pub(super) user: UserId,
    pub(super) member: Member,
    /// Its devices that are behind; `None` when none is.
    pub(super) pending: Option<Pending>,
}

impl Party {
    /// The first number that `device` has not acknowledged; `None` when it has everything.
    pub(super) fn next_of(&self, device: DeviceId) -> Option<Seq> {
        self.pending.as_ref()?.next_of(device)
    }

    /// The last message that the first of the devices has, where `last` is the chat's last; 0 without devices.
    pub(super) fn delivered_to(&self, last: Seq) -> Seq {
        let has = |device| self.next_of(device).map_or(last, |next| next - 1);
        let devices = self.member.devices.iter();
        devices.map(|entry| has(entry.device)).max().unwrap_or(0)
    }

    /// The first number that one of the devices has not acknowledged; after `last` when all have everything.
    pub(super) fn least_next(&self, last: Seq) -> Seq {
        let pending = self.pending.as_ref().and_then(Pending::from_seq);
        pending.unwrap_or(last + 1)
    }
}

/// How far the other members of a chat have got, the least of each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    pub(super) delivered_to: Seq,
    pub(super) read_to: Seq,
}

/// Why a user's device may not use a chat that is there. A stranger learns no more than of a chat that is not there: ids of
/// one-to-one chats can be computed by anyone.
pub(super) fn no_access(is_member: bool) -> ErrorCode {
    match is_member {
        true => ErrorCode::NotMember,
        false => ErrorCode::UnknownChat,
    }
}

/// The head of a chat; `None` when there is no such chat.
pub(super) fn head(overlay: &mut Overlay<'_>, chat: ChatId) -> Result<Option<Head>, Halt> {
    overlay.row(&key::head::encode(chat))
}

/// The member `user` of a chat; `None` for a stranger.
pub(super) fn party(
    overlay: &mut Overlay<'_>,
    chat: ChatId,
    user: UserId,
) -> Result<Option<Party>, Halt> {
    let member = overlay.row(&key::member::encode(chat, user));
    let pending = overlay.row(&key::pending::encode(user, chat));
    let (member, pending) = (member?, pending?);
    Ok(member.map(|member| Party {
        user,
        member,
        pending,
    }))
}

/// The users of a chat, ascending.
pub(super) fn users(
    overlay: &mut Overlay<'_>,
    chat: ChatId,
    head: &Head,
) -> Result<Vec<UserId>, Halt> {
    if !head.members.is_empty() {
        return Ok(head.members.clone());
    }
    let mut users = Vec::new();
    let mut rest: KeyRange = key::member::range(chat);
    loop {
        let page = overlay.range(&rest, FAN_OUT_MEMBERS_MAX as u32, MEMBER_BYTES_MAX)?;
        let found = page
            .rows
            .iter()
            .filter_map(|row| key::member::decode(&row.key));
        users.extend(found.map(|(_, user)| user));
        match page.rows.last() {
            Some(last) if page.more => rest.begin = last.key.next(),
            _ => return Ok(users),
        }
    }
}

/// All members of a chat, ascending.
pub(super) fn parties(
    overlay: &mut Overlay<'_>,
    chat: ChatId,
    head: &Head,
) -> Result<Vec<Party>, Halt> {
    let users = users(overlay, chat, head)?;
    let mut parties = Vec::with_capacity(users.len());
    let mut halt = None;
    for user in users {
        match party(overlay, chat, user) {
            Ok(party) => parties.extend(party),
            Err(error) => halt = halt.or(Some(error)),
        }
    }
    match halt {
        Some(halt) => Err(halt),
        None => Ok(parties),
    }
}

/// How far `user` has read; 0 for nothing.
pub(super) fn read_to(
    overlay: &mut Overlay<'_>,
    chat: ChatId,
    head: &Head,
    user: UserId,
) -> Result<Seq, Halt> {
    if !head.has_read_cursors {
        return Ok(0);
    }
    let cursor: Option<ReadCursor> = overlay.row(&key::read_cursor::encode(chat, user))?;
    Ok(cursor.map_or(0, |cursor| cursor.read_to))
}

/// How far the members other than `user` have got: the head where there are none, 0 in chats too large for pending rows.
pub(super) fn marks_of_others(
    overlay: &mut Overlay<'_>,
    chat: ChatId,
    head: &Head,
    user: UserId,
) -> Result<Marks, Halt> {
    let last = head.last_seq();
    if head.fan_out == FanOut::CompareHeads {
        return Ok(Marks {
            delivered_to: 0,
            read_to: 0,
        });
    }
    let mut marks = Marks {
        delivered_to: last,
        read_to: last,
    };
    for other in parties(overlay, chat, head)? {
        if other.user != user {
            marks.delivered_to = marks.delivered_to.min(other.delivered_to(last));
            marks.read_to = marks.read_to.min(read_to(overlay, chat, head, other.user)?);
        }
    }
    Ok(marks)
}
