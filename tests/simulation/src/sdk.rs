//! A client with the SDK's machine: its shell, its durable records, and how it crashes and comes back.

use std::collections::{BTreeMap, BTreeSet};

use ringpost_client_core::{
    ConnectionState, Effect, Ended, Input, Machine, Options, Record, State,
};
use ringpost_gateway_core::limits::TOKEN_LEEWAY_MS;
use ringpost_wire::{
    ChatId, ClientFrame, DeviceAddress, ErrorCode, FrameKind, MessageId, Seq, UserId,
};

use crate::application::short;
use crate::connection::{ConnectionId, Peer};
use crate::model::{Entry, Fate, digest};
use crate::node::EPOCH_MS;
use crate::token::token;
use crate::world::{Event, World, note};

const HEARTBEAT_MS: u32 = 4_000;
/// A deadline that has come is looked at again after this time.
const DEADLINE_US_MIN: u64 = 500;
const RESTART_US_MAX: u64 = 3_000_000;
const TOKEN_US_MAX: u64 = 100_000;
/// Share of restarts that begin with a compacted copy of the records.
const COMPACT_SHARE: u64 = 300;
/// Share of clients that go on from an old copy and know it.
const TOLD_SHARE: u64 = 500;

/// A client.
pub struct SdkClient {
    /// Its token's subject.
    pub subject: String,
    /// Its device.
    pub device: DeviceAddress,
    /// How often it was started or ended; events of an earlier life are dropped.
    pub life: u32,
    /// The machine, while it runs.
    pub machine: Option<Machine>,
    /// Records that survive a crash.
    pub durable: Vec<Record>,
    /// Records that were given out and are not yet durable.
    pub unsynced: Vec<Record>,
    /// An old copy of the durable records.
    pub backup: Option<Vec<Record>>,
    /// It was put back to an old copy at least once.
    pub was_restored: bool,
    /// It was told so: its machine is made with it until it has everything.
    pub is_told_set_back: bool,
    /// It was told so, or found it, since it was put back.
    pub is_known_set_back: bool,
    /// The present connection.
    pub connection: Option<ConnectionId>,
    /// When the machine is told the time next.
    pub time_at_us: Option<u64>,
    /// It crashes after so many more effects.
    pub crash_after: Option<u64>,
    /// It does not read before then.
    pub reads_from_us: u64,
    /// The node that it connects to.
    pub node: usize,
    /// The circle of its user.
    pub circle: usize,
    /// Its device is linked no longer: the client does not come back.
    pub is_retired: bool,
    /// What its application knows.
    pub application: Application,
}

/// What the application above the SDK knows; it survives crashes except where noted.
#[derive(Default)]
pub struct Application {
    /// Users to talk to.
    pub peers: Vec<UserId>,
    /// Chats that were opened or in which something arrived.
    pub chats: BTreeSet<ChatId>,
    /// Messages still to be made.
    pub unmade: u64,
    /// Made, and no answer yet.
    pub unanswered: BTreeSet<MessageId>,
    /// Made and given to the machine in this life, and not yet taken on by it.
    pub offered: BTreeSet<MessageId>,
    /// Everything ever kept.
    pub ever_kept: BTreeMap<ChatId, BTreeSet<Seq>>,
    /// What it has now: kept, or told to be empty, and not lost since by going on from an old copy.
    pub holds: BTreeMap<ChatId, BTreeSet<Seq>>,
    /// Delivered in this life and not yet kept.
    pub delivered: BTreeMap<ChatId, BTreeSet<Seq>>,
    /// The last number delivered in this life; at its start the confirmed one.
    pub last: BTreeMap<ChatId, Seq>,
}

