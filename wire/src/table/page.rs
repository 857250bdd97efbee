//! Reading a stretch of a chat's log: the request, and the frame that ends its answer.
//!
//! The messages come as `Deliver` frames before the `Page`; every number of `from..=to` is either one of them or inside
//! one of the `empty` ranges.

use super::codec::{encode, id, root};
use crate::frame::{FrameError, FrameKind, seq, seq_of_message};
use crate::generated::ringpost::wire as generated;
use crate::limits::{PAGE_BYTES_MAX, PAGE_EMPTY_RANGES_MAX, PAGE_MESSAGES_MAX};
use crate::{ChatId, Seq};

/// Read a stretch of a chat's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadPage {
    /// Number of the request.
    pub request: u32,
    /// The chat.
    pub chat: ChatId,
    /// First number wanted; 1 or more.
    pub from: Seq,
    /// Most messages in the answer. 1 to 512.
    pub messages_max: u16,
    /// Most bytes of messages in the answer; at least one message is given however long. 1 to 262,144.
    pub bytes_max: u32,
}

/// Why a number has no content for this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum EmptyReason {
    /// Outside the intervals in which the user is a member, or from before the device was there.
    NotVisible = 1,
    /// The message has slices and none is for this device.
    NoSlice = 2,
    /// It was deleted for all.
    Deleted = 3,
    /// All devices had it and it was removed, or its time was over.
    Trimmed = 4,
}

/// Numbers without content for this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmptyRange {
    /// First number.
    pub from: Seq,
    /// Last number.
    pub to: Seq,
    /// Why.
    pub reason: EmptyReason,
}

/// End of the answer to `ReadPage`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Number of the request.
    pub request: u32,
    /// The chat.
    pub chat: ChatId,
    /// First number covered, as asked.
    pub from: Seq,
    /// Last number covered; `from - 1` when there is nothing from there on.
    pub to: Seq,
    /// The first number whose content may still be there.
    pub first_available: Seq,
    /// The page reaches the head.
    pub complete: bool,
    /// The chat's last message.
    pub head: Seq,
    /// How far the other members have received, the least of them.
    pub delivered_to: Seq,
    /// How far the other members have read, the least of them.
    pub read_to: Seq,
    /// Numbers without content, ascending and disjoint.
    pub empty: Vec<EmptyRange>,
}

impl ReadPage {
    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode(FrameKind::ReadPage, out, |builder| {
            let args = generated::ReadPageArgs {
                request: self.request,
                chat: Some(&id(self.chat.0)),
                from: self.from,
                messages_max: self.messages_max,
                bytes_max: self.bytes_max,
            };
            generated::ReadPage::create(builder, &args)
        });
    }

    pub(crate) fn decode(frame: &[u8]) -> Result<Self, FrameError> {
        let table = root::<generated::ReadPage<'_>>(frame, FrameKind::ReadPage)?;
        let page = Self {
            request: table.request(),
            chat: ChatId(table.chat().0),
            from: seq_of_message(table.from(), "from")?,
            messages_max: table.messages_max(),
            bytes_max: table.bytes_max(),
        };
        let messages_in_range = (1..=PAGE_MESSAGES_MAX).contains(&usize::from(page.messages_max));
        let bytes_in_range = (1..=PAGE_BYTES_MAX).contains(&(page.bytes_max as usize));
        if !messages_in_range || !bytes_in_range {
            return Err(FrameError::Malformed {
                what: "messages_max or bytes_max",
            });
        }
        Ok(page)
    }
}

impl EmptyReason {
    fn from_wire(reason: u8) -> Result<Self, FrameError> {
        match reason {
            1 => Ok(Self::NotVisible),
            2 => Ok(Self::NoSlice),
            3 => Ok(Self::Deleted),
            4 => Ok(Self::Trimmed),
            _ => Err(FrameError::Malformed { what: "reason" }),
        }
    }
}

impl EmptyRange {
    fn of_generated(range: &generated::EmptyRange) -> Result<Self, FrameError> {
        Ok(Self {
            from: range.from(),
            to: range.to(),
            reason: EmptyReason::from_wire(range.reason())?,
        })
    }
}

impl Page {
    /// Appends the frame. Panics over `PAGE_EMPTY_RANGES_MAX` ranges.
    pub fn encode(&self, out: &mut Vec<u8>) {
        assert!(
            self.empty.len() <= PAGE_EMPTY_RANGES_MAX,
            "the page is cut by its maker"
        );
        encode(FrameKind::Page, out, |builder| {
            let empty: Vec<_> = self
                .empty
                .iter()
                .map(|range| generated::EmptyRange::new(range.from, range.to, range.reason as u8))
                .collect();
            let args = generated::PageArgs {
                request: self.request,
                chat: Some(&id(self.chat.0)),
                from: self.from,
                to: self.to,
                first_available: self.first_available,
                complete: self.complete,
                head: self.head,
                delivered_to: self.delivered_to,
                read_to: self.read_to,
                empty: Some(builder.create_vector(&empty)),
            };
            generated::Page::create(builder, &args)
        });
    }

    pub(crate) fn decode(frame: &[u8]) -> Result<Self, FrameError> {
        let table = root::<generated::Page<'_>>(frame, FrameKind::Page)?;
        let from = seq_of_message(table.from(), "from")?;
        let to = seq(table.to(), "to")?;
        if to < from - 1 {
            return Err(FrameError::Malformed { what: "to" });
        }
        let ranges = table.empty().unwrap_or_default();
        if ranges.len() > PAGE_EMPTY_RANGES_MAX {
            return Err(FrameError::Malformed { what: "empty" });
        }
        let mut empty = Vec::with_capacity(ranges.len());
        let mut next = from;
        for range in ranges {
            let range = EmptyRange::of_generated(range)?;
            if range.from < next || range.to < range.from || range.to > to {
                return Err(FrameError::Malformed { what: "empty" });
            }
            next = range.to + 1;
            empty.push(range);
        }
        Ok(Self {
            request: table.request(),
            chat: ChatId(table.chat().0),
            from,
            to,
            first_available: seq(table.first_available(), "first_available")?,
            complete: table.complete(),
            head: seq(table.head(), "head")?,
            delivered_to: seq(table.delivered_to(), "delivered_to")?,
            read_to: seq(table.read_to(), "read_to")?,
            empty,
        })
    }
}
