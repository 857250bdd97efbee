//! Offline and behind: what was not pushed is listed and read, and nothing is called complete while something was left out.

use ringpost_wire::*;

use crate::clients::*;
use crate::rig::Rig;

/// Ann and Bob, whose chat is open, on different cores where there are several.
fn pair(cores: u16) -> (Rig, usize, usize, ChatId) {
    let mut rig = Rig::new(cores);
    let bob = rig.live(1, "bob", 1);
    let ann = rig.live(0, "ann", 1);
    let chat = rig.open(ann, "bob");
    (rig, ann, bob, chat)
}

/// Sends so many messages that a socket cannot hold them: 40 of 8 kB.
fn flood(rig: &mut Rig, ann: usize, chat: ChatId, from: u64) {
    for number in from..from + 40 {
        rig.send(ann, chat, number, &[number as u8; 8_192]);
    }
    rig.answers(ann);
}

#[test]
fn what_came_while_away_is_listed_and_read() {
    for cores in 1..=3 {
        let (mut rig, ann, bob, chat) = pair(cores);
        rig.disconnect(bob);
        for number in 1..=30 {
            rig.send(ann, chat, number, b"while away");
        }
        let bob = rig.live(2, "bob", 1);
        let list = rig.list(bob, b"", 100);
        assert_eq!(
            (list.chats.len(), list.complete, list.caught_up),
            (1, true, false)
        );
        assert_eq!(
            (list.chats[0].chat, list.chats[0].from, list.chats[0].head),
            (chat, 1, 30)
        );
        let (seqs, page) = rig.page(bob, chat, 1);
        assert_eq!(seqs, (1..=30).collect::<Vec<_>>());
        assert_eq!((page.to, page.complete, page.head), (30, true, 30));
        rig.ack(bob, chat, 30);
        let list = rig.list(bob, b"", 100);
        assert_eq!(
            (list.chats.len(), list.complete, list.caught_up),
            (0, true, true)
        );
        rig.send(ann, chat, 31, b"now");
        assert_eq!(rig.deliveries(bob), [(31, b"now".to_vec())]);
    }
}

#[test]
fn nothing_falls_between_the_list_and_the_first_delivery() {
    for cores in 1..=3 {
        let (mut rig, ann, bob, chat) = pair(cores);
        rig.disconnect(bob);
        let bob = rig.live(2, "bob", 1);
        // A message that is stored before the list is asked for, and one after it was answered.
        rig.send(ann, chat, 1, b"one");
        assert_eq!(rig.deliveries(bob).len(), 1, "pushed from the welcome on");
        let list = rig.list(bob, b"", 100);
        assert_eq!(list.chats.len(), 1);
    }
}

#[test]
fn lists_go_on_where_they_ended() {
    let mut rig = Rig::new(2);
    let ann = rig.live(0, "ann", 1);
    for index in 0..5 {
        let other = rig.live(index, &format!("friend {index}"), 1);
        let chat = rig.open(other, "ann");
        rig.send(other, chat, 1, b"hello");
    }
    let mut chats = Vec::new();
    let mut next = Vec::new();
    loop {
        let list = rig.list(ann, &next, 2);
        assert!(!list.caught_up);
        chats.extend(list.chats.iter().map(|chat| chat.chat));
        next = list.next;
        if list.complete {
            break;
        }
    }
    let distinct: std::collections::BTreeSet<_> = chats.iter().collect();
    assert_eq!((chats.len(), distinct.len()), (5, 5));
    let last = rig.list(ann, &[0xff; 16], 2);
    assert_eq!(
        (last.chats.len(), last.complete, last.caught_up),
        (0, true, false)
    );
}