impl World {
    /// The machine starts, from its records.
    pub fn sdk_start(&mut self, index: usize) {
        if self.clients[index].is_retired {
            return;
        }
        let is_compacted = self.random.chance(COMPACT_SHARE);
        let seed = self.random.number();
        let client = &mut self.clients[index];
        let mut state = State::default();
        for record in &client.durable {
            if state.apply(record).is_err() {
                return self.fail(format_args!("c{index} cannot read back its records"));
            }
        }
        if is_compacted {
            client.durable = state.snapshot().collect();
        }
        let cursors = state
            .chats()
            .filter_map(|(chat, chat_state)| Some((chat, chat_state.cursor()?)));
        client.application.last = cursors.collect();
        client.application.delivered.clear();
        client.life += 1;
        let options = Options {
            seed,
            client: format!("c{index}"),
            heartbeat_ms: HEARTBEAT_MS,
            token: None,
            is_set_back: client.is_told_set_back,
        };
        note!(
            self,
            "c{index} starts with {} records",
            self.clients[index].durable.len()
        );
        self.settle_offered(index, &state);
        self.reopen_refused(index, &state);
        self.clients[index].machine = Some(Machine::new(options, state));
        let life = self.clients[index].life;
        self.sdk_input(index, Input::Connect);
        self.after(1, Event::SdkAct(index, life));
    }

    /// A refusal that was told and not yet durable is not one: the message is in the outbox and goes out again.
    fn reopen_refused(&mut self, index: usize, state: &State) {
        let outboxes = state.chats().flat_map(|(_, chat)| chat.outbox());
        for entry in outboxes {
            if self.model.fate(entry.message_id) == Some(Fate::Refused) {
                self.counts.add("refusals told before they were durable");
                self.model.set_fate(entry.message_id, Fate::Open);
                let application = &mut self.clients[index].application;
                application.unanswered.insert(entry.message_id);
            }
        }
    }

    /// What was not taken on before a crash was never given to the network.
    fn settle_offered(&mut self, index: usize, state: &State) {
        let application = &mut self.clients[index].application;
        for message_id in std::mem::take(&mut application.offered) {
            let chat = self.model.made.get(&message_id).map(|made| made.chat);
            let is_taken = chat.is_some_and(|chat| {
                let mut outbox = state.outbox(chat);
                outbox.any(|entry| entry.message_id == message_id)
            });
            if !is_taken {
                application.unanswered.remove(&message_id);
                self.model.set_fate(message_id, Fate::NeverSent);
            }
        }
    }

    /// Gives the machine an input and performs what it wants.
    pub fn sdk_input(&mut self, index: usize, input: Input<'_>) {
        let now_ms = self.now_us / 1_000;
        if let Some(machine) = &mut self.clients[index].machine {
            machine.input(now_ms, input);
            self.perform_sdk(index);
        }
    }

    /// The machine is told the time.
    pub fn sdk_time(&mut self, index: usize, life: u32) {
        let now_us = self.now_us;
        let client = &mut self.clients[index];
        if client.life != life || client.time_at_us != Some(now_us) {
            return;
        }
        client.time_at_us = None;
        if let Some(machine) = &mut client.machine {
            machine.timeout(now_us / 1_000);
            self.perform_sdk(index);
        }
    }

    fn perform_sdk(&mut self, index: usize) {
        loop {
            let client = &mut self.clients[index];
            let Some(machine) = &mut client.machine else {
                return;
            };
            if client.crash_after == Some(0) {
                return self.crash_sdk(index);
            }
            let Some(effect) = machine.next_effect() else {
                break;
            };
            client.crash_after = client.crash_after.map(|left| left - 1);
            self.sdk_effect(index, effect);
        }
        let client = &mut self.clients[index];
        let Some(due_ms) = client.machine.as_ref().and_then(Machine::next_deadline) else {
            return;
        };
        let due_us = (due_ms * 1_000).max(self.now_us + DEADLINE_US_MIN);
        if client.time_at_us.is_none_or(|planned| due_us < planned) {
            client.time_at_us = Some(due_us);
            let life = client.life;
            self.queue.push(due_us, Event::SdkTime(index, life));
        }
    }

