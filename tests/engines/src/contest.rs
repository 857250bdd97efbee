//! A contest: two nodes that both believe to be home of every shard send into one chat, taking the shards from each other.
//!
//! Both go on until each has lost shards and taken them back; then the log must be what was answered, in that order.

use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use ringpost_storage_foundationdb::Options;

use crate::foundation_engine::{FoundationLane, all_shards};
use crate::pair_chat::{log, send_one, setup};

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

/// Holds the contest under the options' prefix, which is empty. Panics when anything was lost, doubled or out of order. How
/// many commits were refused as conflicts.
pub fn hold(options: &Options) -> u64 {
    let start = |node| {
        let options = Options {
            node,
            ..options.clone()
        };
        FoundationLane::start(options, all_shards())
    };
    let (mut one, mut two) = (start(1), start(2));
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
    drop(two);
    let mut all = [sent_by_ann, sent_by_bob].concat();
    all.sort_unstable();
    let ids: Vec<u64> = all.iter().map(|(_, id)| *id).collect();
    assert_eq!(
        log(&mut one),
        ids,
        "the log is what was answered, in that order"
    );
    conflicts.iter().sum()
}
