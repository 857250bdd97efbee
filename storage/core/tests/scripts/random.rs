//! Random commands against the model: pages, lists, marks, trimming and pending rows; one by one and in batches.

use std::collections::BTreeMap;

use proptest::prelude::*;
use ringpost_storage_core::key::{self, Family};
use ringpost_storage_core::outcome::Unlinking;
use ringpost_storage_core::row::{Pending, Row};
use ringpost_storage_core::{Command, Outcome, Retention};
use ringpost_wire::{ChatId, DeviceAddress, EmptyRange, EmptyReason, MessageView};

use crate::model::ChatModel;
use crate::world::{World, device, message, numbers};

const NAMES: [&str; 3] = ["ann", "bob", "cid"];
const PAIRS: [(&str, &str); 4] = [
    ("ann", "bob"),
    ("ann", "cid"),
    ("bob", "cid"),
    ("ann", "ann"),
];

/// One step, in small numbers that are made to fit when it is taken.
#[derive(Clone, Copy, Debug)]
enum Step {
    Send {
        chat: usize,
        device: usize,
        later_ms: u64,
        unnumbered: bool,
    },
    Repeat {
        chat: usize,
        device: usize,
    },
    Acknowledge {
        chat: usize,
        device: usize,
        seq: u64,
    },
    Read {
        chat: usize,
        device: usize,
        to: u64,
    },
    Page {
        chat: usize,
        device: usize,
        from: u64,
        max: u16,
    },
    Register {
        name: usize,
    },
    Unlink {
        name: usize,
        device: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let (chat, device) = (0..PAIRS.len(), 0..16_usize);
    let both = (chat, device);
    prop_oneof![
        6 => (both.clone(), 0..3_u64, any::<bool>()).prop_map(|((chat, device), later_ms, unnumbered)| {
            Step::Send { chat, device, later_ms, unnumbered }
        }),
        1 => both.clone().prop_map(|(chat, device)| Step::Repeat { chat, device }),
        4 => (both.clone(), 0..40_u64).prop_map(|((chat, device), seq)| Step::Acknowledge { chat, device, seq }),
        1 => (both.clone(), 0..40_u64).prop_map(|((chat, device), to)| Step::Read { chat, device, to }),
        2 => (both, 1..40_u64, 1..9_u16).prop_map(|((chat, device), from, max)| {
            Step::Page { chat, device, from, max }
        }),
        1 => (0..NAMES.len()).prop_map(|name| Step::Register { name }),
        1 => (0..NAMES.len(), 0..4_usize).prop_map(|(name, device)| Step::Unlink { name, device }),
    ]
}

/// The world and its model, side by side.
struct Pair {
    world: World,
    chats: BTreeMap<ChatId, ChatModel>,
    devices: BTreeMap<&'static str, u32>,
    messages: u64,
    last_send: BTreeMap<(ChatId, DeviceAddress), (bytes::Bytes, u64)>,
    ran: Vec<Command>,
    outcomes: Vec<Outcome>,
}

impl Pair {
    fn new() -> Self {
        let mut pair = Self {
            world: World::new(Retention::UntilDelivered),
            chats: BTreeMap::new(),
            devices: BTreeMap::new(),
            messages: 0,
            last_send: BTreeMap::new(),
            ran: Vec::new(),
            outcomes: Vec::new(),
        };
        for name in NAMES {
            pair.world.register(device(name, 1));
            pair.devices.insert(name, 1);
        }
        for (one, other) in PAIRS {
            let chat = pair.world.open(one, other);
            let mut model = ChatModel::default();
            model.next.insert(device(one, 1), 1);
            model.next.insert(device(other, 1), 1);
            model.last_time_ms = pair.world.now_ms;
            pair.chats.insert(chat, model);
        }
        pair
    }

    /// Runs a command and remembers it, for the same in batches.
    fn run(&mut self, command: Command) -> Outcome {
        let outcome = self.world.one(command.clone());
        self.ran.push(command);
        self.outcomes.push(outcome.clone());
        outcome
    }

