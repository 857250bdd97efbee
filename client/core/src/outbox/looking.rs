//! Looking into the log for own messages by their ids: after `SequenceReused`, and before a refusal is reported.
//!
//! The log is read from the lowest floor to a head not older than the answer. What is found is stored; what may be in a
//! stretch that is gone is undetermined; refusals are reported; the rest is numbered from `expected` and sent one at a time.

use ringpost_wire::{ChatId, EmptyReason, ErrorCode, MessageId, MessageView, Page, Seq};

use super::answers::uses_no_number;
use super::lanes::Look;
use crate::effect::Effect;
use crate::machine::Machine;
use crate::record::Record;

/// What became of a message in the outbox, by a look into the log.
enum Fate {
    Stored(Seq, u64),
    Undetermined,
    Refused(ErrorCode, u32),
    Unsent,
}

impl Machine {
    /// Begins a look if one is due. Before messages are numbered again, every transmission must be answered: an answer
    /// names a number only.
    pub(crate) fn begin_look(&mut self, chat: ChatId) {
        let floors = self.state.outbox(chat).map(|entry| entry.floor);
        let floor = floors.min().unwrap_or(0);
        let lane = self.lanes.lane_mut(chat);
        let is_due = lane.will_renumber() || !lane.refused.is_empty();
        if lane.look.is_some() || !is_due || (lane.will_renumber() && !lane.is_drained()) {
            return;
        }
        let unused = lane.unused.take();
        lane.look = Some(Look {
            expected: lane.reused.take().or(unused),
            refused: core::mem::take(&mut lane.refused),
            first: floor + 1,
            next: floor + 1,
            ..Look::default()
        });
        self.reader.look(chat);
    }

    /// Where the look into `chat` goes on; `None` when there is none.
    pub(crate) fn look_from(&self, chat: ChatId) -> Option<Seq> {
        let look = self.lanes.lane(chat)?.look.as_ref()?;
        Some(look.next)
    }

    /// A message of this very device came in a page or by push. Answers whether it is in the outbox.
    pub(crate) fn own_message_seen(&mut self, message: &MessageView<'_>) -> bool {
        let (chat, id) = (message.chat(), message.message_id());
        let mut outbox = self.state.outbox(chat);
        if !outbox.any(|entry| entry.message_id == id) {
            return false;
        }
        if let Some(look) = &mut self.lanes.lane_mut(chat).look {
            look.found.insert(id, (message.seq(), message.time_ms()));
        }
        true
    }

    /// A page of the look is read.
    pub(crate) fn looked(&mut self, page: &Page) {
        let Some(look) = &mut self.lanes.lane_mut(page.chat).look else {
            return;
        };
        for range in &page.empty {
            // Before the first number that it may see a device was not there, and sent nothing.
            let is_before_all = range.reason == EmptyReason::NotVisible && range.from <= look.first;
            if is_before_all {
                continue;
            }
            // A device has no part of its own sliced messages, and a deleted one keeps its place: neither says "not stored".
            let (EmptyReason::NotVisible
            | EmptyReason::NoSlice
            | EmptyReason::Deleted
            | EmptyReason::Trimmed) = range.reason;
            look.gone_to = look.gone_to.max(range.to);
        }
        look.next = page.to + 1;
        if page.complete {
            self.finish_look(page.chat);
        } else {
            self.reader.look(page.chat);
        }
    }

    /// The log cannot be read. Without a chat nothing can be stored in it; otherwise all of it counts as gone.
    pub(crate) fn look_failed(&mut self, chat: ChatId, code: ErrorCode) {
        if let Some(look) = &mut self.lanes.lane_mut(chat).look {
            if code != ErrorCode::UnknownChat || cfg!(planted = "no_chat_taken_as_gone") {
                look.gone_to = Seq::MAX;
            }
            self.finish_look(chat);
        }
    }

