//! Random histories: after any commands, half-done linking and unlinking among them, the check finds nothing.

use std::collections::BTreeMap;

use proptest::prelude::*;
use ringpost_engine_tests::people::{NOW_MS, device, message, open, register, send, user};
use ringpost_engine_tests::{Engine, LaneEngine, MapEngine};
use ringpost_storage_core::{Command, Outcome, Retention, Rules};
use ringpost_wire::{ChatId, DeviceAddress};

use crate::histories::assert_good;
use crate::rows::MapRows;

const NAMES: [&str; 3] = ["ann", "bob", "cid"];

/// One step, in small numbers; many come to nothing.
#[derive(Clone, Copy, Debug)]
enum Step {
    Register {
        device: DeviceAddress,
        links: usize,
    },
    Open {
        one: usize,
        other: usize,
    },
    Send {
        sender: DeviceAddress,
        other: usize,
        unnumbered: bool,
    },
    Acknowledge {
        device: DeviceAddress,
        other: usize,
        seq: u64,
    },
    Read {
        device: DeviceAddress,
        other: usize,
        seq: u64,
    },
    Unlink {
        device: DeviceAddress,
        removals: usize,
    },
    Trim {
        one: usize,
        other: usize,
        days: u64,
    },
}

fn a_device() -> impl Strategy<Value = DeviceAddress> {
    (0..NAMES.len(), 1..5_u32).prop_map(|(name, number)| device(NAMES[name], number))
}

fn step() -> impl Strategy<Value = Step> {
    let other = 0..NAMES.len();
    let marked = || (a_device(), 0..NAMES.len(), 0..30_u64);
    prop_oneof![
        2 => (a_device(), 0..4_usize).prop_map(|(device, links)| Step::Register { device, links }),
        2 => (other.clone(), other.clone()).prop_map(|(one, other)| Step::Open { one, other }),
        8 => (a_device(), other.clone(), any::<bool>())
            .prop_map(|(sender, other, unnumbered)| Step::Send { sender, other, unnumbered }),
        4 => marked().prop_map(|(device, other, seq)| Step::Acknowledge { device, other, seq }),
        1 => marked().prop_map(|(device, other, seq)| Step::Read { device, other, seq }),
        1 => (a_device(), 0..4_usize).prop_map(|(device, removals)| Step::Unlink { device, removals }),
        1 => (other.clone(), other, 0..9_u64)
            .prop_map(|(one, other, days)| Step::Trim { one, other, days }),
    ]
}

/// A store and what its clients know.
struct History<E> {
    engine: E,
    messages: u64,
    sent: BTreeMap<(DeviceAddress, ChatId), u64>,
}

impl<E: Engine> History<E> {
    fn new(engine: E) -> Self {
        Self {
            engine,
            messages: 0,
            sent: BTreeMap::new(),
        }
    }

    fn run(&mut self, command: Command) -> Outcome {
        self.engine.run(vec![command]).remove(0)
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Register { device, links } => self.register(device, links),
            Step::Open { one, other } => drop(self.run(open(NAMES[one], NAMES[other]))),
            Step::Send {
                sender,
                other,
                unnumbered,
            } => self.send(sender, chat(sender, other), unnumbered),
            Step::Acknowledge { device, other, seq } => {
                let chat = chat(device, other);
                self.run(Command::Acknowledge { device, chat, seq });
            }
            Step::Read { device, other, seq } => {
                let (chat, read_to) = (chat(device, other), seq);
                self.run(Command::MarkRead {
                    device,
                    chat,
                    read_to,
                });
            }
            Step::Unlink { device, removals } => self.unlink(device, removals),
            Step::Trim { one, other, days } => {
                let chat = ChatId::one_to_one(user(NAMES[one]), user(NAMES[other]));
                let now_ms = NOW_MS + days * 86_400_000;
                self.run(Command::Trim { chat, now_ms });
            }
        }
    }

    /// Links up to `links` chats; fewer than there are leaves the device half linked.
    fn register(&mut self, device: DeviceAddress, links: usize) {
        let Outcome::Registered(registered) = self.run(register(device)) else {
            return;
        };
        let is_whole = registered.unlinked.len() <= links;
        for chat in registered.unlinked.into_iter().take(links) {
            self.run(Command::LinkDevice { chat, device });
        }
        if is_whole {
            self.run(Command::FinishLinking { device });
        }
    }

    fn send(&mut self, sender: DeviceAddress, chat: ChatId, unnumbered: bool) {
        self.messages += 1;
        let last = self.sent.get(&(sender, chat)).copied().unwrap_or_default();
        let client_seq = if unnumbered { 0 } else { last + 1 };
        let outcome = self.run(send(sender, &message(chat, client_seq, self.messages)));
        if let Outcome::Appended(appended) = outcome {
            self.sent.insert((sender, chat), appended.client_seq);
        }
    }

    fn unlink(&mut self, device: DeviceAddress, removals: usize) {
        let unlink = Command::UnlinkDevice {
            device,
            seen_before_day: u32::MAX,
            remove_after: None,
        };
        let Outcome::Unlinking(ringpost_storage_core::outcome::Unlinking::Due { chats, .. }) =
            self.run(unlink)
        else {
            return;
        };
        let is_whole = chats.len() <= removals;
        for chat in chats.into_iter().take(removals) {
            self.run(Command::RemoveDevice { chat, device });
        }
        if is_whole {
            self.run(Command::FinishUnlinking { device });
        }
    }
}

fn chat(device: DeviceAddress, other: usize) -> ChatId {
    ChatId::one_to_one(device.user, user(NAMES[other]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_history_leaves_a_good_store(
        days in prop_oneof![Just(None), (1..5_u32).prop_map(Some)],
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let retention = days.map_or(Retention::UntilDelivered, Retention::Days);
        let mut history = History::new(MapEngine::new(Rules { retention }));
        for (index, step) in steps.iter().enumerate() {
            history.take(*step);
            if index % 20 == 19 {
                assert_good(&history.engine);
            }
        }
        assert_good(&history.engine);
    }

    #[test]
    fn a_stormy_history_leaves_a_good_store(
        seed in any::<u64>(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let retention = Retention::UntilDelivered;
        let mut history = History::new(LaneEngine::stormy(Rules { retention }, seed));
        for (index, step) in steps.iter().enumerate() {
            history.take(*step);
            if index % 20 == 19 {
                history.engine.restart();
            }
        }
        let mut rows = MapRows::of_rows(history.engine.rows());
        let report = rows.report(1 << 20);
        prop_assert_eq!(report.findings, vec![]);
        prop_assert!(report.rows["fence"] > 0 && report.rows["lane_record"] == 1);
    }
}
