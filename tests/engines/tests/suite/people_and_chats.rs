//! People, chats, queues and marks over restarts.

use ringpost_engine_tests::Engine;
use ringpost_engine_tests::people::{
    NOW_MS, add_device, device, ids, message, one, open, page, pending, register, send, stored, two,
};
use ringpost_storage_core::outcome::Acknowledged;
use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::{ChatId, EmptyRange, EmptyReason, ErrorCode};

use crate::each_engine::on_each_engine;

on_each_engine!(
    registering_and_opening_are_idempotent,
    a_queue_outlives_restarts_and_ends_with_its_acknowledgement,
    acknowledgements_and_read_marks_stay,
    every_device_has_its_own_queue,
    time_never_runs_back,
    strangers_see_nothing_and_learn_of_no_chat,
    a_revoked_device_stays_revoked,
);

fn registering_and_opening_are_idempotent(engine: &mut dyn Engine) {
    let chat = two(engine);
    for _ in 0..2 {
        engine.restart();
        let Outcome::Registered(registered) = one(engine, register(device("ann", 1))) else {
            panic!("a device registers");
        };
        assert!(registered.linked && !registered.created);
        let Outcome::ChatOpened(opened) = one(engine, open("bob", "ann")) else {
            panic!("a chat opens");
        };
        assert_eq!((opened.chat, opened.created), (chat, false));
    }
    let unknown = one(engine, open("ann", "nobody"));
    assert_eq!(unknown, Outcome::Failed(ErrorCode::UnknownUser));
}

fn a_queue_outlives_restarts_and_ends_with_its_acknowledgement(engine: &mut dyn Engine) {
    let chat = two(engine);
    let bob = device("bob", 1);
    let sends = (1..=150).map(|number| send(device("ann", 1), &message(chat, number, number)));
    engine.run(sends.collect());
    engine.restart();
    let entry = pending(engine, bob).chats[0];
    assert_eq!((entry.chat, entry.from, entry.head), (chat, 1, 150));
    let first = page(engine, bob, chat, 1);
    assert_eq!((first.to, first.complete), (100, false));
    let second = page(engine, bob, chat, 101);
    assert_eq!((second.to, second.complete), (150, true));
    let found = [ids(&first), ids(&second)].concat();
    assert_eq!(found, (1..=150).collect::<Vec<_>>());
    engine.run(vec![Command::Acknowledge {
        device: bob,
        chat,
        seq: 149,
    }]);
    engine.restart();
    let rest = page(engine, bob, chat, 1);
    let trimmed = EmptyRange {
        from: 1,
        to: 149,
        reason: EmptyReason::Trimmed,
    };
    assert_eq!((ids(&rest), rest.empty), (vec![150], vec![trimmed]));
    engine.run(vec![Command::Acknowledge {
        device: bob,
        chat,
        seq: 150,
    }]);
    engine.restart();
    assert_eq!(pending(engine, bob).chats, []);
    assert_eq!(page(engine, bob, chat, 1).first_available, 151);
}

fn acknowledgements_and_read_marks_stay(engine: &mut dyn Engine) {
    let chat = two(engine);
    let (ann, bob) = (device("ann", 1), device("bob", 1));
    for number in 1..=4 {
        stored(engine, ann, &message(chat, number, number));
    }
    engine.run(vec![
        Command::Acknowledge {
            device: bob,
            chat,
            seq: 3,
        },
        Command::MarkRead {
            device: bob,
            chat,
            read_to: 2,
        },
    ]);
    engine.restart();
    let late = Command::Acknowledge {
        device: bob,
        chat,
        seq: 1,
    };
    let unchanged = Acknowledged {
        receipt: None,
        next: Some(4),
    };
    assert_eq!(one(engine, late), Outcome::Acknowledged(unchanged));
    let seen = page(engine, ann, chat, 1);
    assert_eq!((seen.delivered_to, seen.read_to), (3, 2));
}

