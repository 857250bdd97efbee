//! What goes wrong, and when: connections, nodes, cores, clients, the store. Also how nodes start and leave.

use crate::node::{Arrived, Core, CorePlace};
use crate::world::{CoreLife, Event, World, note};

/// Kinds of faults that come again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A connection is lost.
    Cut,
    /// A node ends, at once or gracefully.
    Node,
    /// A core does nothing for a time.
    Stall,
    /// A client crashes.
    Client,
    /// A client moves to another node.
    Move,
    /// A client does not read for a time.
    SlowReader,
    /// The store cannot be reached for a time.
    Outage,
}

const KINDS: [FaultKind; 7] = [
    FaultKind::Cut,
    FaultKind::Node,
    FaultKind::Stall,
    FaultKind::Client,
    FaultKind::Move,
    FaultKind::SlowReader,
    FaultKind::Outage,
];
const STALL_US_MAX: u64 = 1_500_000;
const DOWN_US_MAX: u64 = 2_000_000;
const OUTAGE_MS_MAX: u64 = 2_500;
const DRAIN_MS_MAX: u64 = 1_500;
/// A node that was asked to leave has left after this time.
const LEAVE_US_MAX: u64 = 60_000_000;

impl World {
    /// Arranges the first fault of each kind.
    pub fn arrange_faults(&mut self) {
        KINDS.into_iter().for_each(|kind| self.arrange_fault(kind));
    }

    fn arrange_fault(&mut self, kind: FaultKind) {
        let settings = &self.settings;
        let mean_ms = match kind {
            FaultKind::Cut => settings.cut_every_ms,
            FaultKind::Node => settings.node_crash_every_ms,
            FaultKind::Stall => settings.stall_every_ms,
            FaultKind::Client => settings.client_crash_every_ms,
            FaultKind::Move => settings.move_every_ms,
            FaultKind::SlowReader => settings.slow_reader_every_ms,
            FaultKind::Outage => settings.outage_every_ms,
        };
        if mean_ms > 0 {
            let delay_us = self.random.around(mean_ms * 1_000);
            self.after(delay_us, Event::Fault(kind));
        }
    }

    /// Something goes wrong, and again later.
    pub fn fault(&mut self, kind: FaultKind) {
        if !self.is_active() {
            return;
        }
        match kind {
            FaultKind::Cut => {
                if let Some(connection) = self.some_connection() {
                    note!(self, "cut of {connection:?}");
                    self.cut(connection);
                }
            }
            FaultKind::Node => self.end_some_node(),
            FaultKind::Stall => self.stall(),
            FaultKind::Client => self.crash_some_client(),
            FaultKind::Move => self.move_some_client(),
            FaultKind::SlowReader => self.slow_some_reader(),
            FaultKind::Outage => self.outage(),
        }
        self.arrange_fault(kind);
    }

    fn outage(&mut self) {
        let length_ms = self.random.between(1, OUTAGE_MS_MAX);
        self.store.refuse_until(self.now_us / 1_000 + length_ms);
        self.counts.add("store outages");
        note!(self, "the store cannot be reached for {length_ms} ms");
    }

    fn stall(&mut self) {
        let node = self.random.index(self.nodes.len());
        let count = self.nodes[node].cores.len();
        let core = self.random.index(count);
        let until_us = self.now_us + self.random.between(1, STALL_US_MAX);
        if let Some(core) = self.nodes[node].cores.get_mut(core) {
            core.stalled_until_us = until_us;
            self.counts.add("cores stalled");
        }
        note!(self, "n{node}k{core} stalls");
    }

    fn crash_some_client(&mut self) {
        let index = self.random.index(self.clients.len());
        if self.clients[index].machine.is_none() {
            return;
        }
        // In the middle of what it does next, or at once.
        if self.random.chance(700) {
            self.clients[index].crash_after = Some(self.random.below(12));
        } else {
            self.crash_sdk(index);
        }
    }

    fn move_some_client(&mut self) {
        let index = self.random.index(self.clients.len());
        let node = self.random.index(self.nodes.len());
        self.clients[index].node = node;
        if let Some(connection) = self.clients[index].connection {
            note!(self, "c{index} moves to n{node}");
            self.counts.add("clients moved");
            self.cut(connection);
        }
    }

    fn slow_some_reader(&mut self) {
        let index = self.random.index(self.clients.len());
        let length_us = self.random.between(1, self.settings.slow_reader_ms * 1_000);
        self.clients[index].reads_from_us = self.now_us + length_us;
        self.counts.add("readers slowed");
        note!(self, "c{index} does not read for {length_us} us");
    }

