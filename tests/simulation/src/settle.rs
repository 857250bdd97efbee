//! The end of a run: what must have come to rest once nothing goes wrong any more, and what must be true then.

use ringpost_client_core::ConnectionState;
use ringpost_storage_core::batch::Retention;
use ringpost_storage_core::memory::FaultRates;
use ringpost_wire::{ChatId, DeviceAddress, Seq};

use crate::application::short;
use crate::connection::ConnectionId;
use crate::node::EPOCH_MS;
use crate::random::Random;
use crate::sdk::SdkClient;
use crate::world::{Event, World, note};

impl World {
    /// From here on nothing goes wrong, and nothing new is said.
    pub fn calm(&mut self) {
        note!(self, "calm");
        self.calm_since_us = Some(self.now_us);
        self.store.set_rates(FaultRates::NONE);
        self.store.refuse_until(0);
        self.set_clocks_right();
        self.revive_links();
        for index in 1..self.nodes.len() {
            self.stop_node(index);
        }
        for index in 0..self.clients.len() {
            self.clients[index].node = 0;
            self.clients[index].reads_from_us = 0;
            // What one node stored was pushed by none other: everybody begins a session with the one that is left.
            if let Some(connection) = self.clients[index].connection
                && self.nodes.len() > 1
            {
                self.cut(connection);
            }
        }
        self.gather_homes();
        if !self.nodes[0].is_up {
            self.after(1, Event::NodeStart(0));
        }
    }

    /// What has not come to rest, if anything.
    pub fn unsettled(&self) -> Option<String> {
        let client = (0..self.clients.len()).find_map(|index| self.unsettled_client(index));
        client
            .or_else(|| self.unsettled_raw())
            .or_else(|| {
                let device = self.operator.unfinished()?;
                Some(format!("{device:?} is not unlinked"))
            })
            .or_else(|| self.unsettled_node())
            .or_else(|| {
                let (chat, device, next) = self.marks.behind.first()?;
                Some(format!(
                    "{device:?} is behind in {} from {next}",
                    short(*chat)
                ))
            })
    }

    fn unsettled_client(&self, index: usize) -> Option<String> {
        let client = &self.clients[index];
        if client.is_retired {
            return None;
        }
        let Some(machine) = &client.machine else {
            return Some(format!("c{index} is down"));
        };
        let outbox = machine.state().outbox_messages();
        let unanswered = client.application.unanswered.len();
        if machine.connection() != ConnectionState::Live {
            Some(format!("c{index} is {:?}", machine.connection()))
        } else if outbox + unanswered > 0 {
            Some(format!(
                "c{index} has {outbox} in its outbox, {unanswered} unanswered"
            ))
        } else if !machine.is_caught_up() || machine.unconfirmed() > 0 {
            Some(format!(
                "c{index} is not caught up, {} unconfirmed",
                machine.unconfirmed()
            ))
        } else if client.was_restored
            && let Some((chat, seq)) = self.missed_since_set_back(index)
        {
            Some(format!(
                "c{index} went on from an old copy and never got {}@{seq}",
                short(chat)
            ))
        } else {
            None
        }
    }

    fn unsettled_node(&self) -> Option<String> {
        let node = &self.nodes[0];
        if !node.is_up || node.is_draining {
            return Some("n0 is not up".to_owned());
        }
        let mut cores = node.cores.iter().enumerate();
        cores.find_map(|(core, state)| {
            let summary = state.worker.summary();
            let waiting = summary.waiting_commands + summary.submitted_commands;
            let is_at_rest = waiting + summary.mails_waiting + summary.requests_unanswered == 0;
            (!is_at_rest || summary.sessions_behind > 0)
                .then(|| format!("n0k{core} has {summary:?}"))
        })
    }

    /// What must be true at the end.
    pub fn check_end(&mut self) {
        let heads: Vec<(ChatId, Seq)> = self.marks.heads().collect();
        for (chat, head) in heads {
            self.check_end_of_chat(chat, head);
        }
        if self.rules.retention == Retention::UntilDelivered {
            self.check_all_trimmed();
        }
        self.check_unlinked();
        for (chat, log) in &self.model.chats {
            let head = self
                .marks
                .heads()
                .find(|(of, _)| of == chat)
                .map_or(0, |(_, head)| head);
            if let Some(seq) = log.entries.keys().next_back().filter(|seq| **seq > head) {
                let what = format!("{}@{seq} was seen and is gone, head {head}", short(*chat));
                return self.fail(format_args!("loss: {what}"));
            }
        }
    }

