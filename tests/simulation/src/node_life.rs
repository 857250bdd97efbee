//! How nodes start, leave and stop, and what each has counted.

use crate::node::{Arrived, Core, CorePlace};
use crate::random::Random;
use crate::world::{CoreLife, Event, World, note};

const DOWN_US_MAX: u64 = 2_000_000;
const DRAIN_MS_MAX: u64 = 1_500;
/// A node that was asked to leave has left after this time.
const LEAVE_US_MAX: u64 = 60_000_000;
/// A node of which a core is gone is stopped within this time.
const CORE_GONE_US_MAX: u64 = 400_000;

impl World {
    /// A node ends, at once or gracefully.
    pub fn end_some_node(&mut self, chance: &mut Random) {
        let node = chance.index(self.nodes.len());
        if !self.nodes[node].is_up || self.nodes[node].is_draining {
            return;
        }
        if chance.chance(self.settings.drain_share) {
            return self.drain_node(node, chance);
        }
        self.counts.add("nodes crashed");
        self.crash_node(node, chance.between(1, DOWN_US_MAX));
    }

    /// A core is gone in the middle of what it did; the others go on until the node is stopped for it.
    pub fn crash_some_core(&mut self, chance: &mut Random) {
        let node = chance.index(self.nodes.len());
        let count = self.nodes[node].cores.len();
        let Some(core) = self.nodes[node].cores.get_mut(chance.index(count)) else {
            return;
        };
        core.stalled_until_us = u64::MAX;
        self.counts.add("cores crashed");
        let life = self.nodes[node].life;
        self.after(
            chance.between(1, CORE_GONE_US_MAX),
            Event::CoreGone(node, life),
        );
    }

    /// A node of which a core is gone is stopped.
    pub fn core_gone(&mut self, node: usize, life: u32) {
        if self.nodes[node].life == life && self.nodes[node].is_up {
            let down_us = self.random.between(1, DOWN_US_MAX);
            self.crash_node(node, down_us);
        }
    }

    fn crash_node(&mut self, node: usize, down_us: u64) {
        self.stop_node(node);
        self.after(down_us, Event::NodeStart(node));
        self.take_over_from(node);
    }

    fn drain_node(&mut self, node: usize, chance: &mut Random) {
        let delay_ms = chance.between(0, DRAIN_MS_MAX) as u32;
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
        state.stopped_at_ms = None;
        let now = state.now(self.now_us);
        let homes = self.homes_told(node);
        for core in 0..cores {
            let place = CorePlace {
                node: node as u32,
                core,
                cores,
                incarnation: self.incarnations,
                homes: &homes,
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
