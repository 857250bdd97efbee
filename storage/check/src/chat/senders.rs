//! What the windows of a chat say of the messages in its log, for each message as it comes.
//!
//! A sender whose window cannot be read is not held against its messages.

use std::collections::BTreeMap;

use ringpost_storage_core::key;
use ringpost_storage_core::sequencer::{Kept, SendResult, Window};
use ringpost_storage_core::store::Key;
use ringpost_wire::{ChatId, DeviceAddress, MessageView, Seq, digest};

use super::rows::ChatRows;
use crate::FindingKind;
use crate::findings::Findings;

/// The windows of a chat, and the messages that they tell of.
#[derive(Debug)]
pub(super) struct Senders {
    chat: ChatId,
    windows: BTreeMap<DeviceAddress, Sender>,
    told: BTreeMap<Seq, Told>,
}

#[derive(Debug)]
struct Sender {
    /// `None` when it cannot be read.
    window: Option<Window>,
    /// The last number seen in the log.
    seen: u64,
}

/// A result of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    sender: DeviceAddress,
    client_seq: u64,
    digest: u64,
    time_ms: u64,
}

impl Senders {
    /// The windows of a chat, whose head can be read.
    pub fn of(rows: &ChatRows) -> Self {
        let mut senders = Self {
            chat: rows.chat,
            windows: BTreeMap::new(),
            told: BTreeMap::new(),
        };
        for (sender, window) in &rows.windows {
            senders.add(*sender, window.as_ref());
        }
        for (sender, window) in rows.whole_head().into_iter().flat_map(|head| &head.windows) {
            senders.add(*sender, Some(window));
        }
        senders
    }

    fn add(&mut self, sender: DeviceAddress, window: Option<&Window>) {
        for (client_seq, kept) in window.into_iter().flat_map(numbered) {
            if let SendResult::Stored { seq, time_ms } = kept.result {
                let told = Told {
                    sender,
                    client_seq,
                    digest: kept.digest,
                    time_ms,
                };
                self.told.insert(seq, told);
            }
        }
        let window = window.cloned();
        self.windows.insert(sender, Sender { window, seen: 0 });
    }

    /// Checks a message of the log, each once, in their order.
    pub fn check(&mut self, key: &Key, message: &MessageView<'_>, findings: &mut Findings) {
        let sender = message.sender();
        let client_seq = message.client_seq();
        let Some(known) = self.windows.get_mut(&sender) else {
            findings.add(FindingKind::WindowBehind, key.as_slice(), || {
                format!("a window of device {} of {}", sender.device, sender.user)
            });
            return;
        };
        if client_seq <= known.seen {
            findings.add(FindingKind::MessageDoubled, key.as_slice(), || {
                format!(
                    "a number of its sender after {}; it is {client_seq}",
                    known.seen
                )
            });
        }
        known.seen = known.seen.max(client_seq);
        let Some(window) = &known.window else {
            return;
        };
        if client_seq > window.last() {
            findings.add(FindingKind::WindowBehind, key.as_slice(), || {
                let last = window.last();
                format!("a number of its sender up to {last}; it is {client_seq}")
            });
            return;
        }
        let found = Told {
            sender,
            client_seq,
            digest: digest(message),
            time_ms: message.time_ms(),
        };
        let is_kept = numbered(window).any(|(number, _)| number == client_seq);
        let told = self.told.get(&message.seq());
        let agrees = told.map_or(!is_kept, |told| *told == found);
        if !agrees {
            findings.add(FindingKind::WindowDisagrees, key.as_slice(), || {
                difference(self.chat, told, &found)
            });
        }
    }
}

/// The results of a window with their numbers.
fn numbered(window: &Window) -> impl Iterator<Item = (u64, &Kept)> {
    let first = window.last() + 1 - window.results().len() as u64;
    (first..).zip(window.results())
}

fn difference(chat: ChatId, told: Option<&Told>, found: &Told) -> String {
    let Some(told) = told else {
        let key = key::window::encode(chat, found.sender);
        let window = crate::key_text(key.as_slice());
        return format!(
            "as the {window} says: number {} elsewhere",
            found.client_seq
        );
    };
    let text = |told: &Told| {
        format!(
            "device {} of {}, its number {}, digest {:016x}, {} ms",
            told.sender.device, told.sender.user, told.client_seq, told.digest, told.time_ms
        )
    };
    format!("by the window: {}; it is {}", text(told), text(found))
}
