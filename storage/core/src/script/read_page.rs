//! `ReadPage`: a stretch of a chat's log as one device may see it.
//!
//! Every number of `from..=to` is a message of the page or inside one of its empty ranges, in order.

use ringpost_wire::limits::{PAGE_BYTES_MAX, PAGE_EMPTY_RANGES_MAX, PAGE_MESSAGES_MAX};
use ringpost_wire::{
    ChatId, DeviceAddress, DeviceId, EmptyRange, EmptyReason, ErrorCode, MessageView, Seq,
};

use super::chat::{self, Marks};
use crate::Outcome;
use crate::key;
use crate::outcome::PageRead;
use crate::overlay::{DamagedRow, Halt, Overlay};
use crate::row::{Head, Interval, Member};
use crate::store::Row;

/// What the reader asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) from: Seq,
    pub(super) messages_max: u16,
    pub(super) bytes_max: u32,
}

impl Wanted {
    pub(super) fn new(from: Seq, messages_max: u16, bytes_max: u32) -> Self {
        Self {
            from,
            messages_max,
            bytes_max,
        }
    }
}

pub(super) fn decide(
    overlay: &mut Overlay<'_>,
    chat: ChatId,
    device: DeviceAddress,
    wanted: Wanted,
) -> Result<Outcome, Halt> {
    if wanted.from == 0 || wanted.messages_max == 0 {
        return Ok(Outcome::Failed(ErrorCode::InvalidRequest));
    }
    let Some(head) = chat::head(overlay, chat)? else {
        return Ok(Outcome::Failed(ErrorCode::UnknownChat));
    };
    let member: Option<Member> = overlay.row(&key::member::encode(chat, device.user))?;
    let is_member = member.is_some();
    let Some(member) = member.and_then(|member| as_seen_by(member, device.device)) else {
        return Ok(Outcome::Failed(chat::no_access(is_member)));
    };
    if !member.rights.read {
        return Ok(Outcome::Failed(ErrorCode::NoRight));
    }
    let mut page = Page {
        chat,
        device,
        // Planted: the first message is skipped.
        to: wanted.from - u64::from(!cfg!(planted = "page_begins_late")),
        messages: Vec::new(),
        empty: Vec::new(),
    };
    let marks = chat::marks_of_others(overlay, chat, &head, device.user);
    page.fill(overlay, &head, &member, wanted)?;
    Ok(Outcome::Page(page.finish(&head, &member, wanted, marks?)))
}

/// The member with what one of its devices may see: nothing from before it was there.
fn as_seen_by(mut member: Member, device: DeviceId) -> Option<Member> {
    let entry = member.devices.iter().find(|entry| entry.device == device)?;
    let start = entry.start;
    member.visible.retain(|interval| interval.to >= start);
    for interval in &mut member.visible {
        interval.from = interval.from.max(start);
    }
    Some(member)
}

/// What holds from a number on.
enum Stretch {
    /// No content, up to this number.
    Empty { to: Seq, reason: EmptyReason },
    /// Messages, up to this number.
    Messages { to: Seq },
}

/// What holds from `seq` on, `seq` being at most the chat's last.
fn stretch(head: &Head, member: &Member, seq: Seq) -> Stretch {
    let last = head.last_seq();
    let interval = member.visible.iter().find(|interval| interval.to >= seq);
    match interval {
        Some(interval) if interval.from <= seq && seq <= head.trimmed_to => Stretch::Empty {
            to: interval.to.min(head.trimmed_to),
            reason: EmptyReason::Trimmed,
        },
        Some(interval) if interval.from <= seq => Stretch::Messages {
            to: interval.to.min(last),
        },
        Some(interval) => Stretch::Empty {
            to: last.min(interval.from - 1),
            reason: EmptyReason::NotVisible,
        },
        None => Stretch::Empty {
            to: last,
            reason: EmptyReason::NotVisible,
        },
    }
}