    fn chat(&self, chat: usize) -> ChatId {
        *self
            .chats
            .keys()
            .nth(chat)
            .expect("steps name chats that are there")
    }

    fn member(&self, chat: ChatId, device: usize) -> DeviceAddress {
        let members = &self.chats[&chat].next;
        *members
            .keys()
            .nth(device % members.len())
            .expect("a chat has members")
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Send {
                chat,
                device,
                later_ms,
                unnumbered,
            } => {
                self.world.now_ms += later_ms;
                let chat = self.chat(chat);
                self.send(chat, self.member(chat, device), unnumbered);
            }
            Step::Repeat { chat, device } => {
                let chat = self.chat(chat);
                self.repeat(chat, self.member(chat, device));
            }
            Step::Acknowledge { chat, device, seq } => {
                let chat = self.chat(chat);
                self.acknowledge(chat, self.member(chat, device), seq);
            }
            Step::Read { chat, device, to } => {
                let chat = self.chat(chat);
                self.read(chat, self.member(chat, device), to);
            }
            Step::Page {
                chat,
                device,
                from,
                max,
            } => {
                let chat = self.chat(chat);
                self.page(chat, self.member(chat, device), from, max);
            }
            Step::Register { name } => self.register(NAMES[name]),
            Step::Unlink { name, device } => self.unlink(NAMES[name], device),
        }
    }

    fn send(&mut self, chat: ChatId, sender: DeviceAddress, unnumbered: bool) {
        self.messages += 1;
        let now_ms = self.world.now_ms;
        let model = self.chats.get_mut(&chat).expect("the chat is there");
        let number = model.client_seq.entry(sender).or_insert(0);
        *number += 1;
        let (number, client_seq) = (*number, if unnumbered { 0 } else { *number });
        let frame = message(chat, client_seq, self.messages, 0);
        self.last_send
            .insert((chat, sender), (frame.clone(), model.head() + 1));
        let outcome = self.run(Command::Append {
            sender,
            frame,
            now_ms,
        });
        let Outcome::Appended(appended) = outcome else {
            panic!("{outcome:?}");
        };
        let model = self.chats.get_mut(&chat).expect("the chat is there");
        assert_eq!(
            (appended.seq, appended.client_seq),
            (model.head() + 1, number)
        );
        assert_eq!(appended.time_ms, now_ms.max(model.last_time_ms));
        let delivery = appended.delivery.expect("it is new");
        let was_behind: Vec<_> = model
            .next
            .keys()
            .filter(|device| model.is_behind(**device))
            .map(|device| device.user)
            .collect();
        model.append(sender, delivery.frame.clone(), appended.time_ms);
        let behind = model.next.keys().filter(|device| model.is_behind(**device));
        let mut became: Vec<_> = behind
            .map(|device| device.user)
            .filter(|user| !was_behind.contains(user))
            .collect();
        became.dedup();
        assert_eq!(delivery.became_pending, became);
        let mut members: Vec<_> = model
            .next
            .keys()
            .filter(|device| **device != sender)
            .map(|device| device.user)
            .collect();
        members.dedup();
        assert_eq!(delivery.members, members);
    }

    fn repeat(&mut self, chat: ChatId, sender: DeviceAddress) {
        let Some((frame, seq)) = self.last_send.get(&(chat, sender)).cloned() else {
            return;
        };
        let now_ms = self.world.now_ms;
        let outcome = self.run(Command::Append {
            sender,
            frame,
            now_ms,
        });
        let Outcome::Appended(appended) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!((appended.seq, appended.delivery), (seq, None));
    }