    fn end_some_node(&mut self) {
        let node = self.random.index(self.nodes.len());
        if !self.nodes[node].is_up || self.nodes[node].is_draining {
            return;
        }
        if self.random.chance(self.settings.drain_share) {
            self.drain_node(node);
        } else {
            self.counts.add("nodes crashed");
            self.stop_node(node);
            let delay_us = self.random.between(1, DOWN_US_MAX);
            self.after(delay_us, Event::NodeStart(node));
        }
    }

    fn drain_node(&mut self, node: usize) {
        let delay_ms = self.random.between(0, DRAIN_MS_MAX) as u32;
        note!(self, "n{node} is asked to leave in {delay_ms} ms");
        self.nodes[node].is_draining = true;
        for core in 0..self.nodes[node].cores.len() {
            self.arrive(self.core_life(node, core), Arrived::Drain(delay_ms));
        }
        let life = self.nodes[node].life;
        self.after(LEAVE_US_MAX, Event::NodeGone(node, life));
    }

    /// A node that was asked to leave and has nothing left to do ends.
    pub fn leave_when_drained(&mut self, node: usize) {
        let state = &self.nodes[node];
        let is_drained = state.is_draining
            && state
                .cores
                .iter()
                .all(|core| core.worker.summary().is_drained() && core.arrived.is_empty());
        if is_drained {
            self.counts.add("nodes drained");
            self.stop_node(node);
            let delay_us = self.random.between(1, DOWN_US_MAX);
            self.after(delay_us, Event::NodeStart(node));
        }
    }

    /// By now the node must have left.
    pub fn node_gone(&mut self, node: usize, life: u32) {
        if self.nodes[node].life == life && self.nodes[node].is_up {
            let summary = self.nodes[node]
                .cores
                .iter()
                .map(|core| core.worker.summary());
            let summaries: Vec<_> = summary.collect();
            self.fail(format_args!(
                "liveness: n{node} does not leave: {summaries:?}"
            ));
        }
    }

    /// A node is gone with all that it had in memory.
    pub fn stop_node(&mut self, node: usize) {
        if !self.nodes[node].is_up {
            return;
        }
        note!(self, "n{node} stops");
        self.count_node(node);
        self.nodes[node].is_up = false;
        self.nodes[node].is_draining = false;
        self.nodes[node].cores.clear();
        self.cut_all_of(node);
    }

    /// A node starts, with another number of cores and an incarnation of its own.
    pub fn start_node(&mut self, node: usize) {
        if self.nodes[node].is_up || (node > 0 && !self.is_active()) {
            return;
        }
        self.incarnations += 1;
        let cores = self.random.between(1, self.settings.cores_max) as u16;
        let skew_ms = self.random.below(2 * self.settings.clock_skew_ms + 1) as i64;
        let seed = self.random.number();
        let state = &mut self.nodes[node];
        state.life += 1;
        state.is_up = true;
        state.skew_ms = skew_ms - self.settings.clock_skew_ms as i64;
        let now = state.now(self.now_us);
        for core in 0..cores {
            let place = CorePlace {
                node: node as u32,
                core,
                cores,
                incarnation: self.incarnations,
                shards_used: &self.shards_used,
                rules: self.rules,
                seed,
            };
            self.nodes[node]
                .cores
                .push(Core::new(&self.settings, &place, now));
        }
        note!(self, "n{node} starts with {cores} cores");
        for core in 0..usize::from(cores) {
            let at = self.core_life(node, core);
            self.nodes[node].cores[core].lane_at_us = Some(self.now_us + 1);
            self.after(1, Event::LaneTime(at));
        }
    }

    /// Adds what a node counted to the counts.
    pub fn count_node(&mut self, node: usize) {
        for core in &self.nodes[node].cores {
            let worker = core.worker.counters();
            for (code, times) in &worker.refused {
                self.counts.add_many(code.name(), *times);
            }
            let lane = core.lane.counters();
            for (name, times) in [
                ("messages stored", worker.stored),
                ("deliveries written", worker.delivered),
                ("deliveries skipped", worker.skipped),
                ("deliveries overflowed", worker.overflowed),
                ("sessions taken over", worker.taken_over),
                (
                    "sends shed",
                    worker.shed.of(ringpost_gateway_core::Step::NewSends),
                ),
                ("acks merged", worker.acks_merged),
                ("claims", lane.claims),
                ("shards lost", lane.shards_lost),
                ("settlings", lane.settlings),
                ("settled as landed", lane.settled_landed),
                ("settled as lost", lane.settled_lost),
                ("batches", lane.batches),
                ("commands refused by lanes", lane.refused),
            ] {
                self.counts.add_many(name, times);
            }
        }
    }
}

impl CoreLife {
    /// The same life, another core.
    pub fn other(self, core: usize) -> Self {
        Self { core, ..self }
    }
}
