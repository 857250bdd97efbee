//! Which core is home of a shard: rendezvous hashing of the 4,096 shards over the cores of the node.
//!
//! Invariant: a function of the number of cores alone, so that every worker and every outside caller agrees.

use ringpost_wire::{ChatId, SHARD_COUNT, ShardId, UserId};

use crate::CoreId;

/// The home core of every shard.
#[derive(Clone, Debug)]
pub struct ShardMap {
    homes: Box<[CoreId]>,
    cores: u16,
}

impl ShardMap {
    /// The map for cores `0..cores`. Panics for none.
    pub fn new(cores: u16) -> Self {
        assert!(cores > 0, "a node has a core");
        let homes = (0..SHARD_COUNT as u64)
            .map(|shard| highest(shard, cores))
            .collect();
        Self { homes, cores }
    }

    /// Number of cores.
    pub fn cores(&self) -> u16 {
        self.cores
    }

    /// The home of a shard. Panics for a number that is no shard's.
    pub fn home(&self, shard: ShardId) -> CoreId {
        self.homes[usize::from(shard.0)]
    }

    /// The home of a user: directory and pending lists.
    pub fn user_home(&self, user: UserId) -> CoreId {
        self.home(user.shard())
    }

    /// The home of a chat: sequence, log and acknowledgements.
    pub fn chat_home(&self, chat: ChatId) -> CoreId {
        self.home(chat.shard())
    }

    /// The shards whose home is `core`, ascending.
    pub fn shards_of(&self, core: CoreId) -> impl Iterator<Item = ShardId> {
        (0..SHARD_COUNT as u16)
            .map(ShardId)
            .filter(move |shard| self.home(*shard) == core)
    }
}

fn highest(shard: u64, cores: u16) -> CoreId {
    let weight = |core: u16| mix(shard << 16 | u64::from(core));
    let best = (0..cores).max_by_key(|core| (weight(*core), *core));
    CoreId(best.unwrap_or_default())
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): every input bit moves every output bit.
fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_spread_evenly() {
        let map = ShardMap::new(3);
        for core in 0..3 {
            let count = map.shards_of(CoreId(core)).count();
            assert!((1_200..1_550).contains(&count), "core {core}: {count}");
        }
    }

    #[test]
    fn a_further_core_takes_shards_but_moves_none_between_the_others() {
        let (three, four) = (ShardMap::new(3), ShardMap::new(4));
        for shard in (0..SHARD_COUNT as u16).map(ShardId) {
            let home = four.home(shard);
            assert!(home == CoreId(3) || home == three.home(shard));
        }
    }
}
