//! Deadlines of sessions: a hierarchical timing wheel (Varghese and Lauck 1987) with at most one deadline a slot.
//!
//! Four levels of 64 places; a tick is 8 ms, so that the wheel reaches 37 hours. A deadline fires at the first tick that is
//! not before it; one beyond the reach fires early, and its owner arms it again.

const TICK_MS: u64 = 8;
const LEVELS: usize = 4;
const PLACE_BITS: u32 = 6;
const PLACES: usize = 1 << PLACE_BITS;
const REACH_TICKS: u64 = 1 << (PLACE_BITS * LEVELS as u32);
const NONE: u32 = u32::MAX;

/// A list that a slot is in: level and place together, or none.
const UNARMED: u16 = u16::MAX;

#[derive(Clone, Copy)]
struct Node {
    tick: u64,
    previous: u32,
    next: u32,
    list: u16,
}

/// The wheel. Slots are dense numbers.
pub(crate) struct TimerWheel {
    tick: u64,
    heads: [u32; LEVELS * PLACES],
    occupied: [u64; LEVELS],
    nodes: Vec<Node>,
}

impl TimerWheel {
    pub(crate) fn new(now_ms: u64) -> Self {
        Self {
            tick: now_ms / TICK_MS,
            heads: [NONE; LEVELS * PLACES],
            occupied: [0; LEVELS],
            nodes: Vec::new(),
        }
    }

    /// Sets the deadline of `slot`, in place of an earlier one.
    pub(crate) fn arm(&mut self, slot: u32, deadline_ms: u64) {
        self.cancel(slot);
        let index = slot as usize;
        if index >= self.nodes.len() {
            self.nodes.resize(
                index + 1,
                Node {
                    tick: 0,
                    previous: NONE,
                    next: NONE,
                    list: UNARMED,
                },
            );
        }
        let tick = deadline_ms.div_ceil(TICK_MS);
        self.nodes[index].tick = tick.clamp(self.tick + 1, self.tick + REACH_TICKS - 1);
        self.link(slot);
    }

    /// Sets the deadline of `slot` unless it has an earlier one.
    pub(crate) fn arm_sooner(&mut self, slot: u32, deadline_ms: u64) {
        let armed = self
            .nodes
            .get(slot as usize)
            .is_some_and(|node| node.list != UNARMED && node.tick <= deadline_ms.div_ceil(TICK_MS));
        if !armed {
            self.arm(slot, deadline_ms);
        }
    }

    /// Forgets the deadline of `slot`.
    pub(crate) fn cancel(&mut self, slot: u32) {
        let Some(&node) = self.nodes.get(slot as usize) else {
            return;
        };
        if node.list == UNARMED {
            return;
        }
        let list = usize::from(node.list);
        match node.previous {
            NONE => self.heads[list] = node.next,
            previous => self.nodes[previous as usize].next = node.next,
        }
        if node.next != NONE {
            self.nodes[node.next as usize].previous = node.previous;
        }
        if self.heads[list] == NONE {
            self.occupied[list / PLACES] &= !(1 << (list % PLACES));
        }
        self.nodes[slot as usize].list = UNARMED;
    }

    /// Moves on to `now_ms` and appends the slots whose deadline has come, in the order of their ticks.
    pub(crate) fn advance(&mut self, now_ms: u64, due: &mut Vec<u32>) {
        let target = now_ms / TICK_MS;
        while let Some(tick) = self.next_tick().filter(|tick| *tick <= target) {
            self.tick = tick;
            for level in (1..LEVELS).rev() {
                let shift = PLACE_BITS * level as u32;
                if tick.trailing_zeros() >= shift {
                    self.cascade(level, place(tick >> shift));
                }
            }
            self.expire(place(tick), due);
        }
        self.tick = self.tick.max(target);
    }

    /// When `advance` is due next, in milliseconds; `None` when nothing is armed.
    pub(crate) fn next_deadline_ms(&self) -> Option<u64> {
        self.next_tick().map(|tick| tick * TICK_MS)
    }

