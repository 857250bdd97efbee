//! `Append`: a send gets its place in its chat, or the answer that it had before.
//!
//! The window is asked before rights and epochs. A refusal uses the number up and is kept in the window, but for senders
//! whose number the chat does not keep: no chat, or no member's device and no window from earlier. Nothing is stored for
//! strangers, and any number of theirs is answered alike.

use bytes::Bytes;
use ringpost_wire::limits::CLOCK_MS_MAX;
use ringpost_wire::{
    ChatId, DeviceAddress, ErrorCode, MessageView, Seq, Stamp, digest, stamp_in_place,
};

use super::chat::{self, Party};
use super::senders::{self, Taken};
use super::trim_delivered;
use crate::key;
use crate::limits::WINDOW_RESULTS_MAX;
use crate::outcome::{AppendRefused, Appended, Delivery};
use crate::overlay::{Halt, Overlay};
use crate::row::{FanOut, Head, Lagging, Member};
use crate::sequencer::{Asked, Kept, SendResult, Window};
use crate::{Outcome, Rules};

/// A send on its way through the script.
struct Send<'a> {
    chat: ChatId,
    sender: DeviceAddress,
    message: MessageView<'a>,
    digest: u64,
    now_ms: u64,
}

pub(super) fn decide(
    overlay: &mut Overlay<'_>,
    sender: DeviceAddress,
    frame: &Bytes,
    now_ms: u64,
    rules: &Rules,
) -> Result<Outcome, Halt> {
    let Ok(message) = MessageView::of_send(frame) else {
        return Ok(Outcome::Failed(ErrorCode::MalformedFrame));
    };
    let send = Send {
        chat: message.chat(),
        sender,
        message,
        digest: digest(&message),
        now_ms,
    };
    let Some(mut head) = chat::head(overlay, send.chat)? else {
        return Ok(send.refused(ErrorCode::UnknownChat, 0));
    };
    let taken = senders::take(overlay, send.chat, &mut head, sender)?;
    let member: Option<Member> = overlay.row(&key::member::encode(send.chat, sender.user))?;
    let is_known = member
        .as_ref()
        .is_some_and(|member| member.has_device(sender.device));
    if !is_known && taken.window.is_none() {
        return Ok(send.refused(chat::no_access(member.is_some()), 0));
    }
    match ask(&taken, &send) {
        Asked::Same { client_seq, result } => Ok(send.answer(client_seq, result, None)),
        Asked::Reused { expected } => Ok(send.misnumbered(ErrorCode::SequenceReused, expected)),
        Asked::Gap { expected } => Ok(send.misnumbered(ErrorCode::Gap, expected)),
        Asked::New { client_seq } => {
            let member = member.filter(|_| is_known);
            match refusal(member.as_ref(), &head, &send.message) {
                Some(code) => Ok(refuse(overlay, &send, head, taken, (client_seq, code))),
                None => store(overlay, &send, head, taken, (client_seq, rules)),
            }
        }
    }
}

fn ask(taken: &Taken, send: &Send<'_>) -> Asked {
    #[cfg(planted = "window_ignored")] // A repeat is stored again.
    return Asked::New {
        client_seq: taken.window.as_ref().map_or(0, Window::last) + 1,
    };
    #[cfg(not(planted = "window_ignored"))]
    match &taken.window {
        Some(window) => window.ask(send.message.client_seq(), send.digest),
        None => Window::default().ask(send.message.client_seq(), send.digest),
    }
}

/// Why a new message is not stored.
fn refusal(member: Option<&Member>, head: &Head, message: &MessageView<'_>) -> Option<ErrorCode> {
    let Some(member) = member else {
        return Some(ErrorCode::NotMember);
    };
    if !member.rights.write {
        return Some(ErrorCode::NoRight);
    }
    let epoch = message.device_epoch();
    (epoch != 0 && epoch != head.device_epoch).then_some(ErrorCode::DevicesChanged)
}

fn refuse(
    overlay: &mut Overlay<'_>,
    send: &Send<'_>,
    mut head: Head,
    taken: Taken,
    (client_seq, code): (u64, ErrorCode),
) -> Outcome {
    let device_epoch = match code {
        ErrorCode::DevicesChanged => head.device_epoch,
        _ => 0,
    };
    let result = SendResult::Refused { code, device_epoch };
    record(overlay, send, &mut head, taken, (client_seq, result));
    overlay.set(key::head::encode(send.chat), &head);
    send.answer(client_seq, result, None)
}

