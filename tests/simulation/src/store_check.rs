//! What must be true of the rows of the store at any committed version, and what may only grow from look to look.

use std::collections::BTreeMap;

use ringpost_storage_core::key::{self, Family};
use ringpost_storage_core::row::{Device, DeviceState, Head, Member, Pending, ReadCursor, Row};
use ringpost_storage_core::store::{Key, KeyRange, Row as StoredRow};
use ringpost_wire::{ChatId, DeviceAddress, MessageView, Seq, UserId};

use crate::application::short;
use crate::model::Entry;
use crate::world::World;

/// What the store held when it was last looked at.
#[derive(Default)]
pub struct StoreMarks {
    heads: BTreeMap<ChatId, (Seq, Seq)>,
    members: BTreeMap<(ChatId, UserId), Member>,
    next: BTreeMap<(ChatId, DeviceAddress), Seq>,
    reads: BTreeMap<(ChatId, UserId), Seq>,
    /// Devices that are behind.
    pub behind: Vec<(ChatId, DeviceAddress, Seq)>,
}

impl StoreMarks {
    /// The first number that a device of a chat was to receive; `None` when the chat does not list it.
    pub fn start(&self, chat: ChatId, device: DeviceAddress) -> Option<Seq> {
        let member = self.members.get(&(chat, device.user))?;
        let entry = member
            .devices
            .iter()
            .find(|entry| entry.device == device.device)?;
        Some(entry.start)
    }

    /// The last number of each chat.
    pub fn heads(&self) -> impl Iterator<Item = (ChatId, Seq)> {
        self.heads.iter().map(|(chat, (head, _))| (*chat, *head))
    }

    /// The last number of a chat whose message is gone; 0 for none.
    pub fn trimmed_to(&self, chat: ChatId) -> Seq {
        self.heads
            .get(&chat)
            .map_or(0, |(_, trimmed_to)| *trimmed_to)
    }
}

impl World {
    fn rows(&self, family: Family) -> Vec<StoredRow> {
        self.store
            .scan(&KeyRange::prefix(Key::of(&[&[family as u8]])))
    }

    /// How many messages the store holds.
    pub fn message_rows(&self) -> usize {
        self.rows(Family::Message).len()
    }

    /// Looks at every row.
    pub fn check_store(&mut self) {
        if let Err(what) = self.look_at_rows() {
            self.fail(format_args!("store: {what}"));
        }
        if self.store.inserts_over_rows() > 0 {
            self.fail(format_args!("store: a row was inserted where one was"));
        }
    }

    fn look_at_rows(&mut self) -> Result<(), String> {
        self.look_at_heads()?;
        self.look_at_messages()?;
        self.look_at_members()?;
        self.look_at_pending()?;
        self.look_at_reads()
    }

    fn look_at_heads(&mut self) -> Result<(), String> {
        for row in self.rows(Family::Head) {
            let chat = key::head::decode(&row.key).ok_or("a head's key")?;
            let head = Head::decode(&row.value).map_err(|damage| format!("{damage:?}"))?;
            let now = (head.last_seq(), head.trimmed_to);
            let before = self.marks.heads.insert(chat, now).unwrap_or_default();
            if now.0 < before.0 || now.1 < before.1 {
                return Err(format!(
                    "the head of {} went from {before:?} to {now:?}",
                    short(chat)
                ));
            }
        }
        Ok(())
    }

    /// The messages of a chat are exactly those above what was trimmed, up to the head.
    fn look_at_messages(&mut self) -> Result<(), String> {
        let mut expected = BTreeMap::new();
        for (chat, (head, trimmed_to)) in &self.marks.heads {
            expected.insert(*chat, (*trimmed_to + 1, *head));
        }
        for row in self.rows(Family::Message) {
            let (chat, seq) = key::message::decode(&row.key).ok_or("a message's key")?;
            let (next, head) = expected
                .get_mut(&chat)
                .ok_or("a message of a chat without a head")?;
            if seq != *next || seq > *head {
                return Err(format!(
                    "{}@{seq} stands where {next} should, head {head}",
                    short(chat)
                ));
            }
            *next += 1;
            let view = MessageView::of_deliver(&row.value).map_err(|error| error.to_string())?;
            if (view.chat(), view.seq()) != (chat, seq) {
                return Err(format!("{}@{seq} says that it is another", short(chat)));
            }
            let seen = self.model.stored(chat, seq, Entry::of(&view));
            seen.map_err(|why| format!("{}@{seq}: {why}", short(chat)))?;
        }
        let short_one = expected.iter().find(|(_, (next, head))| *next != head + 1);
        match short_one {
            Some((chat, (next, head))) => {
                Err(format!("{}@{next} is missing, head {head}", short(*chat)))
            }
            None => Ok(()),
        }
    }

