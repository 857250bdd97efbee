//! All devices of a load, on a thread of their own: orders to them, their progress, the wait until all is quiet.
//!
//! The clients live in the process of the test, so a killed node finds them as they were.

use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::application::Application;
use super::device_log::DeviceLog;
use super::orders::{Orders, Progress};
use super::plan::{LoadPlan, Part};
use super::task::Task;
use crate::Tokens;
use crate::device::{Device, DeviceOptions};

/// How often waiting devices are told to connect at once while everything settles.
const WAKE_INTERVAL: Duration = Duration::from_secs(2);

struct Member {
    part: Part,
    orders: watch::Sender<Orders>,
    progress: Arc<Mutex<Progress>>,
    task: JoinHandle<DeviceLog>,
}

/// Sums over all devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Devices.
    pub devices: usize,
    /// Devices with an open session.
    pub live: usize,
    /// Messages taken into outboxes.
    pub accepted: u64,
    /// Messages answered `Sent`.
    pub sent: u64,
    /// Messages kept by applications.
    pub kept: u64,
    /// Answers about messages stored before the session in which they were answered.
    pub answered_again: u64,
    /// Sessions and dials that ended otherwise than by order or crash.
    pub lost_sessions: u64,
    /// Crashes of clients.
    pub crashes: u64,
    /// Chats that are not open.
    pub closed_chats: usize,
    /// Devices that know less than all of their chat, have messages in the outbox, or may crash.
    pub unsettled: usize,
}

/// The devices of a load.
pub struct Fleet {
    runtime: Runtime,
    members: Vec<Member>,
    changed: Receiver<()>,
}

impl Fleet {
    /// Starts all devices of `plan`; they connect and do nothing more until ordered.
    ///
    /// # Panics
    /// The system gives no thread.
    pub fn start(plan: &LoadPlan, server: SocketAddr, tokens: &Tokens) -> Self {
        Self::start_among(plan, &[server], tokens)
    }

    /// As `start`, with several nodes: each dial goes to one of them by chance.
    ///
    /// # Panics
    /// The system gives no thread.
    pub fn start_among(plan: &LoadPlan, servers: &[SocketAddr], tokens: &Tokens) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a test process may start a thread");
        let (tell_changed, changed) = mpsc::sync_channel(1);
        let mut members = Vec::new();
        for (index, part) in plan.parts().into_iter().enumerate() {
            let seed = plan.seed.wrapping_mul(1_000_003) ^ index as u64;
            let device = DeviceOptions {
                servers: servers.to_vec(),
                trust: plan.trust.clone(),
                token: tokens.make(&part.subject, part.device),
                seed,
                crash_one_in: plan.crash_one_in,
            };
            let (orders, ordered) = watch::channel(Orders::default());
            let progress = Arc::new(Mutex::new(Progress::default()));
            let task = Task {
                device: runtime.block_on(async { Device::new(device) }),
                application: Application::new(part.clone(), plan.clone(), !seed),
                orders: ordered,
                progress: progress.clone(),
                changed: tell_changed.clone(),
            };
            members.push(Member {
                part,
                orders,
                progress,
                task: runtime.spawn(task.run()),
            });
        }
        Self {
            runtime,
            members,
            changed,
        }
    }

    /// Changes the orders of every device.
    pub fn order(&self, change: impl Fn(&mut Orders)) {
        self.order_some(|_| true, change);
    }

    /// Changes the orders of the devices that `is_meant`.
    pub fn order_some(&self, is_meant: impl Fn(&Part) -> bool, change: impl Fn(&mut Orders)) {
        for member in self.members.iter().filter(|member| is_meant(&member.part)) {
            member.orders.send_modify(&change);
        }
    }

    /// Opens all chats and starts sending, once every device has been registered.
    pub fn begin(&self, timeout: Duration) -> bool {
        let all_live = self.wait_until(timeout, |totals| totals.live == totals.devices);
        self.order(|orders| {
            orders.may_open = true;
            orders.is_sending = true;
        });
        all_live
    }

    /// Whom it consists of and how far each is.
    pub fn progress(&self) -> impl Iterator<Item = (&Part, Progress)> {
        self.members.iter().map(|member| {
            let progress = member
                .progress
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            (&member.part, *progress)
        })
    }

    /// Sums over all devices.
    pub fn totals(&self) -> Totals {
        let all: Vec<(&Part, Progress)> = self.progress().collect();
        let pairs = all.iter().map(|(part, _)| part.pair).max().unwrap_or(0) as usize;
        let mut heads = vec![0; pairs + 1];
        for (part, progress) in &all {
            let head = &mut heads[part.pair as usize];
            *head = progress.highest.max(*head);
        }
        let mut totals = Totals {
            devices: all.len(),
            ..Totals::default()
        };
        for (part, progress) in &all {
            totals.live += usize::from(progress.is_live);
            totals.accepted += progress.accepted;
            totals.sent += progress.sent;
            totals.kept += progress.kept;
            totals.answered_again += progress.answered_again;
            totals.lost_sessions += progress.lost_sessions;
            totals.crashes += progress.crashes;
            let opens = part.is_sender && part.device == 1;
            totals.closed_chats += usize::from(opens && !progress.is_open);
            let knows_all = progress.passed == heads[part.pair as usize];
            totals.unsettled +=
                usize::from(!knows_all || progress.outbox > 0 || progress.may_crash);
        }
        totals
    }

    /// Waits until `is_so`, at most `timeout`. Answers whether it became so.
    pub fn wait_until(&self, timeout: Duration, is_so: impl Fn(&Totals) -> bool) -> bool {
        let end = Instant::now() + timeout;
        loop {
            if is_so(&self.totals()) {
                return true;
            }
            let rest = end.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return false;
            }
            // Looking at all devices costs more than a wake: not at every change.
            let _ = self
                .changed
                .recv_timeout(rest.min(Duration::from_millis(50)));
            self.rest(rest.min(Duration::from_millis(5)));
        }
    }

    /// Lets the load run for a time.
    pub fn rest(&self, time: Duration) {
        self.runtime
            .block_on(async { tokio::time::sleep(time).await });
    }

    /// Tells every device that waits before its next try to connect at once.
    pub fn wake(&self) {
        self.order(|orders| orders.wakes += 1);
    }

    /// Stops sending and crashing and waits until every device knows all of its chat and nothing waits in an outbox. Gives up after
    /// `timeout`, or when nothing has moved for `stall`. Answers whether all is quiet.
    pub fn settle(&self, timeout: Duration, stall: Duration) -> bool {
        self.order(|orders| {
            orders.is_sending = false;
            orders.may_crash = false;
        });
        let end = Instant::now() + timeout;
        let mut moved_at = Instant::now();
        let mut seen = self.totals();
        while Instant::now() < end && moved_at.elapsed() < stall {
            self.wake();
            let is_quiet = |totals: &Totals| totals.unsettled == 0 && totals.live == totals.devices;
            if self.wait_until(WAKE_INTERVAL, is_quiet) {
                return true;
            }
            let now = self.totals();
            if now != seen {
                (seen, moved_at) = (now, Instant::now());
            }
        }
        false
    }

    /// Ends all devices and gives their logs.
    ///
    /// # Panics
    /// A device's task panicked: an invariant of the SDK is broken.
    pub fn finish(self) -> Vec<DeviceLog> {
        self.order(|orders| orders.is_finished = true);
        let tasks = self.members.into_iter().map(|member| member.task);
        let log = |task| self.runtime.block_on(task);
        tasks
            .map(|task| log(task).expect("a device's task runs to its end"))
            .collect()
    }
}
