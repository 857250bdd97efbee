//! Two nodes that both believe to be home of every shard: they take the shards from each other and break nothing.

use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use ringpost_engine_tests::foundation_engine::FoundationLane;

use crate::scene::{log, options, send_one, setup, start};

/// Rounds of sends; each is followed by a look whether both nodes have lost shards by then.
const SENDS_MIN: u64 = 150;
const SENDS_MAX: u64 = 5_000;

/// Sends until this node has lost and taken shards, at least `SENDS_MIN`: seq and message id of each.
fn send_all(lane: &mut FoundationLane, sender: &str, first_id: u64) -> Vec<(u64, u64)> {
    let metrics = lane.metrics();
    let mut sent = Vec::new();
    for number in 1..=SENDS_MAX {
        let id = first_id + number;
        sent.push((send_one(lane, sender, number, id).seq, id));
        let is_contested =
            metrics.shards_lost.load(Relaxed) > 0 && metrics.claims.load(Relaxed) > 1;
        if number >= SENDS_MIN && is_contested {
            break;
        }
    }
    sent
}

#[test]
fn two_nodes_share_every_shard() {
    let Some(options) = options() else {
        return;
    };
    let (mut one, mut two) = (start(&options, 1), start(&options, 2));
    one.run(&setup());
    let ann = thread::spawn(move || (send_all(&mut one, "ann", 1_000_000), one));
    let bob = thread::spawn(move || (send_all(&mut two, "bob", 2_000_000), two));
    let (sent_by_ann, mut one) = ann.join().expect("Ann sends all");
    let (sent_by_bob, two) = bob.join().expect("Bob sends all");
    for metrics in [one.metrics(), two.metrics()] {
        assert!(metrics.shards_lost.load(Relaxed) > 0, "{metrics:?}");
        assert!(metrics.claims.load(Relaxed) > 1, "{metrics:?}");
    }
    let conflicts = [&one, &two].map(|lane| lane.metrics().conflicts.load(Relaxed));
    assert!(
        conflicts.iter().sum::<u64>() > 0,
        "a claim breaks the other's commit at times"
    );
    drop(two);
    let mut all = [sent_by_ann, sent_by_bob].concat();
    all.sort_unstable();
    let ids: Vec<u64> = all.iter().map(|(_, id)| *id).collect();
    assert_eq!(
        log(&mut one),
        ids,
        "the log is what was answered, in that order"
    );
    let access = ringpost_storage_foundationdb::Access::open(&options).expect("they are good");
    drop(one);
    access.clear_all().expect("the cluster answers");
}
