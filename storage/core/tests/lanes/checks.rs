//! What must hold: every answer agrees with every other one and with the log that is left at the end.

use std::collections::{BTreeMap, BTreeSet};

use ringpost_storage_core::key;
use ringpost_storage_core::memory::MemoryStore;
use ringpost_storage_core::outcome::{Appended, PageRead};
use ringpost_storage_core::store::{Key, KeyRange};
use ringpost_wire::{ChatId, DeviceAddress, MessageId, MessageView, Seq};

use crate::client::Client;

/// What was answered so far.
#[derive(Debug, Default)]
pub struct Checks {
    /// The number that each send was answered with.
    answered: BTreeMap<(ChatId, DeviceAddress, u64), Seq>,
    /// The message at each number of a chat, from answers and pages.
    placed: BTreeMap<(ChatId, Seq), MessageId>,
    /// Messages that were handed out for delivery.
    delivered: BTreeSet<(ChatId, Seq)>,
    /// The last number answered, a chat.
    floors: BTreeMap<ChatId, Seq>,
    pub repeats: u64,
    pub pages: u64,
}

impl Checks {
    /// The last message of `chat` that anyone was told of.
    pub fn floor(&self, chat: ChatId) -> Seq {
        self.floors.get(&chat).copied().unwrap_or_default()
    }

    pub fn appended(&mut self, client: &Client, appended: &Appended) -> Result<(), String> {
        let address = (client.chat, client.sender, appended.sent_as);
        let seq = appended.seq;
        if let Some(before) = self.answered.insert(address, seq) {
            self.repeats += 1;
            if before != seq {
                return Err(format!("{address:?} was answered {before}, now {seq}"));
            }
        }
        let earlier = (
            client.chat,
            client.sender,
            appended.sent_as.saturating_sub(1),
        );
        if let Some(before) = self.answered.get(&earlier)
            && *before >= seq
        {
            return Err(format!("{address:?} got {seq}, its forerunner {before}"));
        }
        if appended.delivery.is_some() && !self.delivered.insert((client.chat, seq)) {
            return Err(format!("{address:?}: {seq} is delivered twice"));
        }
        let floor = self.floors.entry(client.chat).or_default();
        *floor = (*floor).max(seq);
        self.place(client.chat, seq, client.message_id(appended.sent_as))
    }

    fn place(&mut self, chat: ChatId, seq: Seq, message: MessageId) -> Result<(), String> {
        match self.placed.insert((chat, seq), message) {
            Some(before) if before != message => {
                Err(format!("{chat} {seq} was {before:x}, now {message:x}"))
            }
            _ => Ok(()),
        }
    }

    /// A page that was asked for when `floor` messages were known.
    pub fn page(&mut self, page: &PageRead, floor: Seq) -> Result<(), String> {
        self.pages += 1;
        if page.head < floor {
            return Err(format!(
                "head {} of a page, {floor} was answered",
                page.head
            ));
        }
        let mut expected = page.from;
        for frame in &page.messages {
            let view = MessageView::of_deliver(frame).map_err(|error| format!("{error:?}"))?;
            if view.seq() != expected {
                return Err(format!("page has {} in place of {expected}", view.seq()));
            }
            self.place(page.chat, view.seq(), view.message_id())?;
            expected += 1;
        }
        if expected != page.to + 1 {
            return Err(format!("page to {} ends before {expected}", page.to));
        }
        Ok(())
    }

    /// The log at the end holds every message of every client once, without gaps, where the answers said.
    pub fn log(&mut self, store: &MemoryStore, clients: &[Client]) -> Result<(), String> {
        let chats: BTreeSet<ChatId> = clients.iter().map(|client| client.chat).collect();
        for chat in chats {
            let range = KeyRange {
                begin: key::message::encode(chat, 0),
                end: key::message::encode(chat, u64::MAX),
            };
            let mut messages = BTreeSet::new();
            for (index, row) in store.scan(&range).iter().enumerate() {
                let expected = index as u64 + 1;
                check_key(&row.key, chat, expected)?;
                let view = MessageView::of_deliver(&row.value).map_err(|e| format!("{e:?}"))?;
                self.place(chat, expected, view.message_id())?;
                if !messages.insert(view.message_id()) {
                    return Err(format!("{chat}: {:x} is there twice", view.message_id()));
                }
            }
            let writers = clients.iter().filter(|client| client.chat == chat);
            let sent: u64 = writers.map(|client| client.messages).sum();
            if messages.len() as u64 != sent {
                return Err(format!("{chat}: {} messages of {sent}", messages.len()));
            }
        }
        match store.inserts_over_rows() {
            0 => Ok(()),
            count => Err(format!("{count} inserts over rows that were there")),
        }
    }
}

fn check_key(key: &Key, chat: ChatId, expected: Seq) -> Result<(), String> {
    if *key == key::message::encode(chat, expected) {
        return Ok(());
    }
    Err(format!("{chat}: {key:?} in the place of {expected}"))
}