#[test]
fn who_does_not_read_falls_behind_and_pulls() {
    for cores in 1..=3 {
        let (mut rig, ann, bob, chat) = pair(cores);
        rig.connections[bob].reads = false;
        flood(&mut rig, ann, chat, 1);
        let pushed = rig.deliveries(bob).len() as u64;
        assert!((10..20).contains(&pushed), "{pushed}");
        assert_eq!(rig.behinds(bob), [(chat, pushed + 1)], "told once");
        let behind: usize = rig
            .workers
            .iter()
            .map(|w| w.summary().sessions_behind)
            .sum();
        assert_eq!(behind, 1);

        rig.connections[bob].reads = true;
        rig.run();
        rig.send(ann, chat, 41, b"skipped");
        assert_eq!(rig.deliveries(bob), [], "still behind");
        let mut next = pushed + 1;
        let mut pages = 0;
        loop {
            let (seqs, page) = rig.page(bob, chat, next);
            assert_eq!(seqs.first(), Some(&next));
            next = page.to + 1;
            pages += 1;
            if page.complete {
                break;
            }
        }
        assert!(next == 42 && pages > 1, "{next} {pages}");
        rig.send(ann, chat, 42, b"pushed again");
        assert_eq!(rig.deliveries(bob), [(42, b"pushed again".to_vec())]);
        let behind: usize = rig
            .workers
            .iter()
            .map(|w| w.summary().sessions_behind)
            .sum();
        assert_eq!(behind, 0);
    }
}

#[test]
fn a_page_older_than_what_was_left_out_is_not_complete() {
    let (mut rig, ann, bob, chat) = pair(1);
    rig.connections[bob].reads = false;
    flood(&mut rig, ann, chat, 1);
    let pushed = rig.deliveries(bob).len() as u64;
    rig.behinds(bob);
    rig.connections[bob].reads = true;
    rig.run();
    let (_, page) = rig.page(bob, chat, 36);
    assert_eq!(
        (page.to, page.complete),
        (40, true),
        "it reached the end: {pushed}"
    );

    rig.connections[bob].reads = false;
    flood(&mut rig, ann, chat, 41);
    rig.deliveries(bob);
    let told = rig.behinds(bob);
    assert_eq!(told.len(), 1);
    rig.connections[bob].reads = true;
    rig.run();
    // The page is decided by the lane, and then a message passes it on its way.
    rig.lanes_hold = true;
    rig.ask_page(bob, 3, chat, 78);
    let batch = rig
        .lanes
        .remove(&ringpost_gateway_core::CoreId(0))
        .expect("the page");
    let mut outcomes = vec![rig.store.run(&batch[0])];
    let late = ringpost_storage_core::Command::Append {
        sender: address("ann", 1),
        frame: send_frame(chat, 81, b"late").into(),
        now_ms: 1,
    };
    let ringpost_storage_core::Outcome::Appended(appended) = rig.store.run(&late) else {
        panic!("stored");
    };
    let delivery = appended.delivery.expect("new");
    let core = ringpost_gateway_core::CoreId(0);
    let mail = ringpost_gateway_core::Mail::Deliver {
        frame: delivery.frame,
        members: ringpost_gateway_core::Group::One(ringpost_gateway_core::Recipient {
            user: user("bob"),
            became_pending: false,
        }),
    };
    rig.input(
        core,
        ringpost_gateway_core::Input::Mail { from: core, mail },
    );
    let outcomes = std::mem::take(&mut outcomes);
    rig.input(
        core,
        ringpost_gateway_core::Input::BatchAnswered { outcomes },
    );
    rig.lanes_hold = false;
    rig.run();
    assert_eq!(rig.deliveries(bob).len(), 3, "78 to 80");
    let frame = rig.next_of(bob, FrameKind::Page);
    let ServerFrame::Page(page) = decoded(&frame) else {
        panic!("no page");
    };
    assert_eq!((page.to, page.complete, page.head), (80, false, 81));
    let (seqs, page) = rig.page(bob, chat, 81);
    assert_eq!((seqs, page.complete), (vec![81], true));
}

#[test]
fn a_pass_in_which_something_was_left_out_is_not_caught_up() {
    let (mut rig, ann, bob, chat) = pair(1);
    let other = rig.live(0, "cat", 1);
    let _ = other;
    rig.lanes_hold = true;
    let mut out = Vec::new();
    ListPending {
        request: 6,
        after: b"",
        chats_max: 10,
        all: false,
    }
    .encode(&mut out);
    rig.say(bob, &out);
    let batch = rig
        .lanes
        .remove(&ringpost_gateway_core::CoreId(0))
        .expect("the list");
    let answer = rig.store.run(&batch[0]);
    rig.connections[bob].reads = false;
    rig.lanes_hold = false;
    let core = ringpost_gateway_core::CoreId(0);
    // While the answer is under way, deliveries fill the socket and one is left out.
    for number in 1..=40 {
        let append = ringpost_storage_core::Command::Append {
            sender: address("ann", 1),
            frame: send_frame(chat, number, &[1; 8_192]).into(),
            now_ms: 1,
        };
        let ringpost_storage_core::Outcome::Appended(appended) = rig.store.run(&append) else {
            panic!("stored");
        };
        let mail = ringpost_gateway_core::Mail::Deliver {
            frame: appended.delivery.expect("new").frame,
            members: ringpost_gateway_core::Group::One(ringpost_gateway_core::Recipient {
                user: user("bob"),
                became_pending: false,
            }),
        };
        rig.input(
            core,
            ringpost_gateway_core::Input::Mail { from: core, mail },
        );
    }
    let outcomes = vec![answer];
    rig.input(
        core,
        ringpost_gateway_core::Input::BatchAnswered { outcomes },
    );
    rig.run();
    let frame = rig.next_of(bob, FrameKind::PendingList);
    let ServerFrame::PendingList(list) = decoded(&frame) else {
        panic!("no list");
    };
    assert_eq!(
        (list.chats.len(), list.complete, list.caught_up),
        (0, true, false)
    );
    let _ = ann;
}

