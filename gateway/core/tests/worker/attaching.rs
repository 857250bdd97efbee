//! A new device of a user with chats is linked to each of them, page by page, before it is live.

use ringpost_gateway_core::LaneState;
use ringpost_wire::ErrorCode;

use crate::clients::*;
use crate::rig::Rig;
use crate::tokens::token;

fn with_chats(cores: u16, chats: usize) -> (Rig, usize, Vec<usize>) {
    let mut rig = Rig::new(cores);
    let ann = rig.live(0, "ann", 1);
    let others: Vec<usize> = (0..chats)
        .map(|index| {
            let other = format!("friend {index}");
            let connection = rig.live(index, &other, 1);
            rig.open(ann, &other);
            connection
        })
        .collect();
    (rig, ann, others)
}

#[test]
fn a_new_device_gets_what_comes_after_it_is_live() {
    for cores in 1..=3 {
        for chats in [1, 2, 3, 7] {
            let (mut rig, _ann, others) = with_chats(cores, chats);
            rig.send(others[0], chat("ann", "friend 0"), 1, b"before");
            let second = rig.live(1, "ann", 2);
            for (index, other) in others.iter().enumerate() {
                let number = if index == 0 { 2 } else { 1 };
                let chat = chat("ann", &format!("friend {index}"));
                rig.send(*other, chat, number, b"after");
            }
            assert_eq!(rig.deliveries(second).len(), chats);
            assert!(
                rig.list(second, b"", 100)
                    .chats
                    .iter()
                    .all(|chat| chat.from == chat.head)
            );
        }
    }
}

#[test]
fn an_attach_that_loses_the_store_half_way_is_refused_and_works_later() {
    let (mut rig, ann, _others) = with_chats(3, 7);
    rig.lanes_hold = true;
    let second = rig.connect(1);
    rig.say(second, &hello(&token("ann", 2, EXPIRES_S)));
    rig.set_lanes(LaneState::Unavailable {
        retry_after_ms: 100,
    });
    rig.lanes_hold = false;
    rig.run();
    assert_eq!(rig.fatal(second), Some(ErrorCode::Unavailable));
    assert!(
        rig.workers
            .iter()
            .all(|worker| worker.summary().attaches == 0)
    );
    rig.set_lanes(LaneState::Ready);
    rig.live(1, "ann", 2);
    assert_eq!(rig.connections[ann].closed, None);
}
