//! The whole simulated world and its loop: take the next event, let it happen, check, again. No threads and no real time.
//!
//! Invariant: everything that happens follows from the scenario and the seed.

use std::collections::BTreeSet;

use ringpost_gateway_core::{CoreId, Mail};
use ringpost_storage_core::batch::{Retention, Rules};
use ringpost_storage_core::lane::LaneInput;
use ringpost_storage_core::memory::MemoryStore;
use ringpost_wire::{ChatId, Seq, ShardId};

use crate::connection::{Connection, ConnectionId, Direction};
use crate::counts::Counts;
use crate::homes::Circle;
use crate::lane_shell::StoreRequest;
use crate::log::Log;
use crate::model::Model;
use crate::node::Node;
use crate::operator::Operator;
use crate::plan::{self, Episode};
use crate::queue::Queue;
use crate::random::Random;
use crate::raw::RawClient;
use crate::reduction::Reduction;
use crate::sdk::SdkClient;
use crate::settings::Settings;
use crate::store_check::StoreMarks;

/// A core of a life of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoreLife {
    /// The node.
    pub node: usize,
    /// Its life.
    pub life: u32,
    /// The core.
    pub core: usize,
}

/// Something that is going to happen.
#[derive(Debug)]
pub enum Event {
    /// A core takes a turn.
    Turn(CoreLife),
    /// A mail arrives.
    Mail(CoreLife, CoreId, Box<Mail>),
    /// A lane is told the time.
    LaneTime(CoreLife),
    /// A lane is told something.
    LaneTold(CoreLife, Box<LaneInput>),
    /// A request reaches the store.
    Store(CoreLife, Box<StoreRequest>),
    /// Commits that were to land late are due.
    StoreLate,
    /// A connection attempt reaches the node.
    Dialed(ConnectionId),
    /// The client learns that its connection is open.
    Opened(ConnectionId),
    /// Bytes arrive.
    Flow(ConnectionId, Direction),
    /// The client learns that its connection is over.
    ClientClosed(ConnectionId),
    /// The node learns that a connection is over.
    ServerClosed(ConnectionId),
    /// An SDK client is told the time.
    SdkTime(usize, u32),
    /// An SDK client starts.
    SdkStart(usize),
    /// An SDK client gets a token.
    SdkToken(usize, u32),
    /// The person at an SDK client does something.
    SdkAct(usize, u32),
    /// The application has kept what was delivered.
    SdkKept(usize, u32, ChatId, Seq),
    /// A raw client does something.
    RawAct(usize),
    /// A node starts.
    NodeStart(usize),
    /// A node that left is gone.
    NodeGone(usize, u32),
    /// A node of which a core is gone is stopped.
    CoreGone(usize, u32),
    /// A node's clock that stood still goes again, and may be set right.
    ClockGoes(usize, bool),
    /// A node learns which shards it is home of.
    HomesTold(usize),
    /// An SDK client goes to its home.
    SdkMoves(usize),
    /// The operator looks after what is not done.
    OperatorTurn,
    /// Something goes wrong.
    Fault(Episode),
    /// The checkers look at the store.
    Check,
    /// Nothing goes wrong any more.
    Calm,
}

/// The world.
pub struct World {
    /// The scenario's settings.
    pub settings: Settings,
    /// The seed.
    pub seed: u64,
    /// Now, in microseconds since the start.
    pub now_us: u64,
    /// Chance.
    pub random: Random,
    /// What is going to happen.
    pub queue: Queue<Event>,
    /// What happened.
    pub log: Log,
    /// How often things took place.
    pub counts: Counts,
    /// The store.
    pub store: MemoryStore,
    /// The store's rules.
    pub rules: Rules,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// All connections that ever were.
    pub connections: Vec<Connection>,
    /// Clients with the SDK.
    pub clients: Vec<SdkClient>,
    /// Clients without.
    pub raws: Vec<RawClient>,
    /// What must be true.
    pub model: Model,
    /// What the store held when it was last looked at.
    pub marks: StoreMarks,
    /// Shards in use.
    pub shards_used: BTreeSet<ShardId>,
    /// Who talks to whom, and where their home is.
    pub circles: Vec<Circle>,
    /// The operator.
    pub operator: Operator,
    /// Connections that were to be reset at a byte.
    pub resets: u64,
    /// Incarnations given out.
    pub incarnations: u64,
    /// Nothing goes wrong any more, since then.
    pub calm_since_us: Option<u64>,
    /// Everything is settled.
    pub is_settled: bool,
    /// The first rule that was broken.
    pub violation: Option<String>,
}

/// How long everything may take to settle once nothing goes wrong, in microseconds.
const SETTLE_US_MAX: u64 = 240_000_000;
const CHECK_EVERY_US: u64 = 400_000;
/// More events than any run needs: a run that goes over it turns in circles.
const EVENTS_MAX: u64 = 5_000_000;

/// Adds a line to the world's log.
macro_rules! note {
    ($world:expr, $($what:tt)*) => {
        $world.log.note($world.now_us, format_args!($($what)*))
    };
}
pub(crate) use note;