/// The first number that the member sees and that is not trimmed; the one after the head when there is none.
fn first_available(head: &Head, member: &Member) -> Seq {
    let kept_from = head.trimmed_to + 1;
    let first = |interval: &Interval| interval.from.max(kept_from);
    let interval = member.visible.iter().find(|it| it.to >= kept_from);
    interval.map_or(head.next_seq, first).min(head.next_seq)
}

/// A page being filled; everything up to `to` is covered.
struct Page {
    chat: ChatId,
    device: DeviceAddress,
    to: Seq,
    messages: Vec<bytes::Bytes>,
    empty: Vec<EmptyRange>,
}

impl Page {
    /// Covers numbers until the head or a limit. Messages without a part for the reader count as read: a page is bounded
    /// by what it reads.
    fn fill(
        &mut self,
        overlay: &mut Overlay<'_>,
        head: &Head,
        member: &Member,
        wanted: Wanted,
    ) -> Result<(), Halt> {
        let mut rows_left = u32::from(wanted.messages_max).min(PAGE_MESSAGES_MAX as u32);
        let mut bytes_left = wanted.bytes_max.min(PAGE_BYTES_MAX as u32);
        let mut is_first = true;
        while self.to < head.last_seq() && self.empty.len() < PAGE_EMPTY_RANGES_MAX {
            let to = match stretch(head, member, self.to + 1) {
                Stretch::Empty { to, reason } => {
                    self.add_empty(to, reason);
                    continue;
                }
                Stretch::Messages { to } => to,
            };
            if rows_left == 0 {
                break;
            }
            let range = key::message::range(self.chat, self.to + 1, to);
            let rows = overlay.range(&range, rows_left, bytes_left)?;
            for row in &rows.rows {
                let bytes = row.value.len() as u32;
                // A single message is given however long; a further stretch may not pass the limit with its first one.
                if (bytes > bytes_left && !is_first) || self.empty.len() >= PAGE_EMPTY_RANGES_MAX {
                    return Ok(());
                }
                self.add(row)?;
                is_first = false;
                rows_left -= 1;
                bytes_left = bytes_left.saturating_sub(bytes);
            }
            if rows.more {
                break;
            }
            if self.to < to {
                return Err(self.hole().into());
            }
        }
        Ok(())
    }

    fn add_empty(&mut self, to: Seq, reason: EmptyReason) {
        let from = self.to + 1;
        self.to = to;
        match self.empty.last_mut() {
            Some(last) if last.reason == reason && last.to + 1 == from => last.to = to,
            _ => self.empty.push(EmptyRange { from, to, reason }),
        }
    }

    /// Adds the message of the next number.
    fn add(&mut self, row: &Row) -> Result<(), Halt> {
        let seq = self.to + 1;
        if row.key != key::message::encode(self.chat, seq) {
            return Err(self.hole().into());
        }
        let message = MessageView::of_deliver(&row.value).map_err(|_| DamagedRow {
            key: row.key,
            what: "message",
        })?;
        if message.slice_count() > 0 && message.slice_for(self.device).is_none() {
            self.add_empty(seq, EmptyReason::NoSlice);
        } else {
            self.messages.push(row.value.clone());
            self.to = seq;
        }
        Ok(())
    }

    /// A number between the trimmed ones and the head has no message: the store has lost it.
    fn hole(&self) -> DamagedRow {
        DamagedRow {
            key: key::message::encode(self.chat, self.to + 1),
            what: "missing message",
        }
    }

    fn finish(self, head: &Head, member: &Member, wanted: Wanted, marks: Marks) -> PageRead {
        #[cfg(planted = "page_off_by_one")] // The last message of a page is covered and not given.
        let messages = self.messages[..self.messages.len().saturating_sub(1)].to_vec();
        #[cfg(not(planted = "page_off_by_one"))]
        let messages = self.messages;
        PageRead {
            chat: self.chat,
            from: wanted.from,
            to: self.to,
            first_available: first_available(head, member),
            // Planted: a page that ends before the last message says that it is complete.
            complete: self.to + u64::from(cfg!(planted = "page_ends_early")) >= head.last_seq(),
            head: head.last_seq(),
            delivered_to: marks.delivered_to,
            read_to: marks.read_to,
            messages,
            empty: self.empty,
        }
    }
}