    fn sdk_effect(&mut self, index: usize, effect: Effect) {
        let client = &mut self.clients[index];
        match effect {
            Effect::Dial { .. } => {
                let (life, node) = (client.life, client.node);
                let connection = self.dial(Peer::Sdk(index), life, node);
                self.clients[index].connection = Some(connection);
            }
            Effect::Transmit { bytes } => {
                client.sync();
                let connection = client.connection;
                self.note_frame(index, &bytes);
                if let Some(connection) = connection {
                    self.client_writes(connection, &bytes);
                }
            }
            Effect::Hangup => {
                if let Some(connection) = client.connection.take() {
                    self.client_closes(connection);
                }
            }
            Effect::Persist(record) => client.unsynced.push(record),
            Effect::NeedToken { refused } => self.token_needed(index, refused),
            Effect::State(state) => self.sdk_state(index, state),
            Effect::Failed(why) => self.sdk_ended(index, why),
            Effect::Accepted { message_id, .. } => {
                client.sync();
                client.application.offered.remove(&message_id);
            }
            other => {
                if other == Effect::SetBack {
                    client.sync();
                }
                self.application_told(index, other);
            }
        }
    }

    fn note_frame(&mut self, index: usize, frame: &[u8]) {
        let Some(kind) = frame
            .get(4)
            .and_then(|kind| FrameKind::from_wire(*kind).ok())
        else {
            return;
        };
        match ClientFrame::decode(kind, frame) {
            Ok(ClientFrame::Ack(ack)) => {
                note!(self, "c{index} acks {}@{}", short(ack.chat), ack.seq)
            }
            Ok(ClientFrame::Send(message)) => {
                let number = (message.client_seq(), message.unanswered());
                note!(
                    self,
                    "c{index} sends {:x} as {number:?}",
                    message.message_id()
                );
            }
            _ => note!(self, "c{index} writes {kind:?}"),
        }
    }

    fn token_needed(&mut self, index: usize, refused: Option<ErrorCode>) {
        note!(self, "c{index} needs a token, refused {refused:?}");
        if refused.is_some() {
            self.counts.add("tokens refused");
        }
        let delay_us = self.random.between(1, TOKEN_US_MAX);
        let life = self.clients[index].life;
        self.after(delay_us, Event::SdkToken(index, life));
    }

    /// The client gets a token; some are valid for seconds only.
    pub fn sdk_token(&mut self, index: usize, life: u32) {
        let is_short = self.is_active() && self.random.chance(self.settings.short_token_share);
        let valid_s = if is_short {
            self.random.between(1, 8)
        } else {
            86_400
        };
        let now_s = (EPOCH_MS + self.now_us / 1_000) / 1_000;
        // The leeway of the nodes is used up already.
        let issued_s = now_s - TOKEN_LEEWAY_MS / 1_000;
        let client = &self.clients[index];
        if client.life == life {
            self.operator_sees_token(index, issued_s);
            let client = &self.clients[index];
            let token = token(
                &client.subject,
                client.device.device,
                issued_s,
                issued_s + valid_s,
            );
            self.sdk_input(index, Input::SetToken { token });
        }
    }

    fn sdk_state(&mut self, index: usize, state: ConnectionState) {
        note!(self, "c{index} {state:?}");
        if state == ConnectionState::Live {
            self.counts.add("clients live");
            self.check_linked(index);
        }
    }

    fn sdk_ended(&mut self, index: usize, why: Ended) {
        note!(self, "c{index} is over: {why:?}");
        if !self.is_due_end(index, why) {
            return self.fail(format_args!("c{index} is over for good: {why:?}"));
        }
        // The person starts it again.
        self.clients[index].crash_after = Some(0);
    }

    /// The client learns that its connection is open.
    pub fn sdk_opened(&mut self, index: usize, connection: ConnectionId) {
        if self.clients[index].connection == Some(connection) {
            self.sdk_input(index, Input::Opened);
        }
    }

    /// The client learns that its connection is over.
    pub fn sdk_closed(&mut self, index: usize, connection: ConnectionId) {
        if self.clients[index].connection == Some(connection) {
            self.clients[index].connection = None;
            self.sdk_input(index, Input::Closed);
        }
    }