    fn check_end_of_chat(&mut self, chat: ChatId, head: Seq) {
        let Some(log) = self.model.chats.get(&chat) else {
            return self.fail(format_args!("store: {} was never opened", short(chat)));
        };
        if let Err(why) = self.model.check_linear(chat) {
            return self.fail(format_args!("linear: {}: {why}", short(chat)));
        }
        if let Some(seq) = self.model.disordered(chat) {
            return self.fail(format_args!(
                "order: {}@{seq} was made before one that stands before it",
                short(chat)
            ));
        }
        let mut missing = (1..=head).filter(|seq| !log.entries.contains_key(seq));
        if let Some(seq) = missing.find(|seq| self.somebody_knew(chat, *seq)) {
            return self.fail(format_args!(
                "loss: nobody ever saw {}@{seq} of {head}",
                short(chat)
            ));
        }
        let devices: Vec<DeviceAddress> = self.clients.iter().map(|client| client.device).collect();
        for (index, device) in devices.into_iter().enumerate() {
            let is_member = self.model.chats[&chat].members.contains(&device.user);
            if !is_member || self.clients[index].is_retired {
                continue;
            }
            if self.marks.start(chat, device).is_none() {
                return self.fail(format_args!("loss: {} does not list c{index}", short(chat)));
            }
            if let Some(seq) = (1..=head).find(|seq| !self.has(device, chat, *seq)) {
                return self.fail(format_args!(
                    "loss: c{index} never got {}@{seq}",
                    short(chat)
                ));
            }
        }
    }

    /// Whether a device must have seen a message: one that it was for, or the one that made it, unless that went on from an old copy.
    fn somebody_knew(&self, chat: ChatId, seq: Seq) -> bool {
        let was_there = |client: &&SdkClient| {
            let start = self.marks.start(chat, client.device);
            start.is_some_and(|start| start <= seq)
        };
        let there: Vec<&SdkClient> = self.clients.iter().filter(was_there).collect();
        there.len() > 1 || there.iter().any(|client| !client.was_restored)
    }

    /// A device that is unlinked is in no chat any more.
    fn check_unlinked(&mut self) {
        let mut listed = self.operator.unlinked().filter_map(|device| {
            let mut chats = self.model.chats.keys();
            let chat = chats.find(|chat| self.marks.start(**chat, device).is_some())?;
            Some((device, *chat))
        });
        if let Some((device, chat)) = listed.next() {
            drop(listed);
            let chat = short(chat);
            self.fail(format_args!(
                "store: {chat} lists {device:?}, which is unlinked"
            ));
        }
    }

    fn check_all_trimmed(&mut self) {
        let rows = self.message_rows();
        if rows > 0 {
            self.fail(format_args!(
                "store: {rows} messages are kept that everybody has"
            ));
        }
    }

    /// Adds what only the parts still hold to the counts.
    pub fn count_what_remains(&mut self) {
        for node in 0..self.nodes.len() {
            self.count_node(node);
        }
        use ringpost_storage_core::memory::Fault;
        for (name, fault) in [
            ("commits in false conflict", Fault::Conflict),
            ("commits too old", Fault::CommitTooOld),
            ("unknown results, applied", Fault::UnknownApplied),
            ("unknown results, lost", Fault::UnknownLost),
            ("unknown results, late", Fault::UnknownLate),
            ("late commits landed", Fault::LateLanded),
            ("late commits died", Fault::LateDied),
            ("commits throttled", Fault::Throttled),
            ("versions shared", Fault::SharedVersion),
            ("short pages", Fault::ShortPage),
            ("reads too old", Fault::ReadTooOld),
            ("store not reached", Fault::Unavailable),
            ("commits in true conflict", Fault::TrueConflict),
        ] {
            let times = self.store.count(fault);
            self.counts.add_many(name, times);
        }
    }

    /// The true time, in milliseconds since 1970.
    pub fn clock_ms(&self) -> u64 {
        EPOCH_MS + self.now_us / 1_000
    }

    /// A connection that carries something, chosen at random.
    pub fn some_connection(&self, chance: &mut Random) -> Option<ConnectionId> {
        let open: Vec<usize> = (0..self.connections.len())
            .filter(|index| {
                let connection = &self.connections[*index];
                !connection.is_cut && connection.is_client_open
            })
            .collect();
        let index = chance.index(open.len());
        open.get(index).copied().map(ConnectionId)
    }
}
