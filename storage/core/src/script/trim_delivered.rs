//! Removing messages: those that every device of every member has, and any stretch at the log's beginning.

use ringpost_wire::{ChatId, Seq};

use super::chat::Party;
use crate::key;
use crate::limits::TRIM_SINGLES_MAX;
use crate::overlay::Overlay;
use crate::row::{FanOut, Head};
use crate::{Retention, Rules};

/// Whether messages go as soon as they are delivered.
pub(super) fn applies(head: &Head, rules: &Rules) -> bool {
    rules.retention == Retention::UntilDelivered && head.fan_out == FanOut::PendingRows
}

/// The last message that every device of `parties` has.
pub(super) fn delivered_to_all(head: &Head, parties: &[Party]) -> Seq {
    #[cfg(planted = "trim_past_active")] // What some device still has to get is removed.
    return head.last_seq();
    #[cfg(not(planted = "trim_past_active"))]
    {
        let last = head.last_seq();
        let next = parties.iter().map(|party| party.least_next(last)).min();
        // Planted: the first message that somebody has not got is removed too.
        let kept = u64::from(!cfg!(planted = "trim_off_by_one"));
        (next.unwrap_or(last + 1) - kept).min(last)
    }
}

/// Removes the messages that every device of `parties` has. Answers whether `head` changed, which the caller writes.
pub(super) fn trim(
    overlay: &mut Overlay<'_>,
    chat: ChatId,
    head: &mut Head,
    parties: &[Party],
) -> bool {
    let to = delivered_to_all(head, parties);
    let has_some = to > head.trimmed_to;
    remove_to(overlay, chat, head, to);
    has_some
}

/// Removes the messages up to `to`, which must not be behind the chat's last. Changes `head`, which the caller writes.
pub(super) fn remove_to(overlay: &mut Overlay<'_>, chat: ChatId, head: &mut Head, to: Seq) {
    assert!(to <= head.last_seq(), "only what is there is removed");
    if to <= head.trimmed_to {
        return;
    }
    let from = head.trimmed_to + 1;
    if to - from < TRIM_SINGLES_MAX {
        for seq in from..=to {
            overlay.clear(key::message::encode(chat, seq));
        }
    } else {
        overlay.clear_dense_range(key::message::range(chat, from, to));
    }
    head.trimmed_to = to;
}
