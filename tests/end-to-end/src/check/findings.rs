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
    /// The first few of what is wrong, in words.
    pub examples: Vec<String>,
    wrong: BTreeMap<Wrong, u64>,
}

/// A kind of thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// A message answered `Sent` that a device of the chat never got.
    Lost,
    /// A message that was never answered.
    Unanswered,
    /// A message that reached an application twice.
    Repeated,
    /// A number of a chat that a device does not know.
    Missing,
    /// A message that came before one that should have come earlier.
    Disordered,
    /// A place that two devices, or a device and the server, know differently.
    Contradicted,
    /// Something that a client was told and that must not happen.
    Odd,
}

impl Wrong {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Lost,
        Self::Unanswered,
        Self::Repeated,
        Self::Missing,
        Self::Disordered,
        Self::Contradicted,
        Self::Odd,
    ];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Unanswered => "unanswered",
            Self::Repeated => "repeated",
            Self::Missing => "missing",
            Self::Disordered => "disordered",
            Self::Contradicted => "contradicted",
            Self::Odd => "odd",
        }
    }
}

impl Findings {
    /// Whether everything holds.
    pub fn is_clean(&self) -> bool {
        self.wrong.is_empty()
    }

    /// How often something is wrong in this way.
    pub fn times(&self, wrong: Wrong) -> u64 {
        self.wrong.get(&wrong).copied().unwrap_or(0)
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        let mut value = json!({
            "chats": self.chats,
            "sent": self.sent,
            "kept": self.kept,
            "examples": self.examples,
        });
        for wrong in Wrong::ALL {
            value[wrong.name()] = self.times(wrong).into();
        }
        value
    }

    /// Counts one thing that is wrong.
    pub(crate) fn add(&mut self, wrong: Wrong, what: impl FnOnce() -> String) {
        *self.wrong.entry(wrong).or_default() += 1;
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