fn every_device_has_its_own_queue(engine: &mut dyn Engine) {
    let chat = two(engine);
    stored(engine, device("ann", 1), &message(chat, 1, 1));
    add_device(engine, chat, device("bob", 2));
    stored(engine, device("ann", 1), &message(chat, 2, 2));
    engine.restart();
    let from = |engine: &mut dyn Engine, number| {
        let chats = pending(engine, device("bob", number)).chats;
        chats.first().map(|entry| entry.from)
    };
    assert_eq!((from(engine, 1), from(engine, 2)), (Some(1), Some(2)));
    engine.run(vec![Command::Acknowledge {
        device: device("bob", 2),
        chat,
        seq: 2,
    }]);
    engine.restart();
    assert_eq!((from(engine, 1), from(engine, 2)), (Some(1), None));
    assert_eq!(ids(&page(engine, device("bob", 1), chat, 1)), [1, 2]);
}

fn time_never_runs_back(engine: &mut dyn Engine) {
    let chat = two(engine);
    let mut times = Vec::new();
    for (number, now_ms) in (1..).zip([NOW_MS + 9, NOW_MS, 0]) {
        engine.restart();
        let mut command = send(device("ann", 1), &message(chat, number, number));
        if let Command::Append { now_ms: now, .. } = &mut command {
            *now = now_ms;
        }
        let Outcome::Appended(appended) = one(engine, command) else {
            panic!("it is stored");
        };
        times.push(appended.time_ms);
    }
    assert_eq!(times, [NOW_MS + 9; 3]);
}

fn strangers_see_nothing_and_learn_of_no_chat(engine: &mut dyn Engine) {
    let chat = two(engine);
    stored(engine, device("ann", 1), &message(chat, 1, 1));
    let eve = device("eve", 1);
    engine.run(vec![register(eve)]);
    let nowhere = ChatId([7; 16]);
    for place in [chat, nowhere] {
        let told = Outcome::Failed(ErrorCode::UnknownChat);
        let read = Command::ReadPage {
            device: eve,
            chat: place,
            from: 1,
            messages_max: 10,
            bytes_max: 1000,
        };
        let acknowledge = Command::Acknowledge {
            device: eve,
            chat: place,
            seq: 1,
        };
        let mark = Command::MarkRead {
            device: eve,
            chat: place,
            read_to: 1,
        };
        for command in [read, acknowledge, mark] {
            assert_eq!(one(engine, command), told);
        }
        let Outcome::AppendRefused(refused) = one(engine, send(eve, &message(place, 1, 9))) else {
            panic!("a stranger sends nothing");
        };
        assert_eq!(refused.code, ErrorCode::UnknownChat);
    }
    assert_eq!(pending(engine, eve).chats, []);
}

fn a_revoked_device_stays_revoked(engine: &mut dyn Engine) {
    let chat = two(engine);
    let ann = device("ann", 1);
    let register_with = |engine: &mut dyn Engine, token_ms| {
        let mut command = register(ann);
        if let Command::RegisterDevice { issued_ms, .. } = &mut command {
            *issued_ms = token_ms;
        }
        one(engine, command)
    };
    let revoke = |engine: &mut dyn Engine, device, issued_to_ms| {
        one(
            engine,
            Command::RevokeDevice {
                device,
                issued_to_ms,
            },
        )
    };
    let gone = Outcome::Failed(ErrorCode::DeviceRevoked);
    assert_eq!(
        revoke(engine, ann, 500),
        Outcome::DeviceRevoked { issued_to_ms: 500 }
    );
    engine.restart();
    for (token_ms, is_let_in) in [(0, false), (500, false), (501, true), (u64::MAX, true)] {
        let answer = register_with(engine, token_ms);
        assert_eq!(answer == gone, !is_let_in, "{token_ms}: {answer:?}");
    }
    // An earlier moment takes nothing back.
    assert_eq!(
        revoke(engine, ann, 400),
        Outcome::DeviceRevoked { issued_to_ms: 500 }
    );
    revoke(engine, ann, u64::MAX);
    engine.restart();
    assert_eq!(register_with(engine, u64::MAX), gone);
    // What others send waits for it, as for any device that is away.
    stored(engine, device("bob", 1), &message(chat, 1, 1));
    assert_eq!(
        revoke(engine, ann, 0),
        Outcome::DeviceRevoked { issued_to_ms: 0 }
    );
    engine.restart();
    assert_ne!(register_with(engine, 1), gone);
    assert_eq!(pending(engine, ann).chats.len(), 1);
    let unknown = revoke(engine, device("nobody", 1), 500);
    assert_eq!(unknown, Outcome::Failed(ErrorCode::DeviceRefused));
}
