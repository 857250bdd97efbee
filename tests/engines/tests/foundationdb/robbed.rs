//! A lane whose fences are overwritten between its commits: conflicts are told, shards dropped and claimed again, nothing lost.

use std::sync::atomic::Ordering::Relaxed;

use ringpost_storage_core::key::fence;
use ringpost_storage_core::row::{Fence, Row as _};
use ringpost_storage_core::store::{Row, Write};
use ringpost_storage_foundationdb::Access;

use crate::scene::{chat, log, options, send_one, setup, start};

const ROBBERIES: u64 = 8;

#[test]
fn a_robbed_lane_loses_no_message() {
    let Some(options) = options() else {
        return;
    };
    let access = Access::open(&options).expect("they are good");
    let mut lane = start(&options, 1);
    lane.run(&setup());
    let mut ids = Vec::new();
    for robbery in 1..=ROBBERIES {
        for _ in 0..5 {
            let number = ids.len() as u64 + 1;
            let appended = send_one(&mut lane, "ann", number, 7_000 + number);
            assert_eq!(appended.seq, number);
            ids.push(7_000 + number);
        }
        let foreign = Fence {
            node: 99,
            incarnation: 1,
            claim: robbery,
        };
        let robbed = Write::Set(Row {
            key: fence::encode(chat().shard()),
            value: foreign.to_bytes(),
        });
        access.commit(&[robbed]).expect("the cluster answers");
    }
    assert_eq!(log(&mut lane), ids);
    let metrics = lane.metrics();
    assert!(metrics.conflicts.load(Relaxed) > 0, "{metrics:?}");
    assert!(
        metrics.shards_lost.load(Relaxed) >= ROBBERIES,
        "{metrics:?}"
    );
    drop(lane);
    access.clear_all().expect("the cluster answers");
}
