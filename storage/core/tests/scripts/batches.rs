//! Batches: bounded, the same as their commands one by one, and runnable on a store that fetches what it is asked for.

use ringpost_storage_core::key::Family;
use ringpost_storage_core::limits::{
    BATCH_BYTES_AIM, BATCH_READ_BYTES_AIM, COMMAND_BYTES_MAX, TRANSACTION_BYTES_HARD_MAX,
};
use ringpost_storage_core::store::Write;
use ringpost_storage_core::{Command, Retention, execute, prefetch};
use ringpost_wire::limits::PAYLOAD_BYTES_MAX;
use ringpost_wire::{ChatId, ContentClass, NewMessage};

use crate::world::{NOW_MS, World, device, frame, message, user};

fn large(chat: ChatId, client_seq: u64) -> Command {
    let payload = vec![7; PAYLOAD_BYTES_MAX];
    Command::Append {
        sender: device("ann", 1),
        frame: frame(&NewMessage {
            chat,
            client_seq,
            message_id: client_seq,
            device_epoch: 0,
            content_class: ContentClass::Visible,
            unanswered: 0,
            payload: &payload,
            slices: &[],
        }),
        now_ms: NOW_MS,
    }
}

#[test]
fn a_batch_ends_early_at_its_bytes() {
    let (mut world, chat) = World::of_two(Retention::Days(1));
    let commands: Vec<_> = (1..=50).map(|seq| large(chat, seq)).collect();
    let executed = execute(&commands, &world.map, &world.rules).expect("the map holds everything");
    assert_eq!(
        executed.outcomes.len(),
        BATCH_BYTES_AIM.div_ceil(PAYLOAD_BYTES_MAX)
    );
    assert!(executed.write_bytes >= BATCH_BYTES_AIM);
    assert!(executed.write_bytes < BATCH_BYTES_AIM + COMMAND_BYTES_MAX);
    assert!(executed.write_bytes < TRANSACTION_BYTES_HARD_MAX);
    assert_eq!(world.run(&commands).len(), 50);
    assert_eq!(world.map.count(Family::Message), 50);
    let page = Command::ReadPage {
        device: device("bob", 1),
        chat,
        from: 1,
        messages_max: 512,
        bytes_max: 262_144,
    };
    let pages = vec![page; 30];
    let executed = execute(&pages, &world.map, &world.rules).expect("the map holds everything");
    assert_eq!(
        executed.outcomes.len(),
        BATCH_READ_BYTES_AIM.div_ceil(4 * (PAYLOAD_BYTES_MAX + 88))
    );
}

#[test]
fn what_comes_and_goes_in_one_batch_is_not_written() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    let mut commands = Vec::new();
    for seq in 1..=50 {
        commands.push(Command::Append {
            sender: device("ann", 1),
            frame: message(chat, seq, seq, 0),
            now_ms: NOW_MS,
        });
    }
    commands.push(Command::Acknowledge {
        device: device("bob", 1),
        chat,
        seq: 50,
    });
    let executed = execute(&commands, &world.map, &world.rules).expect("the map holds everything");
    assert_eq!(executed.outcomes.len(), 51);
    assert!(
        matches!(&executed.writes[..], [Write::Set(_)]),
        "{:?}",
        executed.writes
    );
    world.map.apply(&executed);
    assert_eq!(world.map.count(Family::Message), 0);
}

#[test]
fn a_row_that_was_there_is_set_again_and_not_inserted() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    world.stored(device("ann", 1), message(chat, 1, 1, 0));
    let commands = [
        Command::Acknowledge {
            device: device("bob", 1),
            chat,
            seq: 1,
        },
        Command::Append {
            sender: device("ann", 1),
            frame: message(chat, 2, 2, 0),
            now_ms: NOW_MS,
        },
    ];
    let executed = execute(&commands, &world.map, &world.rules).expect("the map holds everything");
    let inserted = |write: &&Write| matches!(write, Write::Insert(_));
    // The message alone is new; the pending row was there before the batch.
    assert_eq!(executed.writes.iter().filter(inserted).count(), 1);
    world.map.apply(&executed);
    assert_eq!(world.pending(device("bob", 1), 10)[0].from, 2);
}

#[test]
fn a_fetching_store_needs_few_rounds() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    let send = |seq| Command::Append {
        sender: device("ann", 1),
        frame: message(chat, seq, seq, 0),
        now_ms: NOW_MS,
    };
    let page = Command::ReadPage {
        device: device("bob", 1),
        chat,
        from: 1,
        messages_max: 10,
        bytes_max: 10_000,
    };
    let list = Command::ListPending {
        device: device("bob", 1),
        after: None,
        chats_max: 10,
        all: false,
    };
    let acknowledge = Command::Acknowledge {
        device: device("bob", 1),
        chat,
        seq: 2,
    };
    let open = Command::OpenChat {
        opener: user("ann"),
        other: user("bob"),
        now_ms: NOW_MS,
    };
    let register = Command::RegisterDevice {
        issued_ms: u64::MAX,
        device: device("bob", 2),
        create: true,
        link_after: None,
        now_ms: NOW_MS,
    };
    let rounds = [send(1), send(2), page, list, acknowledge, open, register]
        .map(|command| world.rounds(command));
    assert_eq!(rounds, [2, 2, 2, 3, 2, 1, 1]);
}

#[test]
fn reads_known_beforehand_are_named_once() {
    let chat = ChatId([5; 16]);
    let command = Command::Acknowledge {
        device: device("bob", 1),
        chat,
        seq: 1,
    };
    let one = prefetch(std::slice::from_ref(&command));
    assert_eq!(one.len(), 3);
    assert_eq!(prefetch(&[command.clone(), command]), one);
}