    fn acknowledge(&mut self, chat: ChatId, device: DeviceAddress, seq: u64) {
        let model = self.chats.get_mut(&chat).expect("the chat is there");
        let seq = seq.min(model.head());
        let before = model.delivered_to(device.user);
        let next = model.next.get_mut(&device).expect("it is a member's");
        *next = (*next).max(seq + 1);
        let next = Some(*next).filter(|next| *next <= model.head());
        let after = model.delivered_to(device.user);
        let outcome = self.run(Command::Acknowledge { device, chat, seq });
        let Outcome::Acknowledged(acknowledged) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(acknowledged.next, next);
        let told = acknowledged.receipt.map(|due| due.receipt.delivered_to);
        assert_eq!(told, Some(after).filter(|after| *after > before));
    }

    fn read(&mut self, chat: ChatId, device: DeviceAddress, to: u64) {
        let model = self.chats.get_mut(&chat).expect("the chat is there");
        let read_to = to.min(model.head());
        let mark = model.read_to.entry(device.user).or_insert(0);
        let moves = read_to > *mark;
        *mark = (*mark).max(read_to);
        let outcome = self.run(Command::MarkRead {
            device,
            chat,
            read_to,
        });
        let Outcome::ReadMarked(marked) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(marked.receipt.is_some(), moves);
    }

    fn page(&mut self, chat: ChatId, device: DeviceAddress, from: u64, max: u16) {
        let outcome = self.run(Command::ReadPage {
            device,
            chat,
            from,
            messages_max: max,
            bytes_max: 100_000,
        });
        let Outcome::Page(page) = outcome else {
            panic!("{outcome:?}");
        };
        let model = &self.chats[&chat];
        let trimmed_to = model.trimmed_to();
        let start = model.start.get(&device).copied().unwrap_or(1);
        let first = from.max(trimmed_to + 1).max(start);
        let last = model.head().min(first + u64::from(max) - 1);
        let expected: Vec<u64> = (first..=last).collect();
        assert_eq!(numbers(&page), expected);
        let frames = expected
            .iter()
            .map(|seq| &model.messages[*seq as usize - 1]);
        assert!(page.messages.iter().eq(frames));
        let hidden = EmptyRange {
            from,
            to: model.head().min(start - 1),
            reason: EmptyReason::NotVisible,
        };
        let trimmed = EmptyRange {
            from: from.max(start),
            to: trimmed_to,
            reason: EmptyReason::Trimmed,
        };
        let empty: Vec<_> = [hidden, trimmed]
            .into_iter()
            .filter(|range| range.from <= range.to)
            .collect();
        assert_eq!(page.empty, empty);
        assert_eq!(
            (page.head, page.first_available),
            (model.head(), start.max(trimmed_to + 1))
        );
        assert_eq!(
            page.to,
            if from > model.head() {
                from - 1
            } else {
                last.max(trimmed_to).max(hidden.to)
            }
        );
        assert_eq!(page.complete, page.to >= model.head());
        assert_eq!(
            (page.delivered_to, page.read_to),
            model.marks_of_others(device.user)
        );
    }

    fn register(&mut self, name: &'static str) {
        let number = self.devices.get_mut(name).expect("they are registered");
        if *number == 4 {
            return;
        }
        *number += 1;
        let new = device(name, *number);
        let now_ms = self.world.now_ms;
        let registered = self.run(Command::RegisterDevice {
            issued_ms: u64::MAX,
            device: new,
            create: true,
            link_after: None,
            now_ms,
        });
        let Outcome::Registered(registered) = registered else {
            panic!("{registered:?}");
        };
        for chat in registered.unlinked {
            self.run(Command::LinkDevice { chat, device: new });
            let model = self.chats.get_mut(&chat).expect("the chat is there");
            let next = model.head() + 1;
            model.next.insert(new, next);
            model.start.insert(new, next);
        }
        self.run(Command::FinishLinking { device: new });
    }

