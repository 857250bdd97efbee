//! A set of shards: one bit each.

use ringpost_wire::{SHARD_COUNT, ShardId};

const WORDS: usize = SHARD_COUNT / 64;

/// Some of the 4,096 shards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardSet([u64; WORDS]);

impl Default for ShardSet {
    fn default() -> Self {
        Self([0; WORDS])
    }
}

impl ShardSet {
    /// Bytes of the encoded set.
    pub const BYTES: usize = SHARD_COUNT / 8;

    /// Adds a shard.
    pub fn insert(&mut self, shard: ShardId) {
        self.0[usize::from(shard.0) / 64] |= 1 << (shard.0 % 64);
    }

    /// Whether a shard is in the set.
    pub fn contains(&self, shard: ShardId) -> bool {
        self.0[usize::from(shard.0) / 64] & (1 << (shard.0 % 64)) != 0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Adds all of `other`.
    pub fn unite(&mut self, other: &Self) {
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for word in &self.0 {
            out.extend_from_slice(&word.to_le_bytes());
        }
    }

    pub(super) fn read(bytes: &[u8; Self::BYTES]) -> Self {
        let mut set = Self::default();
        for (word, chunk) in set.0.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*chunk);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_found_again() {
        let mut set = ShardSet::default();
        assert!(set.is_empty());
        set.insert(ShardId(0));
        set.insert(ShardId(4095));
        assert!(set.contains(ShardId(0)) && set.contains(ShardId(4095)));
        assert!(!set.contains(ShardId(1)) && !set.is_empty());
    }
}
