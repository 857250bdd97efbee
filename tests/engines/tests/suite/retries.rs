//! The retry rules after restarts: an answer once given is given again, and no number is used twice.

use ringpost_engine_tests::Engine;
use ringpost_engine_tests::people::{
    add_device, device, ids, message, page, refused, send, stored, two,
};
use ringpost_storage_core::limits::{DEVICES_MAX, HEAD_WINDOWS_MAX};
use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::{ContentClass, ErrorCode};

use crate::each_engine::on_each_engine;

on_each_engine!(
    the_same_send_has_the_same_answer,
    another_message_of_a_used_number_is_reused,
    a_number_below_the_window_is_reused,
    a_higher_number_is_a_gap,
    a_refused_send_stays_refused,
    a_send_without_number_is_recognised,
    all_that_may_be_unanswered_is_answered_again,
    windows_beyond_the_head_are_kept,
);

fn the_same_send_has_the_same_answer(engine: &mut dyn Engine) {
    let chat = two(engine);
    let ann = device("ann", 1);
    let first = stored(engine, ann, &message(chat, 1, 7));
    assert_eq!(first.seq, 1);
    for trims in [false, true] {
        engine.restart();
        let again = stored(engine, ann, &message(chat, 1, 7));
        assert_eq!((again.seq, again.time_ms), (1, first.time_ms));
        assert_eq!((again.client_seq, again.delivery), (1, None));
        if !trims {
            let device = device("bob", 1);
            engine.run(vec![Command::Acknowledge {
                device,
                chat,
                seq: 1,
            }]);
        }
    }
    assert_eq!(page(engine, ann, chat, 1).head, 1);
}

fn another_message_of_a_used_number_is_reused(engine: &mut dyn Engine) {
    let chat = two(engine);
    let ann = device("ann", 1);
    stored(engine, ann, &message(chat, 1, 7));
    engine.restart();
    let mut other = message(chat, 1, 7);
    other.content_class = ContentClass::Silent;
    for other in [message(chat, 1, 8), other] {
        let reused = refused(engine, ann, &other);
        assert_eq!(reused.code, ErrorCode::SequenceReused);
        assert_eq!((reused.expected, reused.sent_as), (2, 1));
    }
    stored(engine, ann, &message(chat, 2, 8));
    engine.restart();
    assert_eq!(ids(&page(engine, device("bob", 1), chat, 1)), [7, 8]);
}

fn a_number_below_the_window_is_reused(engine: &mut dyn Engine) {
    let chat = two(engine);
    let ann = device("ann", 1);
    stored(engine, ann, &message(chat, 1, 7));
    stored(engine, ann, &message(chat, 2, 8));
    engine.restart();
    let reused = refused(engine, ann, &message(chat, 1, 7));
    assert_eq!(
        (reused.code, reused.expected),
        (ErrorCode::SequenceReused, 3)
    );
}

fn a_higher_number_is_a_gap(engine: &mut dyn Engine) {
    let chat = two(engine);
    let ann = device("ann", 1);
    let gap = refused(engine, ann, &message(chat, 2, 8));
    assert_eq!((gap.code, gap.expected), (ErrorCode::Gap, 1));
    stored(engine, ann, &message(chat, 1, 7));
    engine.restart();
    let gap = refused(engine, ann, &message(chat, 5, 9));
    assert_eq!((gap.code, gap.expected), (ErrorCode::Gap, 2));
    assert_eq!(stored(engine, ann, &message(chat, 2, 8)).seq, 2);
}

fn a_refused_send_stays_refused(engine: &mut dyn Engine) {
    let chat = two(engine);
    let ann = device("ann", 1);
    add_device(engine, chat, device("bob", 2));
    let mut send = message(chat, 1, 7);
    send.device_epoch = 1;
    let first = refused(engine, ann, &send);
    assert_eq!(
        (first.code, first.device_epoch),
        (ErrorCode::DevicesChanged, 2)
    );
    engine.restart();
    assert_eq!(refused(engine, ann, &send), first);
    send.device_epoch = 2;
    assert_eq!(refused(engine, ann, &send), first);
    send.message_id = 8;
    let reused = refused(engine, ann, &send);
    assert_eq!(
        (reused.code, reused.expected),
        (ErrorCode::SequenceReused, 2)
    );
    send.client_seq = 2;
    assert_eq!(stored(engine, ann, &send).seq, 1);
}

fn a_send_without_number_is_recognised(engine: &mut dyn Engine) {
    let chat = two(engine);
    let ann = device("ann", 1);
    for id in 1..=5 {
        let first = stored(engine, ann, &message(chat, 0, id));
        assert_eq!((first.seq, first.client_seq, first.sent_as), (id, id, 0));
    }
    engine.restart();
    for id in 1..=5 {
        let again = stored(engine, ann, &message(chat, 0, id));
        assert_eq!((again.seq, again.client_seq), (id, id));
        assert_eq!(again.delivery, None);
    }
    assert_eq!(stored(engine, ann, &message(chat, 0, 6)).client_seq, 6);
}

fn all_that_may_be_unanswered_is_answered_again(engine: &mut dyn Engine) {
    let chat = two(engine);
    let ann = device("ann", 1);
    let sends: Vec<Command> = (1..=16)
        .map(|number| {
            let mut message = message(chat, number, number);
            message.unanswered = (number - 1) as u8;
            send(ann, &message)
        })
        .collect();
    // All of them in one batch, then all of them again after a restart.
    let first = engine.run(sends.clone());
    engine.restart();
    let again = engine.run(sends);
    let seq = |outcome: &Outcome| match outcome {
        Outcome::Appended(appended) => (appended.seq, appended.delivery.is_some()),
        other => panic!("{other:?}"),
    };
    assert!(
        first
            .iter()
            .map(seq)
            .eq((1..=16).map(|number| (number, true)))
    );
    assert!(
        again
            .iter()
            .map(seq)
            .eq((1..=16).map(|number| (number, false)))
    );
}

fn windows_beyond_the_head_are_kept(engine: &mut dyn Engine) {
    let chat = two(engine);
    let names = ["ann", "bob"];
    let senders: Vec<_> = names
        .into_iter()
        .flat_map(|name| (1..=DEVICES_MAX as u32).map(move |number| device(name, number)))
        .collect();
    assert!(senders.len() > HEAD_WINDOWS_MAX);
    for sender in &senders {
        add_device(engine, chat, *sender);
    }
    for (seq, sender) in (1..).zip(&senders) {
        assert_eq!(stored(engine, *sender, &message(chat, 1, seq)).seq, seq);
    }
    engine.restart();
    for (seq, sender) in (1..).zip(&senders) {
        assert_eq!(stored(engine, *sender, &message(chat, 1, seq)).seq, seq);
        let gap = refused(engine, *sender, &message(chat, 3, 1));
        assert_eq!((gap.code, gap.expected), (ErrorCode::Gap, 2));
    }
}
