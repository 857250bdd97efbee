//! Counts what is wrong over all chats, with examples. Input: every device's log and every chat's head. No finding: all holds.

use std::collections::BTreeMap;

use ringpost_wire::{ChatId, Seq};
use serde_json::{Value, json};

use super::chat::check_chat;
use crate::load::DeviceLog;

const EXAMPLES_MAX: usize = 20;

/// What was counted, and what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Chats looked at.
    pub chats: usize,
    /// Messages answered `Sent`.
    pub sent: u64,
    /// Messages kept by applications.
    pub kept: u64,
    /// Messages answered `Sent` that a device of the chat never got.
    pub lost: u64,
    /// Messages that reached an application twice.
    pub repeated: u64,
    /// Numbers of a chat that a device does not know.
    pub missing: u64,
    /// Messages that came before one that should have come earlier.
    pub disordered: u64,
    /// Places that two devices, or a device and the server, know differently.
    pub contradicted: u64,
    /// What a client was told that must not happen.
    pub odd: u64,
    /// The first few, in words.
    pub examples: Vec<String>,
}

/// One thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    Lost,
    Repeated,
    Missing,
    Disordered,
    Contradicted,
    Odd,
}

impl Findings {
    /// Whether everything holds.
    pub fn is_clean(&self) -> bool {
        self.wrong() == 0
    }

    /// How much is wrong.
    pub fn wrong(&self) -> u64 {
        self.lost + self.repeated + self.missing + self.disordered + self.contradicted + self.odd
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "chats": self.chats,
            "sent": self.sent,
            "kept": self.kept,
            "lost": self.lost,
            "repeated": self.repeated,
            "missing": self.missing,
            "disordered": self.disordered,
            "contradicted": self.contradicted,
            "odd": self.odd,
            "examples": self.examples,
        })
    }

    pub(super) fn add(&mut self, wrong: Wrong, what: impl FnOnce() -> String) {
        let count = match wrong {
            Wrong::Lost => &mut self.lost,
            Wrong::Repeated => &mut self.repeated,
            Wrong::Missing => &mut self.missing,
            Wrong::Disordered => &mut self.disordered,
            Wrong::Contradicted => &mut self.contradicted,
            Wrong::Odd => &mut self.odd,
        };
        *count += 1;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(what());
        }
    }
}

/// Checks all chats. `heads` are the chats' last messages as the server tells them.
pub fn check(logs: &[DeviceLog], heads: &BTreeMap<ChatId, Seq>) -> Findings {
    let mut findings = Findings::default();
    let mut chats: BTreeMap<ChatId, Vec<&DeviceLog>> = BTreeMap::new();
    for log in logs {
        chats.entry(log.chat).or_default().push(log);
    }
    for (chat, devices) in chats {
        findings.chats += 1;
        check_chat(&devices, heads.get(&chat).copied(), &mut findings);
    }
    findings
}
