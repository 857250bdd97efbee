//! One message, all the way: sent, stored, delivered, acknowledged, read; to one device or several; on one core or three.

use ringpost_gateway_core::Event;
use ringpost_wire::*;

use crate::clients::*;
use crate::rig::Rig;

#[test]
fn a_message_goes_all_the_way() {
    for cores in 1..=3 {
        let mut rig = Rig::new(cores);
        let ann = rig.live(0, "ann", 1);
        let bob = rig.live(1, "bob", 1);
        let chat = rig.open(ann, "bob");
        for number in 1..=20 {
            rig.send(ann, chat, number, format!("message {number}").as_bytes());
        }
        let sent: Vec<_> = (1..=20).map(|number| (number, Ok(number))).collect();
        assert_eq!(rig.answers(ann), sent);
        let delivered: Vec<_> = (1..=20)
            .map(|seq| (seq, format!("message {seq}").into_bytes()))
            .collect();
        assert_eq!(rig.deliveries(bob), delivered);
        assert_eq!(rig.deliveries(ann), [], "the sending device has it");

        rig.ack(bob, chat, 20);
        let frame = rig.next_frame(ann);
        let expected = Receipt {
            chat,
            user: user("bob"),
            delivered_to: 20,
            read_to: 0,
        };
        assert_eq!(decoded(&frame), ServerFrame::Receipt(expected));
        assert_eq!(rig.store.acknowledged(address("bob", 1), chat), 20);

        rig.send(bob, chat, 1, b"answer");
        assert_eq!(rig.deliveries(ann), [(21, b"answer".to_vec())]);
        let stored: u64 = rig.workers.iter().map(|w| w.counters().stored).sum();
        let delivered: u64 = rig.workers.iter().map(|w| w.counters().delivered).sum();
        assert_eq!((stored, delivered), (21, 21));
        rig.disconnect(ann);
        rig.disconnect(bob);
        rig.assert_idle();
        assert_eq!(rig.mails == 0, cores == 1);
    }
}

#[test]
fn nothing_is_answered_before_the_lane_has() {
    let mut rig = Rig::new(2);
    let ann = rig.live(0, "ann", 1);
    let bob = rig.live(1, "bob", 1);
    let chat = rig.open(ann, "bob");
    rig.lanes_hold = true;
    rig.send(ann, chat, 1, b"x");
    rig.send(ann, chat, 2, b"y");
    assert_eq!((rig.answers(ann).len(), rig.deliveries(bob).len()), (0, 0));
    rig.lanes_hold = false;
    rig.run();
    assert_eq!((rig.answers(ann).len(), rig.deliveries(bob).len()), (2, 2));
}

#[test]
fn all_other_devices_are_recipients() {
    for cores in 1..=3 {
        let mut rig = Rig::new(cores);
        let ann = rig.live(0, "ann", 1);
        let ann_two = rig.live(1, "ann", 2);
        let bob = rig.live(2, "bob", 1);
        let bob_two = rig.live(0, "bob", 2);
        let chat = rig.open(ann, "bob");
        rig.send(ann, chat, 1, b"hello");
        for other in [ann_two, bob, bob_two] {
            assert_eq!(rig.deliveries(other), [(1, b"hello".to_vec())]);
        }
        assert_eq!(
            (rig.deliveries(ann), rig.answers(ann)),
            (vec![], vec![(1, Ok(1))])
        );
        rig.ack(bob_two, chat, 1);
        assert_eq!(
            rig.kinds(ann),
            [FrameKind::Receipt],
            "the first device counts"
        );
        rig.ack(bob, chat, 1);
        assert_eq!(
            rig.kinds(ann),
            [FrameKind::Receipt],
            "the second changes nothing"
        );

        let mut mark = Vec::new();
        MarkRead { chat, read_to: 1 }.encode(&mut mark);
        rig.say(bob, &mark);
        for told in [ann, ann_two, bob, bob_two] {
            let kinds = rig.kinds(told);
            assert_eq!(kinds.last(), Some(&FrameKind::Receipt));
        }
    }
}