fn store(
    overlay: &mut Overlay<'_>,
    send: &Send<'_>,
    mut head: Head,
    taken: Taken,
    (client_seq, rules): (u64, &Rules),
) -> Result<Outcome, Halt> {
    let mut parties = chat::parties(overlay, send.chat, &head)?;
    let earliest_ms = if cfg!(planted = "time_runs_back") {
        0
    } else {
        head.last_time_ms
    };
    let stamp = Stamp {
        sender: send.sender,
        seq: head.next_seq,
        time_ms: send.now_ms.min(CLOCK_MS_MAX).max(earliest_ms),
        client_seq,
    };
    let frame = stamped(overlay, send, &stamp);
    overlay.insert_bytes(key::message::encode(send.chat, stamp.seq), frame.clone());
    let result = SendResult::Stored {
        seq: stamp.seq,
        time_ms: stamp.time_ms,
    };
    head.next_seq += 1;
    head.last_time_ms = stamp.time_ms;
    record(overlay, send, &mut head, taken, (client_seq, result));
    let mut delivery = Delivery {
        frame,
        members: Vec::with_capacity(parties.len()),
        became_pending: Vec::new(),
    };
    for party in &mut parties {
        deliver(overlay, send, &head, party, &mut delivery);
    }
    if trim_delivered::applies(&head, rules) {
        let to = trim_delivered::delivered_to_all(&head, &parties);
        trim_delivered::remove_to(overlay, send.chat, &mut head, to);
    }
    overlay.set(key::head::encode(send.chat), &head);
    Ok(send.answer(client_seq, result, Some(delivery)))
}

fn stamped(overlay: &mut Overlay<'_>, send: &Send<'_>, stamp: &Stamp) -> Bytes {
    let frame = send.message.frame();
    overlay.write_bytes_of(frame.len(), |out| {
        out.extend_from_slice(frame);
        stamp_in_place(out, stamp);
    })
}

/// Notes a number's result in the sender's window.
fn record(
    overlay: &mut Overlay<'_>,
    send: &Send<'_>,
    head: &mut Head,
    mut taken: Taken,
    (client_seq, result): (u64, SendResult),
) {
    let kept = Kept {
        digest: send.digest,
        result,
    };
    let kept_max = match send.message.client_seq() {
        // Such a sender cannot tell what it has no answer to.
        0 => WINDOW_RESULTS_MAX,
        _ => usize::from(send.message.unanswered()) + 1,
    };
    let window = taken.window.get_or_insert_default();
    window.record(client_seq, kept, kept_max);
    senders::put(overlay, send.chat, head, send.sender, taken);
}

/// Makes `party` a recipient of the message just numbered, when it may see it: its devices fall behind, but the sending one.
fn deliver(
    overlay: &mut Overlay<'_>,
    send: &Send<'_>,
    head: &Head,
    party: &mut Party,
    delivery: &mut Delivery,
) {
    let is_sender = party.user == send.sender.user;
    let is_blocked = party.member.blocks_others && !is_sender;
    if !party.member.sees(head.last_seq()) || is_blocked {
        return;
    }
    if !is_sender || party.member.devices.len() > 1 {
        delivery.members.push(party.user);
    }
    if head.fan_out == FanOut::CompareHeads {
        return;
    }
    let was_pending = party.pending.is_some();
    if fall_behind(party, send.sender, head.last_seq()) {
        let key = key::pending::encode(party.user, send.chat);
        write_pending(overlay, key, party, was_pending);
        if !was_pending {
            delivery.became_pending.push(party.user);
        }
    }
}

fn write_pending(
    overlay: &mut Overlay<'_>,
    key: crate::store::Key,
    party: &Party,
    was_pending: bool,
) {
    #[cfg(planted = "pending_not_written")] // Who is not connected never learns of the message.
    return;
    #[cfg(not(planted = "pending_not_written"))]
    match &party.pending {
        Some(pending) if was_pending => overlay.set(key, pending),
        Some(pending) => overlay.insert(key, pending),
        None => {}
    }
}

/// Notes `seq` as the next of every device that had everything, but of the sending one. Answers whether there was one.
fn fall_behind(party: &mut Party, sender: DeviceAddress, seq: Seq) -> bool {
    let mut lagging = party.pending.take().unwrap_or_default().lagging;
    let count_before = lagging.len();
    for entry in &party.member.devices {
        let device = entry.device;
        let is_sending = (party.user, device) == (sender.user, sender.device);
        let place = lagging.binary_search_by_key(&device, |lagging| lagging.device);
        if let (false, Err(place)) = (is_sending, place) {
            lagging.insert(place, Lagging { device, next: seq });
        }
    }
    let is_changed = lagging.len() > count_before;
    party.pending = (!lagging.is_empty()).then_some(crate::row::Pending { lagging });
    is_changed
}

impl Send<'_> {
    fn answer(&self, client_seq: u64, result: SendResult, delivery: Option<Delivery>) -> Outcome {
        match result {
            SendResult::Stored { seq, time_ms } => Outcome::Appended(Appended {
                chat: self.chat,
                client_seq,
                sent_as: self.message.client_seq(),
                seq,
                time_ms,
                delivery,
            }),
            SendResult::Refused { code, device_epoch } => self.refused(code, device_epoch),
        }
    }

    fn refused(&self, code: ErrorCode, device_epoch: u32) -> Outcome {
        Outcome::AppendRefused(AppendRefused {
            chat: self.chat,
            sent_as: self.message.client_seq(),
            code,
            expected: 0,
            device_epoch,
        })
    }

    fn misnumbered(&self, code: ErrorCode, expected: u64) -> Outcome {
        Outcome::AppendRefused(AppendRefused {
            chat: self.chat,
            sent_as: self.message.client_seq(),
            code,
            expected,
            device_epoch: 0,
        })
    }
}
