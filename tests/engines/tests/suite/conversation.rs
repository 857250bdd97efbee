//! Random conversations with restarts: every engine answers each command as the map does.

use ringpost_engine_tests::people::{NOW_MS, device, message, open, register, send, user};
use ringpost_engine_tests::{Engine, LaneEngine};
use ringpost_storage_core::Command;
use ringpost_storage_core::memory::{Dice, Fault};
use ringpost_wire::{ChatId, DeviceAddress};

use crate::each_engine::{self, RULES};

const NAMES: [&str; 4] = ["ann", "bob", "cid", "dan"];
const BATCHES: usize = 40;

fn anyone(dice: &mut Dice) -> &'static str {
    NAMES[dice.below(NAMES.len() as u64) as usize]
}

fn chat_of(dice: &mut Dice) -> (ChatId, DeviceAddress) {
    let (one, other) = (anyone(dice), anyone(dice));
    let member = device(one, 1 + dice.below(2) as u32);
    (ChatId::one_to_one(user(one), user(other)), member)
}

/// A command that often makes sense, and sometimes does not.
fn command(dice: &mut Dice) -> Command {
    let (chat, device) = chat_of(dice);
    let number = dice.below(12);
    match dice.below(10) {
        0..4 => send(device, &message(chat, 0, dice.below(1_000_000))),
        4 => send(device, &message(chat, number, number)),
        5 | 6 => Command::Acknowledge {
            device,
            chat,
            seq: dice.below(30),
        },
        7 => Command::MarkRead {
            device,
            chat,
            read_to: dice.below(30),
        },
        8 => Command::ReadPage {
            device,
            chat,
            from: 1 + dice.below(20),
            messages_max: 1 + dice.below(10) as u16,
            bytes_max: 1 + dice.below(3000) as u32,
        },
        _ => Command::ListPending {
            device,
            after: None,
            chats_max: 1 + dice.below(5) as u16,
            all: dice.below(4) == 0,
        },
    }
}

/// Everyone registers with two devices, and everyone has a chat with everyone.
fn beginning() -> Vec<Command> {
    let mut commands = Vec::new();
    for name in NAMES {
        commands.extend([register(device(name, 1)), register(device(name, 2))]);
    }
    for one in NAMES {
        commands.extend(NAMES.map(|other| open(one, other)));
    }
    commands
}

fn converse(engine: &mut dyn Engine, seed: u64) {
    let mut dice = Dice::new(seed);
    let mut map = each_engine::map();
    let first = beginning();
    assert_eq!(engine.run(first.clone()), map.run(first));
    for batch in 0..BATCHES {
        let commands: Vec<Command> = (0..1 + dice.below(20))
            .map(|_| command(&mut dice))
            .collect();
        let expected = map.run(commands.clone());
        assert_eq!(engine.run(commands), expected, "seed {seed}, batch {batch}");
        if dice.below(8) == 0 {
            engine.restart();
        }
    }
    let chats = NAMES.map(|name| Command::InspectChat {
        chat: ChatId::one_to_one(user("ann"), user(name)),
    });
    assert_eq!(engine.run(chats.to_vec()), map.run(chats.to_vec()));
    let trim = Command::Trim {
        chat: ChatId::one_to_one(user("ann"), user("bob")),
        now_ms: NOW_MS,
    };
    assert_eq!(engine.run(vec![trim.clone()]), map.run(vec![trim]));
}

#[test]
fn the_lane_answers_as_the_map() {
    for seed in 0..10 {
        converse(&mut *each_engine::lane(), seed);
    }
}

#[test]
fn the_stormy_lane_answers_as_the_map() {
    let mut faults = [0; 4];
    for seed in 0..30 {
        let mut engine = LaneEngine::stormy(RULES, seed);
        converse(&mut engine, seed);
        let kinds = [
            Fault::UnknownApplied,
            Fault::UnknownLost,
            Fault::LateDied,
            Fault::ShortPage,
        ];
        for (sum, fault) in faults.iter_mut().zip(kinds) {
            *sum += engine.count(fault);
        }
    }
    assert!(faults.iter().all(|count| *count > 10), "{faults:?}");
}

#[test]
fn the_embedded_log_answers_as_the_map() {
    for seed in 0..10 {
        converse(&mut *each_engine::embedded_log(), seed);
    }
}

#[test]
fn the_embedded_tables_answer_as_the_map() {
    for seed in 0..4 {
        converse(&mut *each_engine::embedded_tables(), seed);
    }
}
