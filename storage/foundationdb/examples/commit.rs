//! Measures the engine alone: chats that send messages of 100 bytes through lanes that share the shards.
//!
//! `cargo run --release -p ringpost-storage-foundationdb --features client --example commit -- [SECONDS] [LANES] [CHATS] [BATCH]
//! [CACHE_KIB]` uses the cluster of `FDB_CLUSTER_FILE` under the prefix `measure`, which it clears before and after. It prints a line a second
//! with the store's state, so it also shows what an outage does.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ringpost_storage_core::{Command, Outcome};
use ringpost_storage_foundationdb::limits::LANE_CACHE_BYTES;
use ringpost_storage_foundationdb::{
    Access, FoundationStore, LaneHandle, Metrics, Options, Retention, Rules, RunningStore,
};
use ringpost_wire::{
    ChatId, ContentClass, DeviceAddress, NewMessage, SHARD_COUNT, ShardId, UserId, encode_send,
};

const NOW_MS: u64 = 1_700_000_000_000;
/// Batches that a lane is given at a time.
const UNDER_WAY: usize = 4;

#[derive(Clone, Copy)]
struct Plan {
    seconds: u64,
    lanes: u64,
    chats: u64,
    batch: u64,
    cache_kib: usize,
}

struct Lane {
    number: u64,
    handle: LaneHandle,
    woken: Receiver<()>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let plan = plan()?;
    let rules = Rules {
        retention: Retention::UntilDelivered,
    };
    let options = Options {
        prefix: b"measure".to_vec(),
        lane_cache_bytes: plan.cache_kib << 10,
        ..Options::new(1, rules)
    };
    Access::open(&options)?.clear_all()?;
    let mut store = FoundationStore::open(options.clone())?;
    let mut lanes: Vec<Lane> = (0..plan.lanes)
        .map(|number| lane(&mut store, plan, number))
        .collect();
    let metrics = store.metrics();
    let running = store.start()?;
    for command in (0..plan.chats).flat_map(setup) {
        let lane = lane_of(command.home(), plan.lanes) as usize;
        while refused(&lanes[lane].run(vec![command.clone()])) {
            thread::sleep(Duration::from_millis(50));
        }
    }
    let end = Instant::now() + Duration::from_secs(plan.seconds);
    let (first, began) = (Totals::of(&metrics), Instant::now());
    let senders = lanes.into_iter();
    let senders = senders.map(|lane| thread::spawn(move || lane.send_until(end, plan)));
    let senders: Vec<_> = senders.collect();
    let unavailable = tell(&running, &metrics, end);
    for sender in senders {
        sender.join().map_err(|_| "a sender ended by a defect")?;
    }
    let all = Totals::of(&metrics).since(first);
    all.print("all", began.elapsed());
    println!(
        "{} mutations and {} bytes a commit at the median, {} messages a commit, {unavailable} s not ready",
        metrics.commit_mutations.median_ns(),
        metrics.commit_bytes.median_ns(),
        metrics.commit_messages.median_ns(),
    );
    println!("{:?}", running.stop());
    Access::open(&options)?.clear_all()?;
    Ok(())
}

fn plan() -> Result<Plan, Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, default: u64| words.get(index).map_or(Ok(default), |w| w.parse());
    Ok(Plan {
        seconds: number(0, 10)?,
        lanes: number(1, 1)?.max(1),
        chats: number(2, 500)?.max(1),
        batch: number(3, 250)?.max(1),
        cache_kib: usize::try_from(number(4, LANE_CACHE_BYTES as u64 >> 10)?)?,
    })
}

/// Spreads shards over lanes without an order, as a node's map does.
fn lane_of(shard: ShardId, lanes: u64) -> u64 {
    (u64::from(shard.0) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) % lanes
}

fn lane(store: &mut FoundationStore, plan: Plan, number: u64) -> Lane {
    let shards = (0..SHARD_COUNT as u16).map(ShardId);
    let homes: BTreeSet<ShardId> = shards
        .filter(|shard| lane_of(*shard, plan.lanes) == number)
        .collect();
    let (wake, woken) = channel();
    let handle = store.lane(homes, move || {
        // Nobody listens at the end.
        let _ = wake.send(());
    });
    Lane {
        number,
        handle,
        woken,
    }
}