#[test]
fn behind_in_too_many_chats_is_behind_in_all() {
    let mut rig = Rig::new(2);
    let ann = rig.live(0, "ann", 1);
    let friends: Vec<usize> = (0..70)
        .map(|index| rig.live(index, &format!("friend {index}"), 1))
        .collect();
    let chats: Vec<ChatId> = friends
        .iter()
        .map(|friend| rig.open(*friend, "ann"))
        .collect();
    rig.connections[ann].reads = false;
    for number in 1..=16 {
        rig.send(friends[0], chats[0], number, &[1; 8_192]);
    }
    for (friend, chat) in friends.iter().zip(&chats).skip(1) {
        rig.send(*friend, *chat, 1, &[2; 4_096]);
    }
    let behinds = rig.behinds(ann);
    assert_eq!(behinds.len(), 65);
    assert_eq!(behinds[64], (ChatId::default(), 0));
    rig.deliveries(ann);
    rig.connections[ann].reads = true;
    rig.run();
    rig.send(friends[1], chats[1], 2, b"left out");
    assert_eq!(rig.deliveries(ann), []);
    let list = rig.list(ann, b"", 100);
    assert_eq!((list.chats.len(), list.caught_up), (70, false));
    rig.send(friends[1], chats[1], 3, b"pushed");
    assert_eq!(
        rig.deliveries(ann),
        [(3, b"pushed".to_vec())],
        "a pass has begun"
    );
}

#[test]
fn a_few_pages_wait_and_further_ones_are_refused() {
    let (mut rig, _ann, bob, chat) = pair(2);
    rig.lanes_hold = true;
    for request in 1..=6 {
        rig.ask_page(bob, request, chat, 1);
    }
    assert_eq!(rig.failure(bob), (6, ErrorCode::Overloaded));
    rig.lanes_hold = false;
    rig.run();
    assert_eq!(rig.kinds(bob), [FrameKind::Page; 5]);
}

#[test]
fn a_page_waits_for_room_in_the_socket() {
    let (mut rig, ann, bob, chat) = pair(2);
    rig.connections[bob].reads = false;
    flood(&mut rig, ann, chat, 1);
    rig.connections[bob].inbox.clear();
    rig.ask_page(bob, 1, chat, 1);
    assert_eq!(rig.kinds(bob), [], "there is no room");
    rig.connections[bob].reads = true;
    rig.run();
    assert_eq!(rig.kinds(bob).last(), Some(&FrameKind::Page));
}

#[test]
fn who_takes_no_answers_is_not_listened_to_and_then_closed() {
    let (mut rig, ann, _bob, chat) = pair(1);
    rig.connections[ann].reads = false;
    let mut ping = Vec::new();
    Ping { nonce: 1 }.encode(&mut ping);
    for _ in 0..3_000 {
        rig.bytes(ann, &ping);
    }
    rig.run();
    assert!(!rig.connections[ann].paused, "below the mark");
    for _ in 0..1_000 {
        rig.bytes(ann, &ping);
    }
    rig.run();
    assert!(rig.connections[ann].paused);
    rig.connections[ann].reads = true;
    rig.run();
    assert!(!rig.connections[ann].paused);
    rig.connections[ann].reads = false;
    for _ in 0..10_000 {
        rig.bytes(ann, &ping);
    }
    rig.run();
    assert_eq!(rig.fatal(ann), Some(ErrorCode::SlowConsumer));
    let _ = chat;
}
