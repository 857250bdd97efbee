//! What the machine knows of each chat's sends beside the durable outbox: which are on their way, which are due, which may
//! have been stored by a transmission whose answer was lost.
//!
//! Invariant: a number is counted as waiting exactly as often as it was transmitted on this connection without an answer.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ringpost_wire::{ChatId, ErrorCode, MessageId, Seq};

use crate::machine::Machine;
use crate::state::State;

/// One number of a chat's outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flight {
    /// Transmissions on this connection that are not answered.
    pub(crate) waiting: u32,
    /// To be transmitted, for the first time or again.
    pub(crate) is_due: bool,
    /// A transmission's answer was lost with its connection: the message may be stored.
    pub(crate) is_doubtful: bool,
    /// It was in the outbox when this machine began.
    pub(crate) is_old: bool,
}

impl Flight {
    pub(crate) const NEW: Self = Self {
        waiting: 0,
        is_due: true,
        is_doubtful: false,
        is_old: false,
    };

    const OLD: Self = Self {
        is_doubtful: true,
        is_old: true,
        ..Self::NEW
    };
}

/// A final refusal that is not reported before the log was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    pub(crate) device_epoch: u32,
}

/// A look into the log for own messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Look {
    /// Number from which the messages that are not found are numbered again; `None` if only refusals are checked.
    pub(crate) expected: Option<u64>,
    pub(crate) refused: BTreeMap<u64, Refusal>,
    /// First number of the log that was read.
    pub(crate) first: Seq,
    /// Next number of the log to read.
    pub(crate) next: Seq,
    pub(crate) found: BTreeMap<MessageId, (Seq, u64)>,
    /// The highest number read that holds nothing any more.
    pub(crate) gone_to: Seq,
}

/// The sends of one chat.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lane {
    pub(crate) flights: BTreeMap<u64, Flight>,
    /// Refusals for load in a row.
    pub(crate) load_refusals: u32,
    /// The lowest number refused for load and not answered otherwise since: the server refuses later ones until it comes.
    pub(crate) shed: Option<u64>,
    /// `SequenceReused` was answered: nothing is sent before the log was looked at. The number is the latest `expected`.
    pub(crate) reused: Option<u64>,
    /// The lowest number that was refused for good without being used up: what stays is numbered again from it.
    pub(crate) unused: Option<u64>,
    pub(crate) refused: BTreeMap<u64, Refusal>,
    pub(crate) look: Option<Look>,
    is_ready: bool,
}

impl Lane {
    /// Whether nothing may be transmitted until the log was looked at.
    pub(crate) fn is_halted(&self) -> bool {
        let looks_to_renumber = |look: &Look| look.expected.is_some();
        self.will_renumber() || self.look.as_ref().is_some_and(looks_to_renumber)
    }

    /// Whether the next look ends with new numbers.
    pub(crate) fn will_renumber(&self) -> bool {
        self.reused.is_some() || self.unused.is_some()
    }

    /// Whether numbers may be given again: no answer is missing, and the server waits for none of the old numbers.
    pub(crate) fn is_drained(&self) -> bool {
        self.shed.is_none() && self.flights.values().all(|flight| flight.waiting == 0)
    }

    /// Whether the refusal of this number waits for a look into the log.
    pub(crate) fn is_refused(&self, client_seq: u64) -> bool {
        let looked_for = |look: &Look| look.refused.contains_key(&client_seq);
        self.refused.contains_key(&client_seq) || self.look.as_ref().is_some_and(looked_for)
    }

    pub(crate) fn flight(&self, client_seq: u64) -> Flight {
        self.flights
            .get(&client_seq)
            .copied()
            .unwrap_or(Flight::NEW)
    }

    pub(crate) fn flight_mut(&mut self, client_seq: u64) -> &mut Flight {
        self.flights.entry(client_seq).or_insert(Flight::NEW)
    }

    /// The number is gone, and those after it move down by one. Nothing waits for an answer.
    pub(crate) fn withdraw(&mut self, client_seq: u64) {
        let mut later = self.flights.split_off(&client_seq);
        later.remove(&client_seq);
        let moved = later
            .into_iter()
            .map(|(number, flight)| (number - 1, flight));
        self.flights.extend(moved);
    }

    fn lost_connection(&mut self) {
        for flight in self.flights.values_mut() {
            flight.is_doubtful |= flight.waiting > 0;
            flight.waiting = 0;
            flight.is_due = true;
        }
        self.load_refusals = 0;
        self.shed = None;
        self.reused = None;
        self.unused = None;
        self.refused.clear();
        self.look = None;
    }
}

/// The sends of all chats.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lanes {
    lanes: BTreeMap<ChatId, Lane>,
    ready: VecDeque<ChatId>,
    in_flight: usize,
    /// The number that the server was found to take next, in chats where it is known: none from it on was used by an earlier life of
    /// this device that the state does not know of.
    expected: BTreeMap<ChatId, u64>,
}

