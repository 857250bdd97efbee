//! Refusals for load: they use no number, and later numbers wait for the refused one.

use ringpost_gateway_core::{Config, CoreId, Input, LaneState, Step};
use ringpost_storage_core::Outcome;
use ringpost_storage_core::outcome::AppendRefused;
use ringpost_wire::{ErrorCode, FrameKind, MarkRead, ServerFrame};

use crate::clients::*;
use crate::rig::{Rig, START_MS, config};
use crate::tokens::token;

fn refused(number: u64, code: ErrorCode) -> Answer {
    (number, Err((code, 0)))
}

#[test]
fn later_numbers_wait_for_the_one_refused() {
    let limited = Config {
        sends_per_second: 1,
        sends_burst: 2,
        ..config()
    };
    for cores in 1..=3 {
        let mut rig = Rig::with(cores, limited.clone());
        let ann = rig.live(0, "ann", 1);
        let _bob = rig.live(1, "bob", 1);
        let _cat = rig.live(2, "cat", 1);
        let chat = rig.open(ann, "bob");
        let other = rig.open(ann, "cat");
        for (number, unanswered) in [(1, 0), (2, 0), (3, 0), (4, 1)] {
            rig.send_behind(ann, chat, number, unanswered);
        }
        let answers = [
            (1, Ok(1)),
            (2, Ok(2)),
            refused(3, ErrorCode::RateLimited),
            refused(4, ErrorCode::RefusedBefore),
        ];
        assert_eq!(rig.answers(ann), answers);
        rig.wait_ms(2_000);
        rig.send_behind(ann, chat, 4, 1);
        assert_eq!(rig.answers(ann), [refused(4, ErrorCode::RefusedBefore)]);
        rig.send(ann, other, 1, b"x");
        assert_eq!(rig.answers(ann), [(1, Ok(1))], "another chat is free");
        rig.send(ann, chat, 3, b"x");
        rig.wait_ms(1_000);
        rig.send(ann, chat, 4, b"x");
        assert_eq!(rig.answers(ann), [(3, Ok(3)), (4, Ok(4))]);
    }
}

#[test]
fn changed_limits_hold_for_sessions_that_are_open() {
    for cores in 1..=3 {
        let mut rig = Rig::new(cores);
        let ann = rig.live(0, "ann", 1);
        let _bob = rig.live(1, "bob", 1);
        let chat = rig.open(ann, "bob");
        let limited = Config {
            sends_per_second: 1,
            sends_burst: 1,
            ..config()
        };
        for core in 0..cores {
            rig.input(CoreId(core), Input::Limits(limited.changeable()));
        }
        rig.send(ann, chat, 1, b"x");
        rig.send(ann, chat, 2, b"x");
        let answers = [(1, Ok(1)), refused(2, ErrorCode::RateLimited)];
        assert_eq!(rig.answers(ann), answers);
        for core in 0..cores {
            rig.input(CoreId(core), Input::Limits(config().changeable()));
        }
        rig.send(ann, chat, 2, b"x");
        rig.send(ann, chat, 3, b"x");
        assert_eq!(rig.answers(ann), [(2, Ok(2)), (3, Ok(3))]);
    }
}

#[test]
fn a_repeat_that_is_refused_after_its_answer_holds_up_nothing() {
    let limited = Config {
        sends_per_second: 1,
        sends_burst: 1,
        ..config()
    };
    let mut rig = Rig::with(1, limited);
    let ann = rig.live(0, "ann", 1);
    let _bob = rig.live(0, "bob", 1);
    let chat = rig.open(ann, "bob");
    rig.send(ann, chat, 1, b"x");
    rig.send(ann, chat, 1, b"x");
    let answers = [(1, Ok(1)), refused(1, ErrorCode::RateLimited)];
    assert_eq!(
        rig.answers(ann),
        answers,
        "the client needs no second answer"
    );
    rig.wait_ms(1_000);
    rig.send(ann, chat, 2, b"x");
    assert_eq!(rig.answers(ann), [(2, Ok(2))]);
}