impl World {
    /// The world of a seed at its start.
    pub fn new(settings: Settings, seed: u64, reduction: &Reduction, is_printed: bool) -> Self {
        let mut plan = plan::draw(&settings, seed);
        reduction.thin_out(&mut plan);
        let mut world = Self::at_rest(
            reduction.apply(settings),
            seed,
            reduction.variation,
            is_printed,
        );
        world.populate();
        for episode in plan {
            world.queue.push(episode.at_us, Event::Fault(episode));
        }
        for node in 0..world.nodes.len() {
            world.queue.push(0, Event::NodeStart(node));
        }
        world.queue.push(CHECK_EVERY_US, Event::Check);
        let calm_us = world.settings.active_ms * 1_000;
        world.queue.push(calm_us, Event::Calm);
        world
    }

    fn at_rest(settings: Settings, seed: u64, variation: u64, is_printed: bool) -> Self {
        let mut random = Random::new(seed ^ variation.rotate_left(40));
        let retention = if random.chance(settings.retention_days_share) {
            Retention::Days(30)
        } else {
            Retention::UntilDelivered
        };
        let circles = (0..settings.circles.max(1)).map(|circle| Circle {
            home: circle % settings.nodes,
            ..Circle::default()
        });
        Self {
            seed,
            circles: circles.collect(),
            operator: Operator::default(),
            resets: 0,
            now_us: 0,
            queue: Queue::default(),
            log: Log::new(is_printed),
            counts: Counts::default(),
            store: MemoryStore::new(random.number(), settings.store),
            rules: Rules { retention },
            nodes: (0..settings.nodes).map(|_| Node::new()).collect(),
            connections: Vec::new(),
            clients: Vec::new(),
            raws: Vec::new(),
            model: Model::default(),
            marks: StoreMarks::default(),
            shards_used: BTreeSet::new(),
            incarnations: 0,
            calm_since_us: None,
            is_settled: false,
            violation: None,
            random,
            settings,
        }
    }

    /// Runs until everything is settled or a rule is broken.
    pub fn run(&mut self) {
        let mut events = 0;
        while !self.is_settled && self.violation.is_none() {
            let Some((at_us, event)) = self.queue.pop() else {
                return self.fail(format_args!(
                    "liveness: nothing is going to happen any more"
                ));
            };
            (self.now_us, self.model.now_us) = (at_us, at_us);
            events += 1;
            if events > EVENTS_MAX {
                return self.fail(format_args!("liveness: {EVENTS_MAX} events"));
            }
            self.happen(event);
        }
        self.count_what_remains();
    }

    /// A rule is broken; only the first counts.
    pub fn fail(&mut self, what: std::fmt::Arguments<'_>) {
        if self.violation.is_none() {
            note!(self, "VIOLATION {what}");
            self.violation = Some(what.to_string());
        }
    }

    /// Arranges `event` after `delay_us`.
    pub fn after(&mut self, delay_us: u64, event: Event) {
        self.queue.push(self.now_us + delay_us, event);
    }

    /// Whether things go wrong now.
    pub fn is_active(&self) -> bool {
        self.calm_since_us.is_none()
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Turn(core) => self.turn(core),
            Event::Mail(core, from, mail) => self.mail_arrives(core, from, *mail),
            Event::LaneTime(core) => self.lane_time(core),
            Event::LaneTold(core, input) => self.lane_told(core, *input),
            Event::Store(core, request) => self.store_asked(core, *request),
            Event::StoreLate => self.store_late(),
            Event::Dialed(connection) => self.dialed(connection),
            Event::Opened(connection) => self.opened(connection),
            Event::Flow(connection, direction) => self.flow(connection, direction),
            Event::ClientClosed(connection) => self.client_closed(connection),
            Event::ServerClosed(connection) => self.server_closed(connection),
            Event::SdkTime(client, life) => self.sdk_time(client, life),
            Event::SdkStart(client) => self.sdk_start(client),
            Event::SdkToken(client, life) => self.sdk_token(client, life),
            Event::SdkAct(client, life) => self.sdk_act(client, life),
            Event::SdkKept(client, life, chat, seq) => self.sdk_kept(client, life, chat, seq),
            Event::RawAct(raw) => self.raw_act(raw),
            Event::NodeStart(node) => self.start_node(node),
            Event::NodeGone(node, life) => self.node_gone(node, life),
            Event::CoreGone(node, life) => self.core_gone(node, life),
            Event::ClockGoes(node, is_set_right) => self.clock_goes(node, is_set_right),
            Event::HomesTold(node) => self.homes_change(node),
            Event::SdkMoves(client) => self.sdk_moves(client),
            Event::OperatorTurn => self.operator_turn(),
            Event::Fault(episode) => self.fault(&episode),
            Event::Check => self.check(),
            Event::Calm => self.calm(),
        }
    }

    fn check(&mut self) {
        self.check_store();
        self.check_clients();
        if let Some(since_us) = self.calm_since_us {
            match self.unsettled() {
                None => {
                    self.is_settled = true;
                    self.check_end();
                }
                Some(what) if self.now_us > since_us + SETTLE_US_MAX => {
                    self.fail(format_args!(
                        "liveness: not settled long after the faults: {what}"
                    ));
                }
                Some(_) => {}
            }
        }
        self.after(CHECK_EVERY_US, Event::Check);
    }
}
