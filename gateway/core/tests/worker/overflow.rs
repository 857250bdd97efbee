//! Mailboxes that take nothing: deliveries are left out, and afterwards the sessions of those shards are made to read.

use ringpost_gateway_core::CoreId;
use ringpost_wire::*;

use crate::clients::*;
use crate::rig::Rig;

/// A user whose home is `core` and one whose home is not, with their chat at a home of choice.
fn named_at(rig: &Rig, core: u16, prefix: &str) -> String {
    let shards = rig.workers[0].shards();
    (0..)
        .map(|index| format!("{prefix} {index}"))
        .find(|name| shards.user_home(user(name)) == CoreId(core))
        .expect("names are endless")
}

#[test]
fn what_a_full_mailbox_left_out_is_read_from_the_log() {
    let mut rig = Rig::new(2);
    let shards = rig.workers[0].shards().clone();
    // Ann and the chat live on core 0; Bob's session and home are on core 1.
    let bob_name = named_at(&rig, 1, "bob");
    let ann_name = (0..)
        .map(|index| format!("ann {index}"))
        .find(|name| {
            let both_at_zero = shards.user_home(user(name)) == CoreId(0);
            both_at_zero && shards.chat_home(chat(name, &bob_name)) == CoreId(0)
        })
        .expect("names are endless");
    let bob = rig.live(1, &bob_name, 1);
    let ann = rig.live(0, &ann_name, 1);
    let chat = rig.open(ann, &bob_name);
    rig.full_mailboxes = vec![CoreId(1)];
    let payload = vec![7; 60_000];
    for number in 1..=600 {
        rig.send(ann, chat, number, &payload);
    }
    assert_eq!(rig.answers(ann).len(), 600, "senders are not held up");
    let overflowed = rig.workers[0].counters().overflowed;
    assert!((1..600).contains(&overflowed), "{overflowed}");
    assert_eq!(rig.deliveries(bob), []);

    rig.full_mailboxes.clear();
    rig.run();
    rig.wait_ms(10);
    let behinds = rig.behinds(bob);
    assert!(behinds.contains(&(ChatId::default(), 0)), "{behinds:?}");
    rig.connections[bob].inbox.clear();
    let list = rig.list(bob, b"", 10);
    assert_eq!(
        (list.chats.len(), list.chats[0].head, list.caught_up),
        (1, 600, false)
    );
    let (seqs, _) = rig.page(bob, chat, 600);
    assert_eq!(seqs, [600]);
}

#[test]
fn what_was_left_out_before_a_home_reaches_its_sessions_elsewhere() {
    let mut rig = Rig::new(3);
    let shards = rig.workers[0].shards().clone();
    // The chat is at core 0, Bob's home at core 1, his session on core 2.
    let bob_name = named_at(&rig, 1, "bob");
    let ann_name = (0..)
        .map(|index| format!("ann {index}"))
        .find(|name| {
            let at_zero = shards.user_home(user(name)) == CoreId(0);
            at_zero && shards.chat_home(chat(name, &bob_name)) == CoreId(0)
        })
        .expect("names are endless");
    let bob = rig.live(2, &bob_name, 1);
    let ann = rig.live(0, &ann_name, 1);
    let chat = rig.open(ann, &bob_name);
    rig.full_mailboxes = vec![CoreId(1), CoreId(2)];
    let payload = vec![7; 60_000];
    for number in 1..=600 {
        rig.send(ann, chat, number, &payload);
    }
    rig.full_mailboxes = vec![CoreId(2)];
    rig.run();
    rig.full_mailboxes.clear();
    rig.run();
    rig.wait_ms(10);
    assert!(rig.behinds(bob).contains(&(ChatId::default(), 0)));
}