fn device(chat: u64, side: u8) -> DeviceAddress {
    let mut id = [side; 16];
    id[..8].copy_from_slice(&chat.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    DeviceAddress {
        user: UserId(id),
        device: 1,
    }
}

fn chat_id(chat: u64) -> ChatId {
    ChatId::one_to_one(device(chat, 1).user, device(chat, 2).user)
}

fn setup(chat: u64) -> Vec<Command> {
    let register = |side| Command::RegisterDevice {
        issued_ms: u64::MAX,
        device: device(chat, side),
        create: true,
        link_after: None,
        now_ms: NOW_MS,
    };
    vec![
        register(1),
        register(2),
        Command::OpenChat {
            opener: device(chat, 1).user,
            other: device(chat, 2).user,
            now_ms: NOW_MS,
        },
    ]
}

fn refused(outcomes: &[Outcome]) -> bool {
    outcomes
        .iter()
        .any(|outcome| matches!(outcome, Outcome::Failed(_)))
}

impl Lane {
    fn run(&mut self, commands: Vec<Command>) -> Vec<Outcome> {
        if self.handle.submit(commands).is_err() {
            return Vec::new();
        }
        loop {
            match self.handle.poll() {
                Some(outcomes) => return outcomes,
                None if self.woken.recv().is_err() => return Vec::new(),
                None => {}
            }
        }
    }

    /// Sends in the lane's chats in turn. The server numbers, so that a refusal leaves no gap.
    fn send_until(mut self, end: Instant, plan: Plan) {
        let chats = 0..plan.chats;
        let chats: Vec<u64> = chats
            .filter(|chat| lane_of(chat_id(*chat).shard(), plan.lanes) == self.number)
            .collect();
        let mut chats = chats.iter().copied().cycle();
        let mut message_id = self.number << 48;
        while Instant::now() < end {
            while self.handle.under_way() < UNDER_WAY {
                let commands = chats.by_ref().take(plan.batch as usize);
                let commands = commands.filter_map(|chat| {
                    message_id += 1;
                    send(chat, message_id)
                });
                if self.handle.submit(commands.collect()).is_err() {
                    return;
                }
            }
            let _ = self.woken.recv_timeout(Duration::from_millis(100));
            while let Some(outcomes) = self.handle.poll() {
                let is_refused = |outcome: &Outcome| matches!(outcome, Outcome::AppendRefused(_));
                if outcomes.iter().any(is_refused) {
                    thread::sleep(Duration::from_millis(20));
                }
            }
        }
    }
}

fn send(chat: u64, message_id: u64) -> Option<Command> {
    let message = NewMessage {
        chat: chat_id(chat),
        client_seq: 0,
        message_id,
        device_epoch: 0,
        content_class: ContentClass::Visible,
        unanswered: 0,
        payload: &[0x5a; 100],
        slices: &[],
    };
    let mut frame = Vec::new();
    encode_send(&message, &mut frame).ok()?;
    Some(Command::Append {
        sender: device(chat, 1),
        frame: Bytes::from(frame),
        now_ms: NOW_MS,
    })
}

/// A line a second; how many of them were not ready.
fn tell(running: &RunningStore, metrics: &Metrics, end: Instant) -> u64 {
    let (mut last, mut not_ready) = (Totals::of(metrics), 0);
    while Instant::now() < end {
        let began = Instant::now();
        thread::sleep(Duration::from_secs(1));
        let now = Totals::of(metrics);
        let state = format!("{:?}", running.state());
        not_ready += u64::from(state != "Ready");
        now.since(last).print(&state, began.elapsed());
        last = now;
    }
    not_ready
}

/// Counters at one time, or between two.
#[derive(Clone, Copy)]
struct Totals {
    messages: u64,
    mutations: u64,
    commits: u64,
    conflicts: u64,
    unknown: u64,
    commit_ns: u64,
    version_ns: u64,
    reads: u64,
    read_ns: u64,
}

impl Totals {
    fn of(metrics: &Metrics) -> Self {
        Self {
            messages: metrics.messages.load(Relaxed),
            mutations: metrics.mutations.load(Relaxed),
            commits: metrics.commits.load(Relaxed),
            conflicts: metrics.conflicts.load(Relaxed),
            unknown: metrics.unknown_results.load(Relaxed),
            commit_ns: metrics.commit_times.sum_ns(),
            version_ns: metrics.read_version_times.sum_ns(),
            reads: metrics.reads.load(Relaxed),
            read_ns: metrics.read_times.sum_ns(),
        }
    }

    fn since(self, before: Self) -> Self {
        Self {
            messages: self.messages - before.messages,
            mutations: self.mutations - before.mutations,
            commits: self.commits - before.commits,
            conflicts: self.conflicts - before.conflicts,
            unknown: self.unknown - before.unknown,
            commit_ns: self.commit_ns - before.commit_ns,
            version_ns: self.version_ns - before.version_ns,
            reads: self.reads - before.reads,
            read_ns: self.read_ns - before.read_ns,
        }
    }

    fn print(self, title: &str, time: Duration) {
        let a_second = |count: u64| count as f64 / time.as_secs_f64();
        let mean_ms = |nanoseconds: u64| nanoseconds as f64 / self.commits.max(1) as f64 / 1e6;
        println!(
            "{title}: {:.0} messages/s, {:.1} mutations a message, {:.0} commits/s of {:.2} ms, version {:.2} ms, \
             {:.1} reads of {:.2} ms a commit, {} conflicts, {} unknown",
            a_second(self.messages),
            self.mutations as f64 / self.messages.max(1) as f64,
            a_second(self.commits),
            mean_ms(self.commit_ns),
            mean_ms(self.version_ns),
            self.reads as f64 / self.commits.max(1) as f64,
            mean_ms(self.read_ns),
            self.conflicts,
            self.unknown
        );
    }
}
