//! The background work on a real cluster: old messages are trimmed, unseen devices unlinked and taken out of their chats.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use ringpost_engine_tests::people::{device, register};
use ringpost_storage_core::{Command, Outcome};
use ringpost_storage_foundationdb::{Access, Options, SweepDelays};

use crate::scene::{chat, options, send_one, setup, start};

/// Far above what a round takes.
const TIME_MAX: Duration = Duration::from_secs(60);

#[test]
fn old_messages_go_and_unseen_devices_are_unlinked() {
    let Some(mut options) = options() else {
        return;
    };
    let mut lane = start(&options, 1);
    // Everything of the tests' people happened in 2023.
    lane.run(&setup());
    for number in 1..=40 {
        send_one(&mut lane, "ann", number, number);
    }
    let acknowledge = Command::Acknowledge {
        device: device("bob", 1),
        chat: chat(),
        seq: 40,
    };
    lane.run(&[acknowledge]);
    drop(lane);
    options = Options {
        sweep_delays: SweepDelays {
            chats_ms: 0,
            devices_ms: 0,
        },
        ..options
    };
    let mut lane = start(&options, 1);
    let metrics = lane.metrics();
    let until = Instant::now() + TIME_MAX;
    while metrics.swept_messages.load(Relaxed) < 40 || metrics.unlinked_devices.load(Relaxed) < 2 {
        assert!(Instant::now() < until, "{metrics:?}");
        // The lane works beside the sweeps.
        lane.run(&[Command::InspectChat { chat: chat() }]);
    }
    let Outcome::Inspected(inspected) =
        lane.run(&[Command::InspectChat { chat: chat() }]).remove(0)
    else {
        panic!("the chat is there");
    };
    assert_eq!(inspected.trimmed_to, 40, "{inspected:?}");
    let again = lane.run(&[register(device("ann", 1))]).remove(0);
    assert!(
        matches!(again, Outcome::Failed(_)),
        "an unlinked device is refused: {again:?}"
    );
    drop(lane);
    let access = Access::open(&options).expect("they are good");
    access.clear_all().expect("the cluster answers");
}
