//! Ann's and Bob's chat on a FoundationDB lane: made, filled, and read back whole.

use ringpost_storage_core::outcome::Appended;
use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::ChatId;

use crate::foundation_engine::FoundationLane;
use crate::people::{self, device, message, open, register, send, user};

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
        ids.extend(people::ids(&page));
        assert_eq!(page.to, ids.len() as u64, "no gap and nothing twice");
        if page.complete {
            return ids;
        }
    }
}