    /// The next tick at which a deadline fires or a place of a higher level is spread over the lower ones.
    fn next_tick(&self) -> Option<u64> {
        (0..LEVELS)
            .filter(|level| self.occupied[*level] != 0)
            .map(|level| {
                let shift = PLACE_BITS * level as u32;
                let block = (self.tick >> shift) + 1;
                let ahead = self.occupied[level].rotate_right(place(block) as u32);
                (block + u64::from(ahead.trailing_zeros())) << shift
            })
            .min()
    }

    fn link(&mut self, slot: u32) {
        let tick = self.nodes[slot as usize].tick;
        let ahead = tick - self.tick;
        let level = (ahead.max(1).ilog2() / PLACE_BITS) as usize;
        let at = place(tick >> (PLACE_BITS * level as u32));
        let list = level * PLACES + at;
        let next = self.heads[list];
        if next != NONE {
            self.nodes[next as usize].previous = slot;
        }
        let node = &mut self.nodes[slot as usize];
        (node.previous, node.next, node.list) = (NONE, next, list as u16);
        self.heads[list] = slot;
        self.occupied[level] |= 1 << at;
    }

    fn cascade(&mut self, level: usize, at: usize) {
        let mut slots = Vec::new();
        self.take_list(level, at, &mut slots);
        for slot in slots {
            self.link(slot);
        }
    }

    fn expire(&mut self, at: usize, due: &mut Vec<u32>) {
        let start = due.len();
        self.take_list(0, at, due);
        debug_assert!(
            due[start..]
                .iter()
                .all(|slot| self.nodes[*slot as usize].tick == self.tick)
        );
    }

    /// Empties a list into `slots`, first armed first.
    fn take_list(&mut self, level: usize, at: usize, slots: &mut Vec<u32>) {
        let start = slots.len();
        let mut slot = self.heads[level * PLACES + at];
        while slot != NONE {
            slots.push(slot);
            let node = &mut self.nodes[slot as usize];
            node.list = UNARMED;
            slot = node.next;
        }
        slots[start..].reverse();
        self.heads[level * PLACES + at] = NONE;
        self.occupied[level] &= !(1 << at);
    }
}

fn place(block: u64) -> usize {
    (block % PLACES as u64) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::random::Random;

    /// Against a plain map: whatever is armed and cancelled fires at its tick, once, and in time.
    #[test]
    fn deadlines_fire_as_in_a_plain_map() {
        let mut random = Random::new(7);
        let mut now_ms = 1_000_000;
        let mut wheel = TimerWheel::new(now_ms);
        let mut model: BTreeMap<u32, u64> = BTreeMap::new();
        let mut fired = 0;
        for _ in 0..20_000 {
            let slot = (random.draw() % 50) as u32;
            match random.draw() % 4 {
                0 => {
                    wheel.cancel(slot);
                    model.remove(&slot);
                }
                1 | 2 => {
                    let far = 1 << (random.draw() % 27);
                    let deadline_ms = now_ms + random.draw() % far;
                    wheel.arm(slot, deadline_ms);
                    model.insert(slot, deadline_ms.div_ceil(8).max(now_ms / 8 + 1));
                }
                _ => {
                    now_ms += random.draw() % (1 << (random.draw() % 22));
                    let mut due = Vec::new();
                    wheel.advance(now_ms, &mut due);
                    due.sort_unstable();
                    let expected: Vec<u32> = model
                        .iter()
                        .filter(|(_, tick)| **tick <= now_ms / 8)
                        .map(|(slot, _)| *slot)
                        .collect();
                    assert_eq!(due, expected);
                    fired += due.len();
                    model.retain(|_, tick| *tick > now_ms / 8);
                }
            }
            let next = wheel.next_deadline_ms();
            assert_eq!(next.is_none(), model.is_empty());
            if let (Some(next), Some(first)) = (next, model.values().min()) {
                assert!(next <= first * 8 && next > now_ms / 8 * 8);
            }
        }
        assert!(fired > 1_000, "{fired}");
    }

    #[test]
    fn the_sooner_deadline_stays() {
        let mut wheel = TimerWheel::new(0);
        wheel.arm_sooner(3, 800);
        wheel.arm_sooner(3, 8_000);
        assert_eq!(wheel.next_deadline_ms(), Some(800 - 800 % 512));
        let mut due = Vec::new();
        wheel.advance(799, &mut due);
        assert!(due.is_empty());
        wheel.advance(800, &mut due);
        assert_eq!(due, [3]);
    }
}
