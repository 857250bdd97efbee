//! The application and the person above an SDK client: what they do, what they keep, and what they must never see.

use bytes::Bytes;
use ringpost_client_core::{Effect, Incoming, Input, Outgoing};
use ringpost_wire::{ChatId, ContentClass, DeviceAddress, ErrorCode, MessageId, Seq, UserId};

use crate::model::{Fate, Made, digest};
use crate::sdk::entry_of;
use crate::world::{Event, World, note};

const MESSAGES_AT_ONCE_MAX: u64 = 6;
/// Once nothing goes wrong any more a person only sees to it that the client is connected.
const CALM_ACT_US: u64 = 1_000_000;

impl World {
    /// The person does something, and again later.
    pub fn sdk_act(&mut self, index: usize, life: u32) {
        if self.clients[index].life != life {
            return;
        }
        if !self.is_active() {
            self.sdk_input(index, Input::Connect);
            return self.after(CALM_ACT_US, Event::SdkAct(index, life));
        }
        let mean_us = self.settings.active_ms * 1_000 / (self.settings.messages / 2).max(1);
        match self.random.below(20) {
            0..=3 => self.open_some_chat(index),
            4 => self.read_some_chat(index),
            5 => self.break_for_a_while(index),
            _ => self.send_some(index),
        }
        let delay_us = self.random.around(mean_us);
        self.after(delay_us, Event::SdkAct(index, life));
    }

    fn open_some_chat(&mut self, index: usize) {
        let peers = &self.clients[index].application.peers;
        let user = peers[self.random.index(peers.len())];
        self.sdk_input(index, Input::OpenChat { user });
    }

    fn read_some_chat(&mut self, index: usize) {
        let last = &self.clients[index].application.last;
        let count = last.len();
        let chosen = last.iter().nth(self.random.index(count.max(1)));
        if let Some((chat, seq)) = chosen
            && *seq > 0
        {
            let (chat, read_to) = (*chat, *seq);
            self.sdk_input(index, Input::MarkRead { chat, read_to });
        }
    }

    /// Now and then a person goes offline and comes back.
    fn break_for_a_while(&mut self, index: usize) {
        if !self.random.chance(200) {
            return self.sdk_input(index, Input::Connect);
        }
        self.counts.add("clients disconnected");
        self.sdk_input(index, Input::Disconnect);
    }

    fn send_some(&mut self, index: usize) {
        let count = self.random.between(1, MESSAGES_AT_ONCE_MAX);
        let Some(chat) = self.choose_chat(index) else {
            return self.open_some_chat(index);
        };
        for _ in 0..count {
            let application = &mut self.clients[index].application;
            if application.unmade == 0 {
                return;
            }
            application.unmade -= 1;
            self.send_one(index, chat);
        }
    }

    /// A chat that is known to be open, rarely one that is not.
    fn choose_chat(&mut self, index: usize) -> Option<ChatId> {
        let is_bold = self.random.chance(20);
        let client = &self.clients[index];
        let application = &client.application;
        if is_bold {
            let peer = application.peers[self.random.index(application.peers.len())];
            return Some(ChatId::one_to_one(client.device.user, peer));
        }
        let count = application.chats.len();
        application
            .chats
            .iter()
            .nth(self.random.index(count.max(1)))
            .copied()
    }

    fn send_one(&mut self, index: usize, chat: ChatId) {
        let payload = self.payload();
        let message_id = self.random.number().max(1);
        let client = &mut self.clients[index];
        if client.machine.is_none() {
            return;
        }
        let made = Made {
            chat,
            sender: client.device,
            digest: digest(&payload),
            fate: Fate::Open,
            turn: self.model.made.len() as u64 + 1,
        };
        client.application.unanswered.insert(message_id);
        client.application.offered.insert(message_id);
        self.model.make(message_id, made);
        self.counts.add("messages made");
        note!(
            self,
            "c{index} makes {message_id:x} of {} for {}",
            payload.len(),
            short(chat)
        );
        self.sdk_input(
            index,
            Input::Send(Outgoing {
                chat,
                message_id,
                payload,
                content_class: ContentClass::Visible,
                device_epoch: 0,
            }),
        );
    }

    /// A payload of random length.
    pub fn payload(&mut self) -> Bytes {
        let is_large = self.random.chance(self.settings.large_share);
        let most = if is_large {
            self.settings.large_bytes_max
        } else {
            self.settings.payload_bytes_max
        };
        let length = self.random.between(0, most) as usize;
        let mark = self.random.number().to_le_bytes();
        Bytes::from(
            mark.iter()
                .copied()
                .cycle()
                .take(length)
                .collect::<Vec<u8>>(),
        )
    }

