//! The stretches of ids that a set of shards holds: neighbours together, so that a sweep walks few ranges.

use std::collections::BTreeSet;

use ringpost_storage_core::store::{Key, KeyRange};
use ringpost_wire::{SHARD_COUNT, ShardId};

/// The ranges of the keys `family id ..` whose ids belong to `shards`, ascending.
pub fn key_ranges(family: u8, shards: &BTreeSet<ShardId>) -> Vec<KeyRange> {
    let mut ranges: Vec<KeyRange> = Vec::new();
    for shard in shards {
        let begin = first_key(family, shard.0);
        let end = first_key(family, shard.0 + 1);
        match ranges.last_mut() {
            Some(last) if last.end == begin => last.end = end,
            _ => ranges.push(KeyRange { begin, end }),
        }
    }
    ranges
}

/// The first key of a shard: its number is the top twelve bits of the id.
fn first_key(family: u8, shard: u16) -> Key {
    match usize::from(shard) < SHARD_COUNT {
        true => Key::of(&[&[family], &(shard << 4).to_be_bytes()]),
        false => Key::of(&[&[family + 1]]),
    }
}

#[cfg(test)]
mod tests {
    use ringpost_storage_core::key;
    use ringpost_wire::ChatId;

    use super::*;

    #[test]
    fn the_ranges_hold_the_shards_and_nothing_else() {
        let shards = [0, 1, 0x123, 0xffe, 0xfff].map(ShardId);
        let ranges = key_ranges(0x01, &shards.into_iter().collect());
        assert_eq!(ranges.len(), 3);
        for shard in 0..SHARD_COUNT as u16 {
            for rest in [0x00, 0x0f] {
                let mut id = [rest * 0x11; 16];
                id[0] = (shard >> 4) as u8;
                id[1] = (shard << 4) as u8 | rest;
                let key = key::head::encode(ChatId(id));
                let is_in = ranges.iter().any(|range| range.contains(&key));
                assert_eq!(is_in, shards.contains(&ChatId(id).shard()), "{shard}");
            }
        }
    }
}
