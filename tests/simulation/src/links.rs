//! Links that go wrong without an end: one direction or both carry nothing for long, and connections that are reset after exactly
//! so many bytes. Over a run of seeds each number of bytes up to a bound comes up in each direction.

use crate::connection::{ConnectionId, Direction, Peer};
use crate::random::Random;
use crate::raw::Role;
use crate::world::{Event, World, note};

/// How many neighbouring numbers of bytes one seed is given.
const RESETS_A_SEED: u64 = 61;
/// Share of connections that are reset at a byte, where any are.
const RESET_SHARE: u64 = 700;

impl World {
    /// A connection carries nothing for long, in one direction or both; nobody is told.
    pub fn deaden_some_link(&mut self, chance: &mut Random) {
        let until_us = self.now_us + chance.between(1, self.settings.dead_link_ms * 1_000);
        let directions: &[Direction] = match chance.below(3) {
            0 => &[Direction::Up],
            1 => &[Direction::Down],
            _ => &[Direction::Up, Direction::Down],
        };
        let Some(id) = self.some_connection(chance) else {
            return;
        };
        if self.may_repeat_unnoticed(id) {
            return;
        }
        self.counts.add("links dead for a time");
        note!(
            self,
            "{id:?} carries nothing {directions:?} until {until_us}"
        );
        for direction in directions {
            self.connections[id.0].stream(*direction).dead_until_us = until_us;
        }
    }

    /// Nodes do not take sessions over from each other, and a door's message has no number: what is held up on its way to one node
    /// may come after more others through another than the window holds.
    fn may_repeat_unnoticed(&self, id: ConnectionId) -> bool {
        let is_door = match self.connections[id.0].peer {
            Peer::Sdk(_) => false,
            Peer::Raw(raw) => matches!(self.raws[raw].role, Role::Door(_)),
        };
        is_door && self.nodes.len() > 1
    }

    /// Links carry again.
    pub fn revive_links(&mut self) {
        for index in 0..self.connections.len() {
            for direction in [Direction::Up, Direction::Down] {
                let stream = self.connections[index].stream(direction);
                if std::mem::take(&mut stream.dead_until_us) > self.now_us {
                    self.after(1, Event::Flow(ConnectionId(index), direction));
                }
            }
        }
    }

    /// Whether a stream carries nothing now; then it is tried again when it does.
    pub fn is_dead(&mut self, id: ConnectionId, direction: Direction) -> bool {
        let now_us = self.now_us;
        let stream = self.connections[id.0].stream(direction);
        if stream.dead_until_us <= now_us {
            return false;
        }
        stream.is_flowing = true;
        let until_us = stream.dead_until_us;
        self.queue.push(until_us, Event::Flow(id, direction));
        true
    }

    /// Perhaps decides after how many bytes a new connection is reset.
    pub fn plan_reset(&mut self, id: ConnectionId) {
        let reset_bytes = self.settings.reset_bytes;
        if reset_bytes == 0 || !self.is_active() || !self.random.chance(RESET_SHARE) {
            return;
        }
        let first = self.seed.wrapping_mul(RESETS_A_SEED);
        let (bytes, direction) = reset_at(first.wrapping_add(self.resets), reset_bytes);
        self.resets += 1;
        note!(self, "{id:?} is reset after {bytes} bytes {direction:?}");
        self.connections[id.0].stream(direction).left_bytes = Some(bytes);
    }

    /// How many of `most` bytes still pass, when the connection is to be reset.
    pub fn let_pass(&mut self, id: ConnectionId, direction: Direction, most: u64) -> u64 {
        let left = &mut self.connections[id.0].stream(direction).left_bytes;
        let Some(left_bytes) = left else {
            return most;
        };
        let passing = most.min(*left_bytes);
        *left_bytes -= passing;
        passing
    }

    /// Resets a connection that has carried all that it was to carry.
    pub fn reset_when_due(&mut self, id: ConnectionId, direction: Direction) -> bool {
        let is_due = self.connections[id.0].stream(direction).left_bytes == Some(0);
        if is_due {
            self.counts.add("resets at a byte");
            self.reset(id);
        }
        is_due
    }
}

/// The `n`th reset: after how many bytes, and of which direction.
fn reset_at(n: u64, reset_bytes: u64) -> (u64, Direction) {
    let direction = if n.is_multiple_of(2) {
        Direction::Up
    } else {
        Direction::Down
    };
    (n / 2 % reset_bytes, direction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_seeds_resets_at_every_byte_of_both_directions() {
        let (reset_bytes, seeds) = (1_000_u64, 40_u64);
        let all = (1..=seeds).flat_map(|seed| {
            let first = seed * RESETS_A_SEED;
            (first..first + RESETS_A_SEED).map(|n| {
                let (bytes, direction) = reset_at(n, reset_bytes);
                (bytes, direction == Direction::Up)
            })
        });
        let distinct: std::collections::BTreeSet<(u64, bool)> = all.collect();
        assert_eq!(distinct.len() as u64, 2 * reset_bytes);
    }
}