    fn look_at_members(&mut self) -> Result<(), String> {
        for row in self.rows(Family::Member) {
            let of = key::member::decode(&row.key).ok_or("a member's key")?;
            let member = Member::decode(&row.value).map_err(|damage| format!("{damage:?}"))?;
            self.marks.members.insert(of, member);
        }
        Ok(())
    }

    /// A pending row is there exactly while a device is behind, and nothing that a device is to get was trimmed.
    fn look_at_pending(&mut self) -> Result<(), String> {
        let mut behind = BTreeMap::new();
        for row in self.rows(Family::Pending) {
            let (user, chat) = key::pending::decode(&row.key).ok_or("a pending row's key")?;
            let pending = Pending::decode(&row.value).map_err(|damage| format!("{damage:?}"))?;
            let (head, trimmed_to) = self.marks.heads.get(&chat).copied().unwrap_or_default();
            for lagging in &pending.lagging {
                let device = DeviceAddress {
                    user,
                    device: lagging.device,
                };
                if lagging.next > head || lagging.next <= trimmed_to {
                    return Err(format!(
                        "{device:?} is to read {}@{} of {trimmed_to}-{head}",
                        short(chat),
                        lagging.next
                    ));
                }
                behind.insert((chat, device), lagging.next);
            }
        }
        self.marks.behind = behind
            .iter()
            .map(|((chat, device), next)| (*chat, *device, *next))
            .collect();
        for ((chat, user), member) in &self.marks.members {
            let (head, _) = self.marks.heads.get(chat).copied().unwrap_or_default();
            for entry in &member.devices {
                let device = DeviceAddress {
                    user: *user,
                    device: entry.device,
                };
                let next = behind.remove(&(*chat, device)).unwrap_or(head + 1);
                let before = self
                    .marks
                    .next
                    .insert((*chat, device), next)
                    .unwrap_or_default();
                if next < before {
                    return Err(format!(
                        "the cursor of {device:?} went back from {before} to {next}"
                    ));
                }
            }
        }
        match behind.first_key_value() {
            Some(((chat, device), _)) => Err(format!(
                "{} does not list {device:?}, which is behind",
                short(*chat)
            )),
            None => Ok(()),
        }
    }

    fn look_at_reads(&mut self) -> Result<(), String> {
        for row in self.rows(Family::ReadCursor) {
            let (chat, user) = key::read_cursor::decode(&row.key).ok_or("a read cursor's key")?;
            let cursor = ReadCursor::decode(&row.value).map_err(|damage| format!("{damage:?}"))?;
            let before = self
                .marks
                .reads
                .insert((chat, user), cursor.read_to)
                .unwrap_or_default();
            let (head, _) = self.marks.heads.get(&chat).copied().unwrap_or_default();
            if cursor.read_to < before || cursor.read_to > head {
                return Err(format!(
                    "a read mark went from {before} to {}, head {head}",
                    cursor.read_to
                ));
            }
        }
        Ok(())
    }

    /// Whoever is told of a message is told of one that is durable.
    pub fn check_durable(&mut self, index: usize, chat: ChatId, seq: Seq) {
        let head_key = key::head::encode(chat);
        let range = KeyRange {
            begin: head_key,
            end: head_key.next(),
        };
        let rows = self.store.scan(&range);
        let head = rows.first().and_then(|row| Head::decode(&row.value).ok());
        let last = head.map_or(0, |head| head.last_seq());
        if seq > last {
            self.fail(format_args!(
                "c{index} is told of {}@{seq}, durable is {last}",
                short(chat)
            ));
        }
    }

    /// A device whose session is open is registered and in all chats of its user.
    pub fn check_linked(&mut self, index: usize) {
        let device = self.clients[index].device;
        let connection = self.clients[index].connection;
        let dialed_us = connection.map_or(0, |id| self.connections[id.0].dialed_us);
        if let Err(why) = self.operator.check_admitted(device, dialed_us) {
            return self.fail(format_args!("c{index} is live although {why}"));
        }
        if self.operator.unlinks(device) {
            return;
        }
        let device_key = key::device::encode(device);
        let range = KeyRange {
            begin: device_key,
            end: device_key.next(),
        };
        let rows = self.store.scan(&range);
        let stored = rows.first().and_then(|row| Device::decode(&row.value).ok());
        if stored.is_none_or(|stored| stored.state != DeviceState::Linked) {
            return self.fail(format_args!(
                "c{index} is live and its device is {stored:?}"
            ));
        }
        if let Err(what) = self.look_at_members() {
            return self.fail(format_args!("store: {what}"));
        }
        let range = key::membership::range_after(device.user, None);
        for row in self.store.scan(&range) {
            let chat = key::membership::decode(&row.key).map(|(_, chat)| chat);
            if chat.is_none_or(|chat| self.marks.start(chat, device).is_none()) {
                return self.fail(format_args!(
                    "c{index} is live and {chat:?} does not list it"
                ));
            }
        }
    }
}