    /// The machine tells the application something.
    pub fn application_told(&mut self, index: usize, effect: Effect) {
        match effect {
            Effect::Deliver(incoming) => self.delivered(index, &incoming),
            Effect::Empty { chat, from, to, .. } => self.emptied(index, chat, (from, to)),
            Effect::Sent {
                message_id,
                seq,
                time_ms,
                chat,
            } => {
                self.counts.add("messages sent");
                note!(self, "c{index} sent {message_id:x} {}@{seq}", short(chat));
                self.answered(index, message_id, |model| {
                    model.sent(message_id, seq, time_ms)
                });
                self.check_durable(index, chat, seq);
            }
            Effect::Refused {
                message_id, code, ..
            } => {
                self.counts.add("messages refused");
                note!(self, "c{index} refused {message_id:x}: {code:?}");
                if !matches!(code, ErrorCode::UnknownChat | ErrorCode::NotMember) {
                    return self.fail(format_args!("c{index} is refused {message_id:x}: {code:?}"));
                }
                self.answered(index, message_id, |model| model.refused(message_id));
            }
            Effect::Undetermined { message_id, .. } => self.undetermined(index, message_id),
            Effect::NotAccepted {
                message_id, reason, ..
            } => {
                note!(self, "c{index} does not take {message_id:x}: {reason:?}");
                let fate = Fate::NeverSent;
                self.model.set_fate(message_id, fate);
                let application = &mut self.clients[index].application;
                application.offered.remove(&message_id);
                application.unanswered.remove(&message_id);
            }
            Effect::ChatOpened { chat, .. } => {
                self.counts.add("chats opened");
                self.clients[index].application.chats.insert(chat);
            }
            Effect::OpenRefused { code, .. } => {
                note!(self, "c{index} cannot open: {code:?}");
                self.counts.add("opens refused");
            }
            Effect::Receipt {
                chat,
                user: Some(user),
                delivered_to,
                ..
            } => self.check_receipt(chat, user, delivered_to),
            Effect::Noticed { code, .. } => note!(self, "c{index} noticed {code:?}"),
            Effect::Own(incoming) => self.own_told(index, &incoming),
            Effect::SetBack => self.found_set_back(index),
            Effect::CaughtUp => {
                note!(self, "c{index} caught up");
                self.clients[index].is_told_set_back = false;
            }
            _ => {}
        }
    }

    fn found_set_back(&mut self, index: usize) {
        self.counts.add("set-backs found");
        note!(self, "c{index} finds that its state was set back");
        // A device that is being unlinked leaves chats one by one, and a node forgets its numbers in them.
        let is_shut_out = self.operator.unlinks(self.clients[index].device);
        let client = &mut self.clients[index];
        if !client.was_restored && !is_shut_out {
            return self.fail(format_args!(
                "c{index} takes its state for an old one, and it is whole"
            ));
        }
        client.is_told_set_back = true;
        client.is_known_set_back = true;
    }

    fn answered(
        &mut self,
        index: usize,
        message_id: MessageId,
        check: impl FnOnce(&mut crate::model::Model) -> Result<(), String>,
    ) {
        if let Err(why) = check(&mut self.model) {
            return self.fail(format_args!("c{index} is answered {message_id:x}: {why}"));
        }
        self.clients[index]
            .application
            .unanswered
            .remove(&message_id);
    }

    fn undetermined(&mut self, index: usize, message_id: MessageId) {
        self.counts.add("messages undetermined");
        note!(self, "c{index} cannot find out about {message_id:x}");
        let client = &self.clients[index];
        // A device that is unlinked may not read the log.
        let is_shut_out = self.operator.unlinks(client.device);
        if !client.was_restored && !is_shut_out {
            return self.fail(format_args!(
                "c{index} lost track of {message_id:x} with its state whole"
            ));
        }
        self.check_store();
        if let Some(made) = self.model.made.get(&message_id)
            && !is_shut_out
            && !self.own_may_be_gone(made.chat, made.sender)
        {
            return self.fail(format_args!(
                "c{index} lost track of {message_id:x} with the log whole"
            ));
        }
        self.clients[index]
            .application
            .unanswered
            .remove(&message_id);
        if self.model.fate(message_id) == Some(Fate::Open) {
            self.model.set_fate(message_id, Fate::Undetermined);
        }
    }

    fn delivered(&mut self, index: usize, incoming: &Incoming) {
        let (chat, seq) = (incoming.chat, incoming.seq);
        self.counts.add("messages delivered");
        note!(
            self,
            "c{index} gets {:x} {}@{seq}",
            incoming.message_id,
            short(chat)
        );
        if let Err(why) = self.model.observe(chat, seq, entry_of(incoming)) {
            return self.fail(format_args!(
                "c{index} gets {:x} at {seq}: {why}",
                incoming.message_id
            ));
        }
        self.check_durable(index, chat, seq);
        self.pass(index, chat, (seq, seq));
        let application = &mut self.clients[index].application;
        application.chats.insert(chat);
        application.delivered.entry(chat).or_default().insert(seq);
        let is_at_once = self.random.chance(self.settings.kept_at_once_share);
        let delay_us = if is_at_once {
            0
        } else {
            self.random.between(1, self.settings.kept_ms_max * 1_000)
        };
        let life = self.clients[index].life;
        self.after(delay_us, Event::SdkKept(index, life, chat, seq));
    }