#[test]
fn slices_are_cut_for_each_device() {
    let mut rig = Rig::new(2);
    let ann = rig.live(0, "ann", 1);
    let bob = rig.live(1, "bob", 1);
    let bob_two = rig.live(0, "bob", 2);
    let bob_three = rig.live(1, "bob", 3);
    let chat = rig.open(ann, "bob");
    let slice = |device, bytes| Slice {
        device: address("bob", device),
        bytes,
    };
    let message = NewMessage {
        chat,
        client_seq: 1,
        message_id: 9,
        device_epoch: 0,
        content_class: ContentClass::Visible,
        unanswered: 0,
        payload: b"",
        slices: &[slice(1, b"for one"), slice(2, b"for two!")],
    };
    let mut out = Vec::new();
    encode_send(&message, &mut out).expect("within the limits");
    rig.say(ann, &out);
    assert_eq!(rig.deliveries(bob), [(1, b"for one".to_vec())]);
    assert_eq!(rig.deliveries(bob_two), [(1, b"for two!".to_vec())]);
    assert_eq!(rig.deliveries(bob_three), []);
    assert_eq!(
        rig.behinds(bob_three),
        [(chat, 1)],
        "it must look at the log"
    );
    let (seqs, page) = rig.page(bob_three, chat, 1);
    assert_eq!((seqs, page.empty.len(), page.complete), (vec![], 1, true));
    let (seqs, page) = rig.page(bob, chat, 1);
    assert_eq!((seqs, page.empty.len()), (vec![1], 0));
}

#[test]
fn refusals_of_the_store_reach_the_sender() {
    let mut rig = Rig::new(3);
    let ann = rig.live(0, "ann", 1);
    let _bob = rig.live(1, "bob", 1);
    let eve = rig.live(2, "eve", 1);
    let chat = rig.open(ann, "bob");
    rig.send(ann, crate::clients::chat("ann", "eve"), 1, b"x");
    rig.send(eve, chat, 1, b"x");
    rig.send(ann, chat, 3, b"x");
    rig.send(ann, chat, 1, b"first");
    rig.send(ann, chat, 1, b"first");
    rig.send(ann, chat, 1, b"other");
    let answers = [
        (1, Err((ErrorCode::UnknownChat, 0))),
        (3, Err((ErrorCode::Gap, 1))),
        (1, Ok(1)),
        (1, Ok(1)),
        (1, Err((ErrorCode::SequenceReused, 2))),
    ];
    assert_eq!(rig.answers(ann), answers);
    assert_eq!(rig.answers(eve), [(1, Err((ErrorCode::UnknownChat, 0)))]);
}

#[test]
fn numberless_sends_are_numbered_and_recognised() {
    let mut rig = Rig::new(2);
    let ann = rig.live(0, "ann", 1);
    let bob = rig.live(1, "bob", 1);
    let chat = rig.open(ann, "bob");
    rig.send(ann, chat, 0, b"one");
    rig.send(ann, chat, 0, b"two");
    rig.send(ann, chat, 0, b"one");
    assert_eq!(rig.answers(ann), [(0, Ok(1)), (0, Ok(2)), (0, Ok(1))]);
    assert_eq!(rig.deliveries(bob).len(), 2);
}

#[test]
fn requests_fail_with_their_number() {
    let mut rig = Rig::new(2);
    let ann = rig.live(0, "ann", 1);
    let mut open = Vec::new();
    OpenChat {
        request: 8,
        user: user("nobody"),
    }
    .encode(&mut open);
    rig.say(ann, &open);
    assert_eq!(rig.failure(ann), (8, ErrorCode::UnknownUser));
    rig.ask_page(ann, 9, chat("ann", "bob"), 1);
    assert_eq!(rig.failure(ann), (9, ErrorCode::UnknownChat));
    let chat = rig.open(ann, "ann");
    let mut mark = Vec::new();
    MarkRead { chat, read_to: 5 }.encode(&mut mark);
    rig.say(ann, &mark);
    assert_eq!(rig.failure(ann), (0, ErrorCode::BeyondHead));
    let mut list = Vec::new();
    ListPending {
        request: 10,
        after: b"no chat",
        chats_max: 1,
        all: false,
    }
    .encode(&mut list);
    rig.say(ann, &list);
    assert_eq!(rig.failure(ann), (10, ErrorCode::InvalidRequest));
    let mut signal = Vec::new();
    Signal {
        target: user("bob"),
        ttl_ms: 1,
        payload: b"typing",
    }
    .encode(&mut signal);
    rig.say(ann, &signal);
    assert_eq!(rig.failure(ann), (0, ErrorCode::Unsupported));
    assert_eq!(rig.connections[ann].closed, None);
}

#[test]
fn a_user_without_a_session_is_reported_once() {
    for cores in 1..=3 {
        let mut rig = Rig::new(cores);
        let bob = rig.live(1, "bob", 1);
        let ann = rig.live(0, "ann", 1);
        let chat = rig.open(ann, "bob");
        rig.disconnect(bob);
        rig.send(ann, chat, 1, b"one");
        rig.send(ann, chat, 2, b"two");
        let pending = |event: &&Event| matches!(event, Event::BecamePending { .. });
        let events: Vec<_> = rig.events.iter().filter(pending).collect();
        let expected = Event::BecamePending {
            user: user("bob"),
            chat,
            seq: 1,
        };
        assert!(events.contains(&&expected), "{events:?}");
    }
}
