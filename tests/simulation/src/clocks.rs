//! Nodes' clocks: each differs from the true time, jumps forth and back, and may stand still. What measures durations goes on.

use crate::node::Node;
use crate::random::Random;
use crate::world::{Event, World, note};

const STOP_US_MAX: u64 = 6_000_000;
/// Share of jumps that are small, in parts of 1,000, and how small, in milliseconds.
const SMALL_SHARE: u64 = 600;
const SMALL_MS_MAX: u64 = 3_000;
/// Share of clocks that are set right when they go again; the others go on from where they stood.
const SET_RIGHT_SHARE: u64 = 500;

impl World {
    /// A node's clock is set to another time.
    pub fn clock_jumps(&mut self, chance: &mut Random) {
        let node = chance.index(self.nodes.len());
        let most_ms = if chance.chance(SMALL_SHARE) {
            SMALL_MS_MAX.min(self.settings.clock_jump_ms)
        } else {
            self.settings.clock_jump_ms
        };
        let skew_ms = chance.between(0, 2 * most_ms) as i64 - most_ms as i64;
        self.counts.add("clocks jumped");
        note!(self, "n{node}'s clock is {skew_ms} ms off from now on");
        self.nodes[node].skew_ms = skew_ms;
        self.nodes[node].stopped_at_ms = None;
    }

    /// A node's clock stands still for a time.
    pub fn clock_stops(&mut self, chance: &mut Random) {
        let node = chance.index(self.nodes.len());
        let length_us = chance.between(1, STOP_US_MAX);
        let is_set_right = chance.chance(SET_RIGHT_SHARE);
        let clock_ms = self.nodes[node].now(self.now_us).clock_ms;
        self.counts.add("clocks stopped");
        note!(self, "n{node}'s clock stands still for {length_us} us");
        self.nodes[node].stopped_at_ms = Some(clock_ms);
        self.after(length_us, Event::ClockGoes(node, is_set_right));
    }

    /// A clock that stood still goes again.
    pub fn clock_goes(&mut self, node: usize, is_set_right: bool) {
        let now_us = self.now_us;
        let state = &mut self.nodes[node];
        if let Some(stopped_at_ms) = state.stopped_at_ms.take() {
            let lost_ms = state.now(now_us).clock_ms as i64 - stopped_at_ms as i64;
            state.skew_ms = if is_set_right {
                0
            } else {
                state.skew_ms - lost_ms
            };
        }
    }

    /// Every clock is set right.
    pub fn set_clocks_right(&mut self) {
        self.nodes.iter_mut().for_each(Node::set_clock_right);
    }
}

impl Node {
    fn set_clock_right(&mut self) {
        self.skew_ms = 0;
        self.stopped_at_ms = None;
    }
}