    fn finish_look(&mut self, chat: ChatId) {
        self.reader.look_is_over(chat);
        let Some(look) = self.lanes.lane_mut(chat).look.take() else {
            return;
        };
        let fates: Vec<(u64, MessageId, Fate)> = self
            .state
            .outbox(chat)
            .map(|entry| {
                let is_doubtful = self
                    .lanes
                    .lane(chat)
                    .is_some_and(|lane| lane.flight(entry.client_seq).is_doubtful);
                let may_be_gone = is_doubtful && look.gone_to > entry.floor;
                let fate = fate(&look, entry.client_seq, entry.message_id, may_be_gone);
                (entry.client_seq, entry.message_id, fate)
            })
            .collect();
        let mut unused = Vec::new();
        for (client_seq, message_id, fate) in fates {
            if matches!(fate, Fate::Refused(code, _) if uses_no_number(code)) {
                unused.push(client_seq);
            }
            self.carry_out(chat, client_seq, message_id, fate);
        }
        // From the last to the first, so that the numbers before stay as they are.
        for client_seq in unused.into_iter().rev() {
            self.withdraw(chat, client_seq);
        }
        if let Some(expected) = look.expected {
            self.renumber(chat, expected);
        }
        self.lanes.make_ready(chat);
    }

    fn carry_out(&mut self, chat: ChatId, client_seq: u64, message_id: MessageId, fate: Fate) {
        match fate {
            Fate::Unsent => return,
            Fate::Stored(seq, time_ms) => {
                self.stored(chat, message_id, client_seq, (seq, time_ms));
                return;
            }
            Fate::Undetermined => {
                self.effects
                    .push_back(Effect::Undetermined { chat, message_id });
            }
            Fate::Refused(code, device_epoch) => {
                self.effects.push_back(Effect::Refused {
                    chat,
                    message_id,
                    code,
                    device_epoch,
                });
                if uses_no_number(code) {
                    return;
                }
            }
        }
        self.settle(chat, client_seq, 0);
    }

    /// Takes a message out of the outbox whose number was not used: one record, so that no crash leaves a hole.
    fn withdraw(&mut self, chat: ChatId, client_seq: u64) {
        self.persist(Record::Withdrawn { chat, client_seq });
        self.lanes.lane_mut(chat).withdraw(client_seq);
    }

    /// Numbers the outbox from `first`; one message at a time until past the last of them and the highest number used.
    pub(crate) fn renumber(&mut self, chat: ChatId, first: u64) {
        let Some(state) = self.state.chat(chat) else {
            return;
        };
        let last = first.saturating_add(state.outbox().len() as u64) - 1;
        let careful_to = last.max(state.highest_client_seq());
        let old: Vec<u64> = state
            .outbox()
            .iter()
            .map(|entry| entry.client_seq)
            .collect();
        let lane = self.lanes.lane_mut(chat);
        let flights: Vec<_> = old
            .iter()
            .map(|client_seq| lane.flights.remove(client_seq))
            .collect();
        for (flight, client_seq) in flights.into_iter().flatten().zip(first..) {
            let flight = super::lanes::Flight {
                is_due: true,
                ..flight
            };
            lane.flights.insert(client_seq, flight);
        }
        self.lanes.expects(chat, first);
        self.persist(Record::Renumbered {
            chat,
            first,
            careful_to,
        });
    }
}

fn fate(look: &Look, client_seq: u64, message_id: MessageId, may_be_gone: bool) -> Fate {
    let refusal = look.refused.get(&client_seq);
    if refusal.is_none() && look.expected.is_none() {
        return Fate::Unsent;
    }
    if let Some((seq, time_ms)) = look.found.get(&message_id) {
        return Fate::Stored(*seq, *time_ms);
    }
    match refusal {
        _ if may_be_gone => Fate::Undetermined,
        Some(refusal) => Fate::Refused(refusal.code, refusal.device_epoch),
        None => Fate::Unsent,
    }
}
