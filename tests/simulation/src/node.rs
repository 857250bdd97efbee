//! A node: its cores, each with the worker and the lane of the binary, and what the shell of each keeps.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use ringpost_gateway_core::{
    Config, CoreId, LaneState, Mail, Now, SessionId, ShardMap, TokenKey, TokenVerifier, Worker,
};
use ringpost_storage_core::batch::Rules;
use ringpost_storage_core::lane::{Lane, LaneConfig};
use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::ShardId;

use crate::connection::ConnectionId;
use crate::settings::Settings;
use crate::token::SECRET;

/// True time at the start of a run, in milliseconds since 1970.
pub const EPOCH_MS: u64 = 1_800_000_000_000;

/// What came in at a core and waits for its next turn.
#[derive(Debug)]
pub enum Arrived {
    /// A connection.
    Connected(SessionId),
    /// Bytes of one.
    Received(SessionId, Vec<u8>),
    /// Bytes to one left.
    Progress(SessionId, usize),
    /// One is gone.
    Disconnected(SessionId),
    /// A mail of another core.
    Mail(CoreId, Mail),
    /// Answers of the lane.
    Answered(Vec<Outcome>),
    /// The lane's state.
    Lane(LaneState),
    /// An operator asks.
    Admin(u64, Command),
    /// Leave.
    Drain(u32),
}

/// One core.
pub struct Core {
    /// The worker.
    pub worker: Worker,
    /// Its lane.
    pub lane: Lane,
    /// What waits for the next turn.
    pub arrived: VecDeque<Arrived>,
    /// When the next turn is.
    pub turn_at_us: Option<u64>,
    /// When the lane is told the time next.
    pub lane_at_us: Option<u64>,
    /// The core does nothing until then.
    pub stalled_until_us: u64,
    /// The connections of its sessions.
    pub sessions: BTreeMap<SessionId, ConnectionId>,
    /// How often each slot was used, and the slots that are free.
    pub slots: Vec<u32>,
    /// Free slots.
    pub free_slots: Vec<u32>,
    /// Mails to each core that were posted and not taken, and when the latest arrives.
    pub posted: Vec<(usize, u64)>,
}

/// A node.
pub struct Node {
    /// How often it was started; events of an earlier life are dropped.
    pub life: u32,
    /// It runs.
    pub is_up: bool,
    /// It was asked to leave.
    pub is_draining: bool,
    /// Difference of its clock to the true time, in milliseconds.
    pub skew_ms: i64,
    /// Its clock stands still at this time, in milliseconds since 1970.
    pub stopped_at_ms: Option<u64>,
    /// Its cores; empty while it is down.
    pub cores: Vec<Core>,
}

impl Node {
    /// A node that is not running.
    pub fn new() -> Self {
        Self {
            life: 0,
            is_up: false,
            is_draining: false,
            skew_ms: 0,
            stopped_at_ms: None,
            cores: Vec::new(),
        }
    }

    /// The node's clocks.
    pub fn now(&self, now_us: u64) -> Now {
        let true_ms = EPOCH_MS + now_us / 1_000;
        let running_ms = true_ms.saturating_add_signed(self.skew_ms);
        Now {
            clock_ms: self.stopped_at_ms.unwrap_or(running_ms),
            ticks_us: now_us,
        }
    }
}

impl Default for Node {
    fn default() -> Self {
        Self::new()
    }
}

/// What a core is made of beside the settings.
pub struct CorePlace<'a> {
    /// The node's number.
    pub node: u32,
    /// The core's.
    pub core: u16,
    /// Cores of the node.
    pub cores: u16,
    /// Never used before, and greater than all before.
    pub incarnation: u64,
    /// The shards that the node is home of, of those that anybody uses: lanes claim no others, for speed.
    pub homes: &'a BTreeSet<ShardId>,
    /// The rules of the store.
    pub rules: Rules,
    /// Seed of the worker.
    pub seed: u64,
}

impl Core {
    /// A core that has just started.
    pub fn new(settings: &Settings, place: &CorePlace<'_>, now: Now) -> Self {
        let key = TokenKey::hs256(None, SECRET).expect("is long enough");
        let config = Config {
            core: CoreId(place.core),
            cores: place.cores,
            seed: place.seed,
            server: "simulated".to_owned(),
            tokens: Arc::new(TokenVerifier::of_key(key)),
            sessions_max: 256,
            heartbeat_ms: 10_000,
            sends_per_second: settings.sends_per_second,
            sends_burst: settings.sends_per_second.clamp(4, 256),
            handshakes_per_second: settings.handshakes_per_second,
            // Sheds before it refuses at once, as a node does, on the simulation's scale.
            queue_delay_ms: settings.queue_delay_max_ms / 2,
            queue_delay_max_ms: settings.queue_delay_max_ms,
            ..Config::default()
        };
        let shards = ShardMap::new(place.cores);
        let is_own = |shard: &&ShardId| shards.home(**shard) == CoreId(place.core);
        let homes = place.homes.iter().filter(is_own).copied().collect();
        let lane = Lane::new(LaneConfig {
            node: place.node,
            lane: place.core,
            incarnation: place.incarnation,
            homes,
            rules: place.rules,
            cache_bytes_max: 1 << 16,
        });
        Self {
            worker: Worker::new(config, now),
            lane,
            arrived: VecDeque::new(),
            turn_at_us: None,
            lane_at_us: None,
            stalled_until_us: 0,
            sessions: BTreeMap::new(),
            slots: Vec::new(),
            free_slots: Vec::new(),
            posted: vec![(0, 0); usize::from(place.cores)],
        }
    }

    /// A slot with a generation of its own.
    pub fn take_slot(&mut self) -> SessionId {
        let slot = self.free_slots.pop().unwrap_or_else(|| {
            self.slots.push(0);
            self.slots.len() as u32 - 1
        });
        let generation = &mut self.slots[slot as usize];
        *generation += 1;
        SessionId {
            slot,
            generation: *generation,
        }
    }

    /// The session is over: its slot may be used again.
    pub fn free_slot(&mut self, session: SessionId) {
        if self.sessions.remove(&session).is_some() {
            self.free_slots.push(session.slot);
        }
    }
}
