//! The engine on its threads: lanes that send at once, a failing disk, a full overlay, and the stop.

use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::ErrorCode;

use super::scene::{open, options};
use super::traffic::{NOW_MS, Pair, appended};
use crate::{EmbeddedStore, Fatal, LaneHandle, Options, Pinning, State, SyncMode};

const LANES: u8 = 3;

/// A lane and the bell that its wake function rings.
struct Lane {
    handle: LaneHandle,
    woken: Receiver<()>,
}

impl Lane {
    fn of(store: &mut EmbeddedStore) -> Self {
        let (wake, woken) = channel();
        let handle = store.lane(move || {
            let _ = wake.send(());
        });
        Self { handle, woken }
    }

    /// Waits for the outcomes of the oldest batch under way.
    fn wait(&mut self) -> Vec<Outcome> {
        loop {
            if let Some(outcomes) = self.handle.poll() {
                return outcomes;
            }
            self.woken.recv().expect("the committer lives");
        }
    }

    /// Hands over a batch when there is a place, and gives the outcomes that made it.
    fn submit(&mut self, mut commands: Vec<Command>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        while let Err(back) = self.handle.submit(commands) {
            commands = back;
            outcomes.extend(self.wait());
        }
        outcomes
    }

    fn wait_for_all(&mut self) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        while self.handle.under_way() > 0 {
            outcomes.extend(self.wait());
        }
        outcomes
    }
}

/// Sends `batches` of 20 messages to one chat and checks that every one is numbered in turn.
fn send_all(lane: &mut Lane, pair: Pair, batches: u64) {
    let mut outcomes = lane.submit(pair.setup());
    for batch in 0..batches {
        let first = batch * 20 + 1;
        let commands = (first..first + 20).map(|seq| pair.send(seq, &[b'x'; 900], NOW_MS));
        outcomes.extend(lane.submit(commands.collect()));
    }
    outcomes.extend(lane.wait_for_all());
    let seqs: Vec<u64> = outcomes.iter().filter_map(appended).collect();
    assert_eq!(seqs, (1..=batches * 20).collect::<Vec<_>>());
}

fn stored(store: &mut EmbeddedStore, pair: Pair) -> u64 {
    let mut from = 1;
    loop {
        let outcomes = store.run(vec![pair.page(from)]).unwrap();
        let Outcome::Page(page) = &outcomes[0] else {
            panic!("{outcomes:?}");
        };
        assert!(page.empty.is_empty(), "nothing is missing");
        from = page.to + 1;
        if page.complete {
            return page.to;
        }
    }
}

fn run_lanes(folder: &Path, options: Options, flush: bool) -> std::sync::Arc<crate::Metrics> {
    let mut store = EmbeddedStore::open(options).unwrap();
    let lanes: Vec<Lane> = (0..LANES).map(|_| Lane::of(&mut store)).collect();
    let running = store.start(Pinning::default()).unwrap();
    let senders = lanes.into_iter().zip(0..).map(|(mut lane, number)| {
        thread::spawn(move || {
            send_all(&mut lane, Pair::new(number), 25);
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.join().unwrap();
    }
    assert_eq!(running.state(), State::Running);
    let metrics = running.metrics();
    running.stop(flush).unwrap();
    let mut store = open(folder);
    for number in 0..LANES {
        assert_eq!(stored(&mut store, Pair::new(number)), 500);
    }
    metrics
}

#[test]
fn lanes_that_send_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let metrics = run_lanes(folder.path(), options(folder.path()), false);
    assert_eq!(metrics.syncs.count(), metrics.commits.load(Relaxed));
    assert_eq!(metrics.commands.load(Relaxed), u64::from(LANES) * 503);
}

#[test]
fn a_full_overlay_holds_lanes_back_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let small = Options {
        overlay_bytes_max: 16 << 10,
        segment_bytes: 64 << 10,
        ..options(folder.path())
    };
    let metrics = run_lanes(folder.path(), small, true);
    assert!(metrics.overlay_waits.load(Relaxed) > 0);
    assert_eq!(metrics.overlay_entries.load(Relaxed), 0);
    assert_eq!(metrics.log_segments.load(Relaxed), 1);
}

#[test]
fn writes_that_are_old_enough_are_flushed_in_the_background() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = EmbeddedStore::open(Options {
        flush_age_ms: 1,
        ..options(folder.path())
    })
    .unwrap();
    let mut lane = Lane::of(&mut store);
    let running = store.start(Pinning::default()).unwrap();
    send_all(&mut lane, Pair::new(0), 2);
    let metrics = running.metrics();
    while metrics.overlay_entries.load(Relaxed) > 0 || metrics.flushes.load(Relaxed) == 0 {
        thread::yield_now();
    }
    running.stop(false).unwrap();
    assert!(metrics.flushed_entries.load(Relaxed) >= 40);
}

#[test]
fn after_a_failed_sync_everything_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = EmbeddedStore::open(Options {
        sync: SyncMode::FailSync(3),
        ..options(folder.path())
    })
    .unwrap();
    let mut lane = Lane::of(&mut store);
    let pair = Pair::new(0);
    let running = store.start(Pinning::default()).unwrap();
    let mut answers = Vec::new();
    lane.submit(pair.setup());
    lane.wait();
    for client_seq in 1..=4 {
        lane.submit(vec![pair.send(client_seq, b"hello", NOW_MS)]);
        answers.extend(lane.wait());
    }
    lane.submit(vec![pair.acknowledge(1)]);
    answers.extend(lane.wait());
    assert_eq!(appended(&answers[0]), Some(1));
    for (answer, sent_as) in answers[1..4].iter().zip(2..) {
        let Outcome::AppendRefused(refused) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(refused.code, ErrorCode::Unavailable);
        assert_eq!((refused.chat, refused.sent_as), (pair.chat, sent_as));
    }
    assert_eq!(answers[4], Outcome::Failed(ErrorCode::Unavailable));
    assert!(matches!(running.state(), State::Failed(_)));
    assert!(running.metrics().last_error().is_some());
    assert!(matches!(running.stop(true), Err(Fatal::Stopped(_))));
    assert!(lane.handle.submit(vec![]).is_err(), "nobody is there");
    assert!(stored(&mut open(folder.path()), pair) >= 1);
}

#[test]
fn what_was_handed_over_before_the_stop_is_committed() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let pair = Pair::new(0);
    let mut lane = Lane::of(&mut store);
    let sends = (1..=5).map(|seq| pair.send(seq, b"hello", NOW_MS));
    lane.submit(pair.setup());
    lane.submit(sends.collect());
    let running = store.start(Pinning::default()).unwrap();
    running.stop(false).unwrap();
    assert_eq!(lane.wait_for_all().iter().filter_map(appended).count(), 5);
    assert_eq!(stored(&mut open(folder.path()), pair), 5);
}