    /// Bytes reach the client.
    pub fn sdk_hears(&mut self, index: usize, connection: ConnectionId, bytes: &[u8]) {
        if self.clients[index].connection == Some(connection) {
            self.sdk_input(index, Input::Received { bytes });
        }
    }

    /// The client stops in the middle of whatever it does; what is not durable may be lost.
    pub fn crash_sdk(&mut self, index: usize) {
        let restores = self.is_active() && self.random.chance(self.settings.restore_share);
        let kept = self.random.index(self.clients[index].unsynced.len() + 1);
        let client = &mut self.clients[index];
        client.unsynced.truncate(kept);
        client.sync();
        client.machine = None;
        client.life += 1;
        client.crash_after = None;
        client.time_at_us = None;
        self.counts.add("clients crashed");
        note!(self, "c{index} crashes");
        if let Some(connection) = self.clients[index].connection.take() {
            self.connections[connection.0].is_client_open = false;
            self.cut(connection);
        }
        if restores {
            self.restore(index);
        }
        let delay_us = self.random.between(1, RESTART_US_MAX);
        self.after(delay_us, Event::SdkStart(index));
    }

    /// What the outbox of an old copy holds is to be answered, again if it was answered since; of the rest the sender knows nothing.
    fn forget_what_came_after(&mut self, index: usize, copy: &[Record]) {
        let application = &mut self.clients[index].application;
        application.offered.clear();
        for message_id in std::mem::take(&mut application.unanswered) {
            self.model.set_fate(message_id, Fate::Forgotten);
        }
        let state = state_of(copy);
        for (chat, remembered) in state.chats() {
            let outbox = remembered.outbox().iter();
            let ids: Vec<MessageId> = outbox.map(|entry| entry.message_id).collect();
            for message_id in &ids {
                let fate = self.model.fate(*message_id);
                if matches!(fate, Some(Fate::Forgotten | Fate::Undetermined)) {
                    self.model.set_fate(*message_id, Fate::Open);
                }
            }
            self.model.forget_turns_behind(chat, &ids);
            let application = &mut self.clients[index].application;
            application.unanswered.extend(ids);
        }
    }

    /// The client goes on from an old copy of its records, if there is one; a new copy is made if there is none.
    fn restore(&mut self, index: usize) {
        let client = &mut self.clients[index];
        let Some(backup) = client.backup.take() else {
            client.backup = Some(client.durable.clone());
            return;
        };
        client.was_restored = true;
        client.lose_what_came_after(&backup);
        client.is_told_set_back = self.random.chance(TOLD_SHARE);
        client.is_known_set_back = client.is_told_set_back;
        self.forget_what_came_after(index, &backup);
        self.clients[index].durable = backup;
        self.counts.add("clients restored");
        note!(self, "c{index} goes on from an old copy");
    }
}

/// The state that records make.
fn state_of(records: &[Record]) -> State {
    let mut state = State::default();
    for record in records {
        // One that does not fit is found at the start.
        let _ = state.apply(record);
    }
    state
}

impl SdkClient {
    /// An application keeps its messages with the client's state: what came after the copy is gone with it.
    fn lose_what_came_after(&mut self, copy: &[Record]) {
        let state = state_of(copy);
        // Without a session before, this is a new device, which begins where the server says.
        if state.owner().is_none() {
            return;
        }
        for (chat, holds) in &mut self.application.holds {
            let cursor = state.chat(*chat).and_then(|chat| chat.cursor());
            holds.retain(|seq| Some(*seq) <= cursor);
        }
    }

    fn sync(&mut self) {
        self.durable.append(&mut self.unsynced);
    }
}

/// The entry that a delivery says.
pub fn entry_of(incoming: &ringpost_client_core::Incoming) -> Entry {
    Entry {
        message_id: incoming.message_id,
        sender: incoming.sender,
        digest: digest(&incoming.payload),
        time_ms: incoming.time_ms,
    }
}
