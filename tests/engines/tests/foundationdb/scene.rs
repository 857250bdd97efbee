//! What the tests share: their rules and their chat.

use ringpost_engine_tests::foundation_engine::{self, FoundationLane, all_shards};
use ringpost_engine_tests::people::{device, message, open, register, send, user};
use ringpost_storage_core::outcome::Appended;
use ringpost_storage_core::{Command, Outcome, Retention, Rules};
use ringpost_storage_foundationdb::{ClientOptions, Options};
use ringpost_wire::ChatId;

pub const RULES: Rules = Rules {
    retention: Retention::Days(30),
};

/// Options under a prefix of their own; `None`, said loudly, where no cluster is given.
pub fn options() -> Option<Options> {
    let cluster_file = foundation_engine::cluster_file()?;
    Some(foundation_engine::options(
        cluster_file,
        RULES,
        ClientOptions::default(),
    ))
}

/// A node that is home of every shard.
pub fn start(options: &Options, node: u32) -> FoundationLane {
    let options = Options {
        node,
        ..options.clone()
    };
    FoundationLane::start(options, all_shards())
}

/// The commands that make Ann and Bob and their chat.
pub fn setup() -> Vec<Command> {
    vec![
        register(device("ann", 1)),
        register(device("bob", 1)),
        open("ann", "bob"),
    ]
}

/// Ann's and Bob's chat.
pub fn chat() -> ChatId {
    ChatId::one_to_one(user("ann"), user("bob"))
}

/// Sends one message, again until it is stored.
pub fn send_one(lane: &mut FoundationLane, sender: &str, number: u64, message_id: u64) -> Appended {
    let command = send(device(sender, 1), &message(chat(), number, message_id));
    match lane.run(&[command]).remove(0) {
        Outcome::Appended(appended) => appended,
        other => panic!("{other:?}"),
    }
}

/// All messages of the chat from the first on: their ids, in order.
pub fn log(lane: &mut FoundationLane) -> Vec<u64> {
    let mut ids = Vec::new();
    loop {
        let read = Command::ReadPage {
            device: device("ann", 1),
            chat: chat(),
            from: ids.len() as u64 + 1,
            messages_max: 500,
            bytes_max: 200_000,
        };
        let Outcome::Page(page) = lane.run(&[read]).remove(0) else {
            panic!("the chat is Ann's");
        };
        assert_eq!(page.from, ids.len() as u64 + 1);
        assert!(
            page.empty.is_empty(),
            "nothing is missing: {:?}",
            page.empty
        );
        ids.extend(ringpost_engine_tests::people::ids(&page));
        assert_eq!(page.to, ids.len() as u64, "no gap and nothing twice");
        if page.complete {
            return ids;
        }
    }
}