#[test]
fn a_store_that_is_away_refuses_sends_and_keeps_sessions() {
    for cores in 1..=3 {
        let mut rig = Rig::new(cores);
        let ann = rig.live(0, "ann", 1);
        let bob = rig.live(1, "bob", 1);
        let chat = rig.open(ann, "bob");
        rig.lanes_hold = true;
        rig.send(ann, chat, 1, b"with the lane");
        rig.send(ann, chat, 2, b"waiting");
        rig.set_lanes(LaneState::Unavailable {
            retry_after_ms: 300,
        });
        assert_eq!(rig.answers(ann), [refused(2, ErrorCode::Unavailable)]);
        rig.send_behind(ann, chat, 3, 1);
        assert_eq!(rig.answers(ann), [refused(3, ErrorCode::RefusedBefore)]);
        rig.lanes_hold = false;
        rig.set_lanes(LaneState::Ready);
        rig.answers(ann);
        assert_eq!(
            rig.deliveries(bob).len(),
            1,
            "the batch with the lane was committed"
        );
        rig.send(ann, chat, 2, b"waiting");
        rig.send(ann, chat, 3, b"later");
        assert_eq!(rig.answers(ann), [(2, Ok(2)), (3, Ok(3))]);
        assert_eq!(rig.deliveries(bob).len(), 2);
    }
}

#[test]
fn what_a_lane_refuses_for_now_is_answered_with_a_time_to_wait() {
    let mut rig = Rig::new(1);
    let ann = rig.live(0, "ann", 1);
    let _bob = rig.live(0, "bob", 1);
    let chat = rig.open(ann, "bob");
    for (code, waits) in [(ErrorCode::Unavailable, true), (ErrorCode::NoRight, false)] {
        rig.lanes_hold = true;
        rig.send(ann, chat, 1, b"x");
        let refused = AppendRefused {
            chat,
            sent_as: 1,
            code,
            expected: 0,
            device_epoch: 0,
        };
        rig.lanes.clear();
        let outcomes = vec![Outcome::AppendRefused(refused)];
        rig.input(CoreId(0), Input::BatchAnswered { outcomes });
        rig.lanes_hold = false;
        rig.run();
        let frame = rig.next_of(ann, FrameKind::Refused);
        let ServerFrame::Refused(refused) = decoded(&frame) else {
            panic!("asked for");
        };
        assert_eq!(refused.code, code);
        assert_eq!(refused.retry_after_ms > 0, waits, "{refused:?}");
    }
    rig.send(ann, chat, 1, b"x");
    assert_eq!(rig.answers(ann), [(1, Ok(1))]);
}

#[test]
fn unanswered_sends_are_limited_a_chat() {
    let mut rig = Rig::new(2);
    let ann = rig.live(0, "ann", 1);
    let _bob = rig.live(1, "bob", 1);
    let chat = rig.open(ann, "bob");
    rig.lanes_hold = true;
    for number in 1..=17 {
        rig.send(ann, chat, number, b"x");
    }
    assert_eq!(
        rig.answers(ann),
        [refused(17, ErrorCode::TooManyUnanswered)]
    );
    rig.lanes_hold = false;
    rig.run();
    rig.send(ann, chat, 17, b"x");
    let sent: Vec<Answer> = (1..=17).map(|number| (number, Ok(number))).collect();
    assert_eq!(rig.answers(ann), sent);
}

#[test]
fn a_queue_that_is_late_refuses_new_sends() {
    let mut rig = Rig::new(1);
    let ann = rig.live(0, "ann", 1);
    let _bob = rig.live(0, "bob", 1);
    let chat = rig.open(ann, "bob");
    rig.lanes_hold = true;
    rig.send(ann, chat, 1, b"with the lane");
    rig.send(ann, chat, 2, b"waiting");
    rig.wait_ms(1_010);
    rig.send(ann, chat, 3, b"x");
    assert_eq!(rig.answers(ann), [refused(3, ErrorCode::Overloaded)]);
    rig.lanes_hold = false;
    rig.run();
    rig.send(ann, chat, 3, b"x");
    assert_eq!(rig.answers(ann).last(), Some(&(3, Ok(3))));
}

/// Answers the batch that the held lane has.
fn answer_batch(rig: &mut Rig) {
    let commands = rig.lanes.remove(&CoreId(0)).expect("the lane has a batch");
    let outcomes = commands.iter().map(|command| rig.store.run(command));
    let outcomes = outcomes.collect();
    rig.input(CoreId(0), Input::BatchAnswered { outcomes });
    rig.run();
}

