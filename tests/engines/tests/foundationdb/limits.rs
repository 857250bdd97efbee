//! Batches far over what a transaction should hold are split, and pages over many rows come back whole.

use std::sync::atomic::Ordering::Relaxed;

use ringpost_engine_tests::people::{device, message, send};
use ringpost_storage_core::limits::BATCH_BYTES_AIM;
use ringpost_storage_core::{Command, Outcome};
use ringpost_storage_foundationdb::Access;
use ringpost_wire::NewMessage;
use ringpost_wire::limits::PAYLOAD_BYTES_MAX;

use crate::scene::{chat, log, options, setup, start};

const LARGE: u64 = 60;
const SMALL: u64 = 1_500;

#[test]
fn a_large_batch_takes_several_commits() {
    let Some(options) = options() else {
        return;
    };
    let mut lane = start(&options, 1);
    lane.run(&setup());
    let payload = vec![0x5a; PAYLOAD_BYTES_MAX];
    let large = |number| NewMessage {
        payload: &payload,
        ..message(chat(), number, number)
    };
    let ann = device("ann", 1);
    let large = (1..=LARGE).map(|number| send(ann, &large(number)));
    let small =
        (LARGE + 1..=LARGE + SMALL).map(|number| send(ann, &message(chat(), number, number)));
    let commands: Vec<Command> = large.chain(small).collect();
    let outcomes = lane.run(&commands);
    let seqs = outcomes.iter().map(|outcome| match outcome {
        Outcome::Appended(appended) => appended.seq,
        other => panic!("{other:?}"),
    });
    assert!(seqs.eq(1..=LARGE + SMALL));
    assert!(log(&mut lane).into_iter().eq(1..=LARGE + SMALL));
    let metrics = lane.metrics();
    let least = LARGE * PAYLOAD_BYTES_MAX as u64 / (2 * BATCH_BYTES_AIM as u64);
    assert!(metrics.batches.load(Relaxed) > least, "{metrics:?}");
    assert_eq!(metrics.too_large.load(Relaxed), 0);
    assert_eq!(metrics.messages.load(Relaxed), LARGE + SMALL);
    drop(lane);
    let access = Access::open(&options).expect("they are good");
    access.clear_all().expect("the cluster answers");
}
