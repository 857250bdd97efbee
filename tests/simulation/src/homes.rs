//! Which node is home of whose shards, where they are spread: users who talk to each other have one home, and it moves while the
//! old one does not know. A client's node must be the home of all that it uses: nodes hand nothing on to each other.

use std::collections::BTreeSet;

use ringpost_gateway_core::{CoreId, ShardMap};
use ringpost_wire::ShardId;

use crate::random::Random;
use crate::world::{Event, World, note};

const TOLD_US_MAX: u64 = 300_000;
const OLD_TOLD_US_MAX: u64 = 4_000_000;
const FOUND_OUT_US_MAX: u64 = 4_000_000;
/// Share of clients that leave the old home at once, in parts of 1,000.
const LEAVE_SHARE: u64 = 600;
/// Share of crashed nodes whose shards another node takes over.
const TAKE_OVER_SHARE: u64 = 600;

/// A group of users who talk to each other.
#[derive(Debug, Default)]
pub struct Circle {
    /// The shards that they use.
    pub shards: BTreeSet<ShardId>,
    /// The node that is their home.
    pub home: usize,
}

impl World {
    /// Whether shards are spread over the nodes; else every node takes itself for the home of all.
    pub fn is_spread(&self) -> bool {
        self.settings.circles > 1
    }

    /// The circle of an SDK client or, counted on, of a raw one.
    pub fn circle_of(&self, user: usize) -> usize {
        user % self.settings.circles.max(1)
    }

    /// The shards of which a node, asking now, is told that it is home.
    pub fn homes_told(&self, node: usize) -> BTreeSet<ShardId> {
        if !self.is_spread() {
            return self.shards_used.clone();
        }
        let own = self.circles.iter().filter(|circle| circle.home == node);
        own.flat_map(|circle| circle.shards.iter().copied())
            .collect()
    }

    /// A circle moves to another home.
    pub fn rehome(&mut self, chance: &mut Random) {
        let circle = chance.index(self.circles.len());
        let to = chance.index(self.nodes.len());
        self.move_circle(circle, to);
    }

    /// Another node takes over the circles of one that is gone.
    pub fn take_over_from(&mut self, node: usize) {
        if !self.is_spread() || !self.is_active() || !self.random.chance(TAKE_OVER_SHARE) {
            return;
        }
        for circle in 0..self.circles.len() {
            if self.circles[circle].home == node {
                let to = self.random.index(self.nodes.len());
                self.counts.add("shards taken over");
                self.move_circle(circle, to);
            }
        }
    }

    fn move_circle(&mut self, circle: usize, to: usize) {
        let from = std::mem::replace(&mut self.circles[circle].home, to);
        if from == to {
            return;
        }
        note!(self, "the home of circle {circle} is n{to}, it was n{from}");
        self.counts.add("homes moved");
        let told_us = self.random.between(1, TOLD_US_MAX);
        self.after(told_us, Event::HomesTold(to));
        let told_us = self.random.between(1, OLD_TOLD_US_MAX);
        self.after(told_us, Event::HomesTold(from));
        for client in 0..self.clients.len() {
            if self.clients[client].circle == circle {
                let is_at_once = self.random.chance(LEAVE_SHARE);
                let most_us = if is_at_once { 1 } else { FOUND_OUT_US_MAX };
                let delay_us = self.random.between(1, most_us);
                self.after(delay_us, Event::SdkMoves(client));
            }
        }
    }

    /// A client goes to its circle's home.
    pub fn sdk_moves(&mut self, client: usize) {
        let home = self.circles[self.clients[client].circle].home;
        let was_at = std::mem::replace(&mut self.clients[client].node, home);
        if let Some(connection) = self.clients[client].connection
            && was_at != home
        {
            self.counts.add("clients moved");
            self.cut(connection);
        }
    }

    /// A node learns which shards it is home of.
    pub fn homes_change(&mut self, node: usize) {
        if !self.nodes[node].is_up {
            return;
        }
        let homes = self.homes_told(node);
        let now_ms = self.now_us / 1_000;
        note!(self, "n{node} is home of {} shards", homes.len());
        for core in 0..self.nodes[node].cores.len() {
            let shards = ShardMap::new(self.nodes[node].cores.len() as u16);
            let is_own = |shard: &&ShardId| shards.home(**shard) == CoreId(core as u16);
            let own = homes.iter().filter(is_own).copied().collect();
            let at = self.core_life(node, core);
            self.nodes[node].cores[core].lane.set_homes(own, now_ms);
            self.perform_lane(at);
        }
    }

    /// Everything gets one home, for a run to come to rest.
    pub fn gather_homes(&mut self) {
        if self.is_spread() {
            self.circles.iter_mut().for_each(|circle| circle.home = 0);
            self.homes_change(0);
        }
    }
}