#[test]
fn a_standing_queue_sheds_in_the_order_of_the_contract() {
    let mut rig = Rig::new(1);
    let ann = rig.live(0, "ann", 1);
    let names = ["bob", "cat", "dan"];
    let chats = names.map(|name| {
        rig.live(0, name, 1);
        rig.open(ann, name)
    });
    rig.lanes_hold = true;
    // Four of them fill a batch.
    for number in 1..=16 {
        for chat in chats {
            rig.send(ann, chat, number, &[1; 60_000]);
        }
    }
    for _ in 0..4 {
        rig.wait_ms(120);
        answer_batch(&mut rig);
    }
    assert_eq!(rig.workers[0].summary().load_level, 5);
    let eve = rig.connect(0);
    let mut out = Vec::new();
    let (chat, read_to) = (chats[0], 1);
    MarkRead { chat, read_to }.encode(&mut out);
    rig.say(ann, &out);
    assert_eq!(rig.failure(ann), (0, ErrorCode::Overloaded));
    rig.answers(ann);
    rig.send(ann, chats[0], 2, b"a repeat");
    assert_eq!(rig.answers(ann), [refused(2, ErrorCode::Overloaded)]);
    rig.say(eve, &hello(&token("eve", 1, EXPIRES_S)));
    rig.ask_page(ann, 9, chats[0], 1);
    rig.lanes_hold = false;
    rig.run();
    assert_eq!(
        rig.kinds(eve),
        [FrameKind::Welcome],
        "who signs in is let in"
    );
    rig.next_of(ann, FrameKind::Page);
    let shed = rig.workers[0].counters().shed;
    let steps = [Step::ReadReceipts, Step::NewSends, Step::Stored, Step::Acks];
    assert_eq!(steps.map(|step| shed.of(step)), [1, 1, 0, 0]);
    rig.wait_ms(1_000);
    assert_eq!(rig.workers[0].summary().load_level, 0);
    rig.send(ann, chats[0], 17, b"later");
    assert_eq!(rig.answers(ann).last(), Some(&(17, Ok(17))));
}

#[test]
fn chats_are_opened_at_a_rate() {
    let limited = Config {
        opens_per_minute: 2,
        ..config()
    };
    let mut rig = Rig::with(1, limited);
    let ann = rig.live(0, "ann", 1);
    rig.open(ann, "ann");
    rig.open(ann, "ann");
    let mut out = Vec::new();
    ringpost_wire::OpenChat {
        request: 3,
        user: user("ann"),
    }
    .encode(&mut out);
    rig.say(ann, &out);
    assert_eq!(rig.failure(ann), (3, ErrorCode::ChatLimit));
    rig.wait_ms(30_000);
    rig.open(ann, "ann");
}

#[test]
fn newer_tokens_are_verified_at_the_rate_of_opens() {
    let limited = Config {
        opens_per_minute: 2,
        ..config()
    };
    let mut rig = Rig::with(1, limited);
    let ann = rig.live(0, "ann", 1);
    let mut newer = Vec::new();
    let token = &token("ann", 1, START_MS / 1_000 + 600);
    ringpost_wire::Reauthenticate { token }.encode(&mut newer);
    rig.say(ann, &newer);
    rig.say(ann, &newer);
    assert_eq!(rig.kinds(ann), []);
    rig.say(ann, &newer);
    assert_eq!(rig.failure(ann), (0, ErrorCode::RateLimited));
    rig.wait_ms(30_000);
    rig.open(ann, "ann");
}

#[test]
fn acknowledgements_are_merged_while_the_lane_is_busy() {
    let mut rig = Rig::new(1);
    let ann = rig.live(0, "ann", 1);
    let bob = rig.live(0, "bob", 1);
    let chat = rig.open(ann, "bob");
    for number in 1..=10 {
        rig.send(ann, chat, number, b"x");
    }
    rig.lanes_hold = true;
    for seq in 1..=10 {
        rig.ack(bob, chat, seq);
    }
    let counters = rig.workers[0].counters();
    assert_eq!(
        (counters.acks, counters.acks_merged),
        (10, 8),
        "one is with the lane"
    );
    rig.lanes_hold = false;
    rig.run();
    assert_eq!(rig.store.acknowledged(address("bob", 1), chat), 10);
}
