//! What goes wrong: connections, nodes, cores, clocks, clients, the store. When, and with what chance, the plan says.

use crate::plan::Episode;
use crate::random::Random;
use crate::settings::Settings;
use crate::world::{World, note};

/// Kinds of episodes.
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
    /// A core is gone, and its node soon after.
    Core,
    /// A connection carries nothing for long, in one direction or both.
    DeadLink,
    /// A node's clock jumps.
    ClockJump,
    /// A node's clock stands still for a time.
    ClockStop,
    /// Shards get another home.
    Rehome,
    /// A device is unlinked, and its user takes another.
    Unlink,
    /// A device is revoked, and signs in anew.
    Revoke,
    /// An operator has a chat trimmed.
    Trim,
}

const STALL_US_MAX: u64 = 1_500_000;
const OUTAGE_MS_MAX: u64 = 2_500;

impl FaultKind {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Cut,
        Self::Node,
        Self::Stall,
        Self::Client,
        Self::Move,
        Self::SlowReader,
        Self::Outage,
        Self::Core,
        Self::DeadLink,
        Self::ClockJump,
        Self::ClockStop,
        Self::Rehome,
        Self::Unlink,
        Self::Revoke,
        Self::Trim,
    ];

    /// Mean time between two of them, in milliseconds; 0 for never.
    pub fn every_ms(self, settings: &Settings) -> u64 {
        match self {
            Self::Cut => settings.cut_every_ms,
            Self::Node => settings.node_crash_every_ms,
            Self::Stall => settings.stall_every_ms,
            Self::Client => settings.client_crash_every_ms,
            Self::Move => settings.move_every_ms,
            Self::SlowReader => settings.slow_reader_every_ms,
            Self::Outage => settings.outage_every_ms,
            Self::Core => settings.core_crash_every_ms,
            Self::DeadLink => settings.dead_link_every_ms,
            Self::ClockJump => settings.clock_jump_every_ms,
            Self::ClockStop => settings.clock_stop_every_ms,
            Self::Rehome => settings.rehome_every_ms,
            Self::Unlink => settings.unlink_every_ms,
            Self::Revoke => settings.revoke_every_ms,
            Self::Trim => settings.trim_every_ms,
        }
    }
}

impl World {
    /// An episode of the plan begins.
    pub fn fault(&mut self, episode: &Episode) {
        if !self.is_active() {
            return;
        }
        note!(self, "episode {}: {:?}", episode.number, episode.kind);
        let chance = &mut Random::new(episode.seed);
        match episode.kind {
            FaultKind::Cut => self.cut_some_connection(chance),
            FaultKind::Node => self.end_some_node(chance),
            FaultKind::Stall => self.stall(chance),
            FaultKind::Client => self.crash_some_client(chance),
            FaultKind::Move => self.move_some_client(chance),
            FaultKind::SlowReader => self.slow_some_reader(chance),
            FaultKind::Outage => self.outage(chance),
            FaultKind::Core => self.crash_some_core(chance),
            FaultKind::DeadLink => self.deaden_some_link(chance),
            FaultKind::ClockJump => self.clock_jumps(chance),
            FaultKind::ClockStop => self.clock_stops(chance),
            FaultKind::Rehome => self.rehome(chance),
            FaultKind::Unlink => self.unlink_some_device(chance),
            FaultKind::Revoke => self.revoke_some_device(chance),
            FaultKind::Trim => self.trim_some_chat(chance),
        }
    }

    fn cut_some_connection(&mut self, chance: &mut Random) {
        if let Some(connection) = self.some_connection(chance) {
            note!(self, "cut of {connection:?}");
            self.cut(connection);
        }
    }

    fn outage(&mut self, chance: &mut Random) {
        let length_ms = chance.between(1, OUTAGE_MS_MAX);
        self.store.refuse_until(self.now_us / 1_000 + length_ms);
        self.counts.add("store outages");
        note!(self, "the store cannot be reached for {length_ms} ms");
    }

    fn stall(&mut self, chance: &mut Random) {
        let node = chance.index(self.nodes.len());
        let count = self.nodes[node].cores.len();
        let core = chance.index(count);
        let until_us = self.now_us + chance.between(1, STALL_US_MAX);
        if let Some(core) = self.nodes[node].cores.get_mut(core) {
            core.stalled_until_us = core.stalled_until_us.max(until_us);
            self.counts.add("cores stalled");
        }
        note!(self, "n{node}k{core} stalls");
    }

    fn crash_some_client(&mut self, chance: &mut Random) {
        let index = chance.index(self.clients.len());
        if self.clients[index].machine.is_none() {
            return;
        }
        // In the middle of what it does next, or at once.
        if chance.chance(700) {
            self.clients[index].crash_after = Some(chance.below(12));
        } else {
            self.crash_sdk(index);
        }
    }

    fn move_some_client(&mut self, chance: &mut Random) {
        let index = chance.index(self.clients.len());
        let node = chance.index(self.nodes.len());
        self.clients[index].node = node;
        if let Some(connection) = self.clients[index].connection {
            note!(self, "c{index} moves to n{node}");
            self.counts.add("clients moved");
            self.cut(connection);
        }
    }

    fn slow_some_reader(&mut self, chance: &mut Random) {
        let index = chance.index(self.clients.len());
        let length_us = chance.between(1, self.settings.slow_reader_ms * 1_000);
        self.clients[index].reads_from_us = self.now_us + length_us;
        self.counts.add("readers slowed");
        note!(self, "c{index} does not read for {length_us} us");
    }
}