    /// An own message that is not in the outbox: known, or of a time that the client forgot.
    fn own_told(&mut self, index: usize, incoming: &Incoming) {
        self.counts.add("own messages told");
        let (chat, seq) = (incoming.chat, incoming.seq);
        note!(self, "c{index} finds its own {}@{seq}", short(chat));
        if let Err(why) = self.model.observe(chat, seq, entry_of(incoming)) {
            self.fail(format_args!("c{index} finds its own at {seq}: {why}"));
        }
    }

    fn emptied(&mut self, index: usize, chat: ChatId, (from, to): (Seq, Seq)) {
        note!(self, "c{index} finds {}@{from}-{to} empty", short(chat));
        self.counts.add("empty ranges");
        let holds = &mut self.clients[index].application.holds;
        holds.entry(chat).or_default().extend(from..=to);
        self.pass(index, chat, (from, to));
    }

    /// What an application is given goes on strictly upwards, within a life and over confirmed ones.
    fn pass(&mut self, index: usize, chat: ChatId, (from, to): (Seq, Seq)) {
        let application = &mut self.clients[index].application;
        let last = application.last.entry(chat).or_default();
        let before = *last;
        *last = before.max(to);
        if from <= before || to < from {
            self.fail(format_args!(
                "c{index} is given {}@{from} after {before}",
                short(chat)
            ));
        }
    }

    /// The application has kept everything of a chat that was delivered up to a number.
    pub fn sdk_kept(&mut self, index: usize, life: u32, chat: ChatId, seq: Seq) {
        if self.clients[index].life != life {
            return;
        }
        let application = &mut self.clients[index].application;
        let delivered = application.delivered.entry(chat).or_default();
        let rest = delivered.split_off(&(seq + 1));
        let kept = std::mem::replace(delivered, rest);
        let ever_kept = application.ever_kept.entry(chat).or_default();
        ever_kept.extend(kept.iter().copied());
        application.holds.entry(chat).or_default().extend(kept);
        self.sdk_input(index, Input::Confirm { chat, seq });
    }

    /// Whether a device needs nothing more at a place: it has it, made it, or was not there.
    pub fn has(&self, device: DeviceAddress, chat: ChatId, seq: Seq) -> bool {
        let Some(client) = self.clients.iter().find(|client| client.device == device) else {
            return true;
        };
        let log = self.model.chats.get(&chat);
        let sender = log
            .and_then(|log| log.entries.get(&seq))
            .map(|entry| entry.sender);
        let is_kept = |kept: &std::collections::BTreeSet<Seq>| kept.contains(&seq);
        sender.is_none_or(|sender| sender == device)
            || client.application.ever_kept.get(&chat).is_some_and(is_kept)
            || self
                .marks
                .start(chat, device)
                .is_none_or(|start| seq < start)
    }

    /// Whether a message of a device may have been in a stretch of the log that is gone.
    fn own_may_be_gone(&self, chat: ChatId, sender: DeviceAddress) -> bool {
        let start = self.marks.start(chat, sender);
        start.is_some_and(|start| self.marks.trimmed_to(chat) >= start)
    }

    /// The first number of a chat that a device whose state was set back neither has nor was told to be empty, nor made itself. One
    /// that does not know that it was set back misses nothing where it goes on.
    pub fn missed_since_set_back(&self, index: usize) -> Option<(ChatId, Seq)> {
        let client = &self.clients[index];
        let is_member = |chat: &ChatId| {
            let log = self.model.chats.get(chat);
            log.is_some_and(|log| log.members.contains(&client.device.user))
        };
        let heads = self.marks.heads().filter(|(chat, _)| is_member(chat));
        heads
            .filter_map(|(chat, head)| {
                let holds = client.application.holds.get(&chat);
                let holds = |seq: Seq| holds.is_some_and(|holds| holds.contains(&seq));
                let start = self.marks.start(chat, client.device)?;
                let is_own = |seq: Seq| {
                    let entry = self.model.chats.get(&chat)?.entries.get(&seq)?;
                    Some(entry.sender == client.device)
                };
                let to = match client.is_known_set_back {
                    true => Some(head),
                    false => client.application.last.get(&chat).copied(),
                };
                let missed = (start..=to?).find(|seq| !holds(*seq) && is_own(*seq) != Some(true));
                missed.map(|seq| (chat, seq))
            })
            .next()
    }

    /// A receipt is true: some device of the user has everything up to it.
    fn check_receipt(&mut self, chat: ChatId, user: UserId, delivered_to: Seq) {
        self.counts.add("receipts");
        let devices = self.clients.iter().map(|client| client.device);
        let mut devices = devices.filter(|device| device.user == user).peekable();
        if devices.peek().is_none() {
            return;
        }
        let has_all =
            |device: DeviceAddress| (1..=delivered_to).all(|seq| self.has(device, chat, seq));
        if !devices.any(has_all) {
            self.fail(format_args!(
                "a receipt says that {}@{delivered_to} is delivered",
                short(chat)
            ));
        }
    }
}

/// The beginning of a chat's id.
pub fn short(chat: ChatId) -> String {
    format!("{:02x}{:02x}", chat.0[0], chat.0[1])
}
