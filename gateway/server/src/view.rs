//! What the HTTP thread sees of the node: published counters, turns, readiness, and the way to ask a worker.
//!
//! Each core publishes its own part; nobody else writes it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ringpost_gateway_core::{Counters, Histogram, ShardMap, Summary};
use ringpost_gateway_ring::Waker;

use crate::door::{Certificates, DoorCounters};
use crate::http::{AdminGuard, AdminRequest, Page};
use crate::reload::Reloader;
use crate::stop_order::{Order, StopOrder};
use crate::store::{StoreHealth, StoreNumbers, StoreState};
use crate::tokens::LiveTokens;

/// A core that took no turn for so long is stuck, in milliseconds. A parked one wakes at least twice in this time.
const STUCK_MS: u64 = 5_000;
/// Requests of operators that may wait for one core.
pub const ADMIN_REQUESTS_MAX: usize = 64;

/// No batch is with the lane.
const NONE: u64 = u64::MAX;

/// What one core publishes.
pub struct CoreView {
    turn_ms: AtomicU64,
    /// When the oldest batch that the lane has was handed over; `NONE` without one.
    asked_ms: AtomicU64,
    published: Mutex<Published>,
}

/// A core's numbers at one moment.
#[derive(Clone, Default)]
pub struct Published {
    /// Counts of the worker.
    pub counters: Counters,
    /// State of the worker.
    pub summary: Summary,
    /// Mails that wait in the mailboxes of other cores.
    pub mailbox_depth: usize,
    /// Work of the core between two waits.
    pub turns: Histogram,
    /// Counts of the reactor.
    pub reactor: ringpost_gateway_ring::Counters,
    /// Counts of the doors.
    pub doors: DoorCounters,
}

impl Default for CoreView {
    fn default() -> Self {
        Self {
            turn_ms: AtomicU64::new(0),
            asked_ms: AtomicU64::new(NONE),
            published: Mutex::default(),
        }
    }
}

impl CoreView {
    /// Notes since when the lane has had a batch, in uptime; `None` when it has none.
    pub fn asks_since(&self, uptime_ms: Option<u64>) {
        let asked_ms = uptime_ms.unwrap_or(NONE);
        self.asked_ms.store(asked_ms, Ordering::Relaxed);
    }

    /// Notes a turn at `uptime_ms`.
    pub fn turned(&self, uptime_ms: u64) {
        self.turn_ms.store(uptime_ms, Ordering::Relaxed);
    }

    /// Publishes numbers. Skipped while they are being read: the next time is soon.
    pub fn publish(&self, publish: impl FnOnce(&mut Published)) {
        if let Ok(mut published) = self.published.try_lock() {
            publish(&mut published);
        }
    }

