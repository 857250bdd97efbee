//! Which chats hold messages for a device: the question and its answer, newest first within each answer.

use super::codec::{encode, root};
use crate::frame::{FrameError, FrameKind, seq, seq_of_message};
use crate::generated::ringpost::wire as generated;
use crate::limits::{CURSOR_BYTES_MAX, PENDING_CHATS_MAX};
use crate::{ChatId, Seq};

/// Which chats hold messages for this device, or: which chats are there?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListPending<'a> {
    /// Number of the request.
    pub request: u32,
    /// `next` of the answer before; empty to begin.
    pub after: &'a [u8],
    /// Most chats in the answer; the server may send fewer. 1 to 512.
    pub chats_max: u16,
    /// Every chat that delivers to this device is listed, also those that hold nothing for it: for a state that was set back.
    pub all: bool,
}

/// A chat with messages for this device, or, where all are asked for, any chat of its.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingChat {
    /// The chat.
    pub chat: ChatId,
    /// The first message that this device has not acknowledged; after `head` when it has acknowledged all.
    pub from: Seq,
    /// The chat's last message.
    pub head: Seq,
    /// How far the other members have received, the least of them.
    pub delivered_to: Seq,
    /// How far the other members have read, the least of them.
    pub read_to: Seq,
    /// Time of the last message, in milliseconds since 1970.
    pub last_time_ms: u64,
}

/// Answer to `ListPending`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingList {
    /// Number of the request.
    pub request: u32,
    /// Chats with messages for this device, or all of its chats, newest first.
    pub chats: Vec<PendingChat>,
    /// Ask again with this as `after`; empty when `complete`.
    pub next: Vec<u8>,
    /// There are no further chats.
    pub complete: bool,
    /// The device has everything: the list is complete and empty, and no delivery was left out since it was begun.
    pub caught_up: bool,
}

fn cursor(cursor: Option<&[u8]>) -> Result<&[u8], FrameError> {
    let cursor = cursor.unwrap_or_default();
    if cursor.len() > CURSOR_BYTES_MAX {
        return Err(FrameError::Malformed { what: "cursor" });
    }
    Ok(cursor)
}

impl<'a> ListPending<'a> {
    /// Appends the frame. The cursor must keep its limit, else the peer refuses the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let after = &self.after[..self.after.len().min(CURSOR_BYTES_MAX + 1)];
        encode(FrameKind::ListPending, out, |builder| {
            let args = generated::ListPendingArgs {
                request: self.request,
                after: Some(builder.create_vector(after)),
                chats_max: self.chats_max,
                all: self.all,
            };
            generated::ListPending::create(builder, &args)
        });
    }

    pub(crate) fn decode(frame: &'a [u8]) -> Result<Self, FrameError> {
        let table = root::<generated::ListPending<'a>>(frame, FrameKind::ListPending)?;
        if table.chats_max() == 0 || usize::from(table.chats_max()) > PENDING_CHATS_MAX {
            return Err(FrameError::Malformed { what: "chats_max" });
        }
        Ok(Self {
            request: table.request(),
            after: cursor(table.after().map(|bytes| bytes.bytes()))?,
            chats_max: table.chats_max(),
            all: table.all(),
        })
    }
}

impl PendingChat {
    fn to_generated(self) -> generated::PendingChat {
        generated::PendingChat::new(
            &generated::Id(self.chat.0),
            self.from,
            self.head,
            self.delivered_to,
            self.read_to,
            self.last_time_ms,
        )
    }

    fn of_generated(chat: &generated::PendingChat) -> Result<Self, FrameError> {
        Ok(Self {
            chat: ChatId(chat.chat().0),
            from: seq_of_message(chat.from(), "from")?,
            head: seq(chat.head(), "head")?,
            delivered_to: seq(chat.delivered_to(), "delivered_to")?,
            read_to: seq(chat.read_to(), "read_to")?,
            last_time_ms: chat.last_time_ms(),
        })
    }
}

impl PendingList {
    /// Appends the frame. Panics over `PENDING_CHATS_MAX` chats or `CURSOR_BYTES_MAX` bytes of cursor.
    pub fn encode(&self, out: &mut Vec<u8>) {
        assert!(
            self.chats.len() <= PENDING_CHATS_MAX && self.next.len() <= CURSOR_BYTES_MAX,
            "the list is cut by its maker"
        );
        encode(FrameKind::PendingList, out, |builder| {
            let chats: Vec<_> = self.chats.iter().map(|chat| chat.to_generated()).collect();
            let args = generated::PendingListArgs {
                request: self.request,
                chats: Some(builder.create_vector(&chats)),
                next: Some(builder.create_vector(&self.next)),
                complete: self.complete,
                caught_up: self.caught_up,
            };
            generated::PendingList::create(builder, &args)
        });
    }

    pub(crate) fn decode(frame: &[u8]) -> Result<Self, FrameError> {
        let table = root::<generated::PendingList<'_>>(frame, FrameKind::PendingList)?;
        let next = cursor(table.next().map(|bytes| bytes.bytes()))?.to_vec();
        if table.chats().len() > PENDING_CHATS_MAX || table.complete() != next.is_empty() {
            return Err(FrameError::Malformed {
                what: "chats or next",
            });
        }
        if table.caught_up() && !(table.complete() && table.chats().is_empty()) {
            return Err(FrameError::Malformed { what: "caught_up" });
        }
        Ok(Self {
            request: table.request(),
            chats: table
                .chats()
                .iter()
                .map(PendingChat::of_generated)
                .collect::<Result<_, _>>()?,
            next,
            complete: table.complete(),
            caught_up: table.caught_up(),
        })
    }
}
