//! `Trim`: removes the messages whose time is over, a bounded number, and none that an active device has not got.

use ringpost_wire::{ChatId, ErrorCode, MessageView, Seq};

use super::{chat, trim_delivered};
use crate::key;
use crate::limits::{BATCH_BYTES_AIM, DAY_MS, TRIM_MESSAGES_MAX};
use crate::overlay::{DamagedRow, Halt, Overlay};
use crate::row::{FanOut, Head};
use crate::store::{Row, Rows};
use crate::{Outcome, Retention, Rules};

pub(super) fn decide(
    overlay: &mut Overlay<'_>,
    chat: ChatId,
    now_ms: u64,
    rules: &Rules,
) -> Result<Outcome, Halt> {
    let Some(mut head) = chat::head(overlay, chat)? else {
        return Ok(Outcome::Failed(ErrorCode::UnknownChat));
    };
    let bound = match head.fan_out {
        FanOut::PendingRows => {
            let parties = chat::parties(overlay, chat, &head)?;
            trim_delivered::delivered_to_all(&head, &parties)
        }
        // Such a chat does not know who has what; its members find `trimmed` in their pages.
        FanOut::CompareHeads => head.last_seq(),
    };
    let (to, more) = match rules.retention {
        Retention::UntilDelivered => {
            let to = bound.min(head.trimmed_to + TRIM_MESSAGES_MAX as u64);
            (to, to < bound)
        }
        Retention::Days(days) => {
            let oldest_ms = now_ms.saturating_sub(u64::from(days) * DAY_MS);
            older_than(overlay, chat, &head, (bound, oldest_ms))?
        }
    };
    let removed = to.saturating_sub(head.trimmed_to);
    if removed > 0 {
        trim_delivered::remove_to(overlay, chat, &mut head, to);
        overlay.set(key::head::encode(chat), &head);
    }
    Ok(Outcome::Trimmed { removed, more })
}

/// The last of the first messages up to `bound` that are older than `oldest_ms`, as far as one read tells; whether there
/// may be further ones.
fn older_than(
    overlay: &mut Overlay<'_>,
    chat: ChatId,
    head: &Head,
    (bound, oldest_ms): (Seq, u64),
) -> Result<(Seq, bool), Halt> {
    let range = key::message::range(chat, head.trimmed_to + 1, bound);
    let Rows { rows, more } =
        overlay.range(&range, TRIM_MESSAGES_MAX as u32, BATCH_BYTES_AIM as u32)?;
    let mut to = head.trimmed_to;
    for row in &rows {
        let (seq, time_ms) = number_and_time(row)?;
        if time_ms >= oldest_ms {
            return Ok((to, false));
        }
        to = seq;
    }
    Ok((to, more))
}

fn number_and_time(row: &Row) -> Result<(Seq, u64), DamagedRow> {
    let message = MessageView::of_deliver(&row.value).map_err(|_| DamagedRow {
        key: row.key,
        what: "message",
    })?;
    Ok((message.seq(), message.time_ms()))
}
