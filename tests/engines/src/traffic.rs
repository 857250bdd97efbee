//! Mixed batches for comparing engines: made by a seed, steered by the outcomes, so that most commands mean something.
//!
//! Invariant: the same seed and the same outcomes give the same batches.

use std::collections::BTreeMap;

use ringpost_storage_core::memory::Dice;
use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::{ChatId, DeviceAddress};

use crate::people::{NOW_MS, device, message, open, register, send, user};

const NAMES: [&str; 5] = ["ann", "bob", "cid", "dot", "eve"];
const DEVICES: u64 = 3;
const BATCH_COMMANDS_MAX: u64 = 12;

/// Makes batches.
#[derive(Debug)]
pub struct Traffic {
    dice: Dice,
    messages: u64,
    /// The next number of each device in each chat.
    next: BTreeMap<(DeviceAddress, ChatId), u64>,
    /// The last message known of each chat.
    heads: BTreeMap<ChatId, u64>,
}

impl Traffic {
    /// Of a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed),
            messages: 0,
            next: BTreeMap::new(),
            heads: BTreeMap::new(),
        }
    }

    /// The commands that register everyone's first device and open all chats.
    pub fn beginning() -> Vec<Command> {
        let registers = NAMES.iter().map(|name| register(device(name, 1)));
        let pairs = NAMES
            .iter()
            .flat_map(|one| NAMES.map(|other| (*one, other)));
        registers
            .chain(pairs.map(|(one, other)| open(one, other)))
            .collect()
    }

    /// The next batch.
    pub fn batch(&mut self) -> Vec<Command> {
        let count = 1 + self.below(BATCH_COMMANDS_MAX);
        (0..count).map(|_| self.command()).collect()
    }

    /// Takes what became of a batch.
    pub fn learn(&mut self, commands: &[Command], outcomes: &[Outcome]) {
        for (command, outcome) in commands.iter().zip(outcomes) {
            let Command::Append { sender, .. } = command else {
                continue;
            };
            match outcome {
                Outcome::Appended(appended) => {
                    let head = self.heads.entry(appended.chat).or_default();
                    *head = appended.seq.max(*head);
                    let next = self.next.entry((*sender, appended.chat)).or_insert(1);
                    *next = (appended.client_seq + 1).max(*next);
                }
                Outcome::AppendRefused(refused) if refused.expected > 0 => {
                    self.next.insert((*sender, refused.chat), refused.expected);
                }
                _ => {}
            }
        }
    }

    fn command(&mut self) -> Command {
        let device = self.device();
        let chat = self.chat_of(device);
        let mark = {
            let head = self.heads.get(&chat).copied().unwrap_or_default();
            self.below(head + 2)
        };
        match self.below(100) {
            0..50 => self.append(device, chat),
            50..65 => Command::Acknowledge {
                device,
                chat,
                seq: mark,
            },
            65..70 => Command::MarkRead {
                device,
                chat,
                read_to: mark,
            },
            70..78 => Command::ReadPage {
                device,
                chat,
                from: mark.max(1),
                messages_max: 20,
                bytes_max: 2_000,
            },
            78..83 => Command::ListPending {
                device,
                after: None,
                chats_max: 3,
                all: false,
            },
            83..88 => register(device),
            88..92 => Command::LinkDevice { chat, device },
            92..94 => Command::FinishLinking { device },
            94..99 => self.rare(device, chat),
            _ => Command::InspectChat { chat },
        }
    }

    fn rare(&mut self, device: DeviceAddress, chat: ChatId) -> Command {
        match self.below(6) {
            // Everyone keeps the first device.
            0 if device.device > 1 => Command::UnlinkDevice {
                device,
                seen_before_day: u32::MAX,
                remove_after: None,
            },
            1 => Command::RemoveDevice { chat, device },
            2 => Command::FinishUnlinking { device },
            3 => Command::OpenChat {
                opener: device.user,
                other: user("nobody"),
                now_ms: NOW_MS,
            },
            _ => Command::Trim {
                chat,
                now_ms: NOW_MS + self.below(9) * 86_400_000,
            },
        }
    }

    /// Mostly the next number with a new message, sometimes an old one again, none, or one too high.
    fn append(&mut self, sender: DeviceAddress, chat: ChatId) -> Command {
        let next = self.next.get(&(sender, chat)).copied().unwrap_or(1);
        let number = match self.below(20) {
            0 => next + 1,
            1 => next.saturating_sub(1).max(1),
            2 => 0,
            _ => next,
        };
        let is_repeat = self.below(30) == 0;
        self.messages += u64::from(!is_repeat);
        if number == next {
            self.next.insert((sender, chat), next + 1);
        }
        send(sender, &message(chat, number, self.messages))
    }

    fn device(&mut self) -> DeviceAddress {
        let name = NAMES[self.below(NAMES.len() as u64) as usize];
        // Most people have one device that works.
        let number = 1 + self.below(DEVICES * 2).saturating_sub(DEVICES);
        device(name, number as u32)
    }

    /// Mostly a chat of the device's user.
    fn chat_of(&mut self, device: DeviceAddress) -> ChatId {
        let one = match self.below(10) {
            0 => user(NAMES[self.below(NAMES.len() as u64) as usize]),
            _ => device.user,
        };
        let other = NAMES[self.below(NAMES.len() as u64) as usize];
        ChatId::one_to_one(one, user(other))
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.dice.below(bound)
    }
}
