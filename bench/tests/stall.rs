//! A node that stands still for two seconds: the open loop sees the whole stall, the closed loop hides it.
//!
//! This tests the recorder, not speed. The stall begins once the node has taken messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ringpost_bench::node::{Metrics, NodeHandle};
use ringpost_bench::record::Stage;
use ringpost_bench::run::{Finished, Latency};
use running::{node, run_on, scenario};

mod running;

/// The node is asked so often how many messages it has stored.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const STALL: Duration = Duration::from_secs(2);
/// Far more than a node needs to take its first messages.
const TIMEOUT: Duration = Duration::from_secs(90);
/// Messages after which the load is under way.
const UNDER_WAY: f64 = 50.0;
/// Messages after which one that was stalled is less than a thousandth.
const ENOUGH: f64 = 2_000.0;

fn wait_for_messages(node: &NodeHandle, wanted: f64) {
    let end = Instant::now() + TIMEOUT;
    loop {
        let metrics = Metrics::fetch(node.http, TIMEOUT).expect("the node answers");
        if metrics.sum("ringpost_messages_stored_total") > wanted {
            return;
        }
        assert!(Instant::now() < end, "there is no load");
        thread::park_timeout(LOOK_EVERY);
    }
}

/// Stops the node's process for a while once the load is under way, and ends the run when it has had enough messages.
fn stall(node: &NodeHandle, stop: &AtomicBool) {
    wait_for_messages(node, UNDER_WAY);
    node.pause(STALL)
        .expect("the node is a child of this process");
    wait_for_messages(node, ENOUGH);
    stop.store(true, Ordering::Relaxed);
}

fn latency_beside_a_stall(rate: &str) -> Latency {
    let node = node();
    let settings = [
        ("warm_up_s", "0"),
        ("seconds", "120"),
        ("load.pairs", "1"),
        ("load.in_flight", "1"),
        ("load.rate", rate),
    ];
    let stop = Arc::new(AtomicBool::new(false));
    let stalling = thread::spawn({
        let (handle, stop) = (node.handle().clone(), stop.clone());
        move || stall(&handle, &stop)
    });
    let Finished { run, latencies, .. } =
        run_on(node.handle(), scenario("pairs", &settings), &stop);
    stalling.join().expect("the node was stalled");
    assert_eq!(run.counts["missing"], 0);
    let mut latencies = latencies.into_iter();
    let latency = latencies.find(|latency| latency.stage == Stage::SendToSent);
    latency.expect("messages were sent")
}

#[test]
fn an_open_loop_records_the_whole_stall() {
    let latency = latency_beside_a_stall("200");
    assert!(latency.max_ms >= 1_900.0, "{latency:?}");
    // Hundreds of sends were due during the stall: its share is seen, not only its maximum.
    assert!(latency.p99_ms >= 1_000.0, "{latency:?}");
}

#[test]
fn a_closed_loop_hides_the_stall() {
    let latency = latency_beside_a_stall("0");
    assert!(latency.p999_ms < 500.0, "{latency:?}");
    assert!(latency.max_ms >= 1_900.0, "{latency:?}");
}