impl Lanes {
    /// The lanes of a state that was read back: whatever is in the outbox may have been transmitted before.
    pub(crate) fn of(state: &State) -> Self {
        let mut lanes = BTreeMap::new();
        for (chat, remembered) in state
            .chats()
            .filter(|(_, state)| !state.outbox().is_empty())
        {
            let entries = remembered.outbox().iter();
            let flights = entries.map(|entry| (entry.client_seq, Flight::OLD));
            let lane = Lane {
                flights: flights.collect(),
                ..Lane::default()
            };
            lanes.insert(chat, lane);
        }
        Self {
            lanes,
            ..Self::default()
        }
    }

    pub(crate) fn lane(&self, chat: ChatId) -> Option<&Lane> {
        self.lanes.get(&chat)
    }

    pub(crate) fn lane_mut(&mut self, chat: ChatId) -> &mut Lane {
        self.lanes.entry(chat).or_default()
    }

    /// The number that the server was found to take next, if that is known.
    pub(crate) fn expected(&self, chat: ChatId) -> Option<u64> {
        self.expected.get(&chat).copied()
    }

    /// The server takes this number next.
    pub(crate) fn expects(&mut self, chat: ChatId, client_seq: u64) {
        self.expected.insert(chat, client_seq);
    }

    /// Unanswered transmissions over all chats.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    pub(crate) fn make_ready(&mut self, chat: ChatId) {
        if let Some(lane) = self.lanes.get_mut(&chat)
            && !core::mem::replace(&mut lane.is_ready, true)
        {
            self.ready.push_back(chat);
        }
    }

    pub(crate) fn make_all_ready(&mut self) {
        let chats: BTreeSet<ChatId> = self.lanes.keys().copied().collect();
        for chat in chats {
            self.make_ready(chat);
        }
    }

    pub(crate) fn pop_ready(&mut self) -> Option<ChatId> {
        let chat = self.ready.pop_front()?;
        self.lane_mut(chat).is_ready = false;
        Some(chat)
    }

    /// Forgets a lane whose outbox is empty and that knows nothing more.
    pub(crate) fn forget_if_idle(&mut self, chat: ChatId) {
        let is_idle =
            |lane: &Lane| lane.flights.is_empty() && lane.look.is_none() && !lane.is_ready;
        if self.lanes.get(&chat).is_some_and(is_idle) {
            self.lanes.remove(&chat);
        }
    }

    pub(crate) fn transmitted(&mut self, chat: ChatId, client_seq: u64) {
        self.in_flight += 1;
        let flight = self.lane_mut(chat).flight_mut(client_seq);
        flight.waiting += 1;
        flight.is_due = false;
    }

    /// Counts an answer; `false` for one that nothing on this connection waits for.
    pub(crate) fn answered(&mut self, chat: ChatId, client_seq: u64) -> bool {
        let lane = self.lanes.get_mut(&chat);
        let Some(flight) = lane.and_then(|lane| lane.flights.get_mut(&client_seq)) else {
            return false;
        };
        if flight.waiting == 0 {
            return false;
        }
        flight.waiting -= 1;
        self.in_flight = self.in_flight.saturating_sub(1);
        let lane = self.lane_mut(chat);
        lane.shed = lane.shed.filter(|shed| *shed != client_seq);
        true
    }

    /// Forgets a number that left the outbox and for which nothing is waited any more.
    pub(crate) fn forget_number(&mut self, chat: ChatId, client_seq: u64) {
        let flights = &mut self.lane_mut(chat).flights;
        if flights
            .get(&client_seq)
            .is_some_and(|flight| flight.waiting == 0)
        {
            flights.remove(&client_seq);
        }
    }
}

impl Machine {
    pub(crate) fn lanes_lost_connection(&mut self) {
        if cfg!(planted = "outbox_forgets_on_close") {
            self.forget_transmitted();
        }
        self.lanes.in_flight = 0;
        for (chat, lane) in &mut self.lanes.lanes {
            lane.lost_connection();
            let state = self.state.chat(*chat);
            let is_kept = |number| state.is_some_and(|state| state.position(number).is_some());
            lane.flights.retain(|number, _| is_kept(*number));
        }
    }

    /// The planted defect `outbox_forgets_on_close`: what was transmitted is taken for sent.
    fn forget_transmitted(&mut self) {
        let lanes = self.lanes.lanes.iter();
        let transmitted: Vec<(ChatId, u64)> = lanes
            .flat_map(|(chat, lane)| lane.flights.iter().map(move |flight| (*chat, flight)))
            .filter(|(_, (_, flight))| flight.waiting > 0)
            .map(|(chat, (client_seq, _))| (chat, *client_seq))
            .collect();
        for (chat, client_seq) in transmitted {
            self.settle(chat, client_seq, 0);
        }
    }
}