    /// One of the user's devices goes, though not the last: the model finds members by their devices.
    fn unlink(&mut self, name: &'static str, place: usize) {
        let user = crate::world::user(name);
        let models = self.chats.values();
        let mut devices: Vec<DeviceAddress> = models
            .flat_map(|model| model.next.keys().copied())
            .filter(|device| device.user == user)
            .collect();
        devices.sort();
        devices.dedup();
        if devices.len() < 2 {
            return;
        }
        let device = devices[place % devices.len()];
        let outcome = self.run(Command::UnlinkDevice {
            device,
            seen_before_day: u32::MAX,
            remove_after: None,
        });
        let Outcome::Unlinking(Unlinking::Due { chats, next: None }) = outcome else {
            panic!("{outcome:?}");
        };
        for chat in chats {
            let outcome = self.run(Command::RemoveDevice { chat, device });
            assert_eq!(outcome, Outcome::DeviceRemoved);
            let model = self.chats.get_mut(&chat).expect("the chat is there");
            model.remove(device);
            self.last_send.remove(&(chat, device));
        }
        assert!(
            self.chats
                .values()
                .all(|model| !model.next.contains_key(&device))
        );
        self.run(Command::FinishUnlinking { device });
    }

    /// Pending rows are there exactly while a device is behind; so are messages that someone has still to get.
    fn check_rows(&self) {
        let map = &self.world.map;
        let mut rows = 0;
        let mut messages = 0;
        for (chat, model) in &self.chats {
            messages += model.head() - model.trimmed_to();
            let mut users: Vec<_> = model.next.keys().map(|device| device.user).collect();
            users.dedup();
            for user in users {
                let behind = model
                    .next
                    .iter()
                    .filter(|(device, _)| device.user == user && model.is_behind(**device));
                let expected: Vec<_> = behind
                    .map(|(device, next)| (device.device, *next))
                    .collect();
                let row = map.0.get(&key::pending::encode(user, *chat));
                let found = row.map(|row| Pending::decode(row).expect("the row is whole").lagging);
                let found: Vec<_> = found
                    .unwrap_or_default()
                    .iter()
                    .map(|entry| (entry.device, entry.next))
                    .collect();
                assert_eq!(found, expected);
                rows += usize::from(row.is_some());
            }
        }
        assert_eq!(map.count(Family::Pending), rows);
        assert_eq!(map.count(Family::Message) as u64, messages);
    }

    fn check_lists(&mut self) {
        let devices: Vec<DeviceAddress> = self
            .devices
            .iter()
            .flat_map(|(name, count)| (1..=*count).map(|number| device(name, number)))
            .collect();
        for device in devices {
            for (max, all) in [(1, false), (2, true), (100, false), (100, true)] {
                let listed = match all {
                    true => self.world.all_chats(device, max),
                    false => self.world.pending(device, max),
                };
                let listed: Vec<_> = listed
                    .iter()
                    .map(|entry| {
                        (
                            entry.chat,
                            entry.from,
                            entry.head,
                            entry.last_time_ms,
                            (entry.delivered_to, entry.read_to),
                        )
                    })
                    .collect();
                let behind = self.chats.iter().filter(|(_, model)| {
                    model.next.contains_key(&device) && (all || model.is_behind(device))
                });
                let expected: Vec<_> = behind
                    .map(|(chat, model)| {
                        (
                            *chat,
                            model.next[&device],
                            model.head(),
                            model.last_time_ms,
                            model.marks_of_others(device.user),
                        )
                    })
                    .collect();
                assert_eq!(listed, expected);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_does_what_the_model_says(steps in proptest::collection::vec(step(), 1..120), size in 1..40_usize) {
        let mut pair = Pair::new();
        let mut batched = pair.world.clone();
        for step in steps {
            pair.take(step);
            pair.check_rows();
        }
        pair.check_lists();
        let mut outcomes = Vec::new();
        for commands in pair.ran.chunks(size) {
            outcomes.extend(batched.run(commands));
        }
        prop_assert_eq!(&outcomes, &pair.outcomes);
        prop_assert_eq!(&batched.map, &pair.world.map);
        for (_, row) in pair.world.map.0.iter().filter(|(key, _)| Family::of(key) == Some(Family::Message)) {
            prop_assert!(MessageView::of_deliver(row).is_ok());
        }
    }
}