    /// The numbers published last.
    pub fn published(&self) -> Published {
        self.published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The way to ask one core's worker.
pub struct AdminDoor {
    /// Its queue.
    pub requests: SyncSender<AdminRequest>,
    /// Its waker.
    pub waker: Waker,
}

/// The numbers of a store that is not open.
struct NoNumbers;

impl StoreNumbers for NoNumbers {
    fn write(&self, _: &mut Page) {}
}

/// The whole node, as HTTP sees it.
pub struct NodeView {
    started: Instant,
    shards: ShardMap,
    cores: Vec<Arc<CoreView>>,
    doors: Vec<AdminDoor>,
    store: Arc<dyn StoreNumbers>,
    health: Arc<StoreHealth>,
    stopping: Arc<StopOrder>,
    reloader: Arc<Reloader>,
    certificates: Option<Arc<Certificates>>,
    tokens: Option<Arc<LiveTokens>>,
    admin_guard: Arc<AdminGuard>,
}

/// What a view is made of.
pub struct NodeParts {
    /// When the node started.
    pub started: Instant,
    /// Its cores with their doors, in order.
    pub cores: Vec<(Arc<CoreView>, AdminDoor)>,
    /// What its store counts.
    pub store: Arc<dyn StoreNumbers>,
    /// Its store's state.
    pub health: Arc<StoreHealth>,
    /// It is to stop.
    pub stopping: Arc<StopOrder>,
    /// Its configuration.
    pub reloader: Arc<Reloader>,
    /// Its certificate, if it speaks TLS.
    pub certificates: Option<Arc<Certificates>>,
    /// The keys of its tokens, once it has any.
    pub tokens: Option<Arc<LiveTokens>>,
    /// What an operator's call must carry, and who has come with something else.
    pub admin_guard: Arc<AdminGuard>,
}

impl NodeView {
    /// A view of these parts.
    pub fn new(parts: NodeParts) -> Self {
        let shards = ShardMap::new(parts.cores.len().max(1) as u16);
        let (cores, doors) = parts.cores.into_iter().unzip();
        Self {
            started: parts.started,
            shards,
            cores,
            doors,
            store: parts.store,
            health: parts.health,
            stopping: parts.stopping,
            reloader: parts.reloader,
            certificates: parts.certificates,
            tokens: parts.tokens,
            admin_guard: parts.admin_guard,
        }
    }

    /// A node that has no cores yet, since its store cannot be opened; `health` says why.
    pub fn waiting(
        health: Arc<StoreHealth>,
        reloader: Arc<Reloader>,
        admin_guard: Arc<AdminGuard>,
    ) -> Self {
        Self::new(NodeParts {
            started: Instant::now(),
            cores: Vec::new(),
            store: Arc::new(NoNumbers),
            health,
            stopping: Arc::default(),
            reloader,
            certificates: None,
            tokens: None,
            admin_guard,
        })
    }

    /// Time since the start.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// The node's configuration.
    pub fn reloader(&self) -> &Arc<Reloader> {
        &self.reloader
    }

    /// Its certificate, if it speaks TLS.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_deref()
    }

    /// What an operator's call must carry, and who has come with something else.
    pub fn admin_guard(&self) -> &AdminGuard {
        &self.admin_guard
    }

    /// The keys of tokens, once there are any.
    pub fn tokens(&self) -> Option<&LiveTokens> {
        self.tokens.as_deref()
    }

    /// What the store counts.
    pub fn store_numbers(&self) -> &dyn StoreNumbers {
        &*self.store
    }

    /// The store's state.
    pub fn store_state(&self) -> StoreState {
        self.health.state()
    }

    /// Each core's numbers, in order.
    pub fn cores(&self) -> impl Iterator<Item = Published> {
        self.cores.iter().map(|core| core.published())
    }

    /// Cores that took no turn for a while.
    pub fn stuck_cores(&self) -> impl Iterator<Item = usize> {
        let now_ms = self.started.elapsed().as_millis() as u64;
        let turned = |core: &Arc<CoreView>| core.turn_ms.load(Ordering::Relaxed);
        self.cores
            .iter()
            .enumerate()
            .filter(move |(_, core)| now_ms.saturating_sub(turned(core)) > STUCK_MS)
            .map(|(index, _)| index)
    }

    /// For how long the store has owed an answer, to the core that waits the longest.
    pub fn store_silence(&self) -> Duration {
        let now_ms = self.started.elapsed().as_millis() as u64;
        let asked = |core: &Arc<CoreView>| core.asked_ms.load(Ordering::Relaxed);
        let asked_ms = self.cores.iter().map(asked).min().unwrap_or(NONE);
        Duration::from_millis(now_ms.saturating_sub(asked_ms))
    }

    /// Why new messages cannot be stored; `None` when they can.
    pub fn not_ready(&self) -> Option<String> {
        if self.stopping.get() > Order::Run {
            return Some("the node is stopping".to_owned());
        }
        if let Some(reason) = self.health.state().not_ready() {
            return Some(reason);
        }
        let stuck: Vec<String> = self.stuck_cores().map(|core| core.to_string()).collect();
        (!stuck.is_empty()).then(|| format!("cores that take no turns: {}", stuck.join(", ")))
    }

    /// Hands a request to the worker that is its home. `false` when too many wait there.
    pub fn ask(&self, request: AdminRequest) -> bool {
        let home = self.shards.home(request.command.home());
        let Some(door) = self.doors.get(usize::from(home.0)) else {
            return false;
        };
        match door.requests.try_send(request) {
            Ok(()) => {
                door.waker.wake();
                true
            }
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }
}
