//! The rows that lanes write for themselves: fences, the lane's record and its term, and how they are read.
//!
//! A batch writes the record and conflicts with the term; claims and settlings write both. So a batch may be checked from
//! the version before its forerunner's, which its own forerunner would otherwise break.

use bytes::Bytes;

use super::config::LaneConfig;
use crate::key::{LaneId, fence, lane_record, lane_term};
use crate::row::{self, Fence, LaneRecord, LaneTerm};
use crate::store::{Key, KeyRange, Row, Write};
use ringpost_wire::ShardId;

/// Bits of a claim number that count; the lane's number stands above them, so that lanes of a node never write the same.
const CLAIM_COUNT_BITS: u32 = 48;

/// A lane's own keys, and the values that are its own.
#[derive(Debug)]
pub(super) struct OwnRows {
    node: u32,
    incarnation: u64,
    lane: u16,
    pub(super) record_key: Key,
    pub(super) term_key: Key,
}

impl OwnRows {
    pub(super) fn new(config: &LaneConfig) -> Self {
        let id = LaneId {
            node: config.node,
            lane: u32::from(config.lane),
        };
        Self {
            node: config.node,
            incarnation: config.incarnation,
            lane: config.lane,
            record_key: lane_record::encode(id),
            term_key: lane_term::encode(id),
        }
    }

    /// The claim number of the lane's `count`th claim.
    pub(super) fn claim_number(&self, count: u64) -> u64 {
        assert!(
            count < 1 << CLAIM_COUNT_BITS,
            "claims are counted in 48 bits"
        );
        (u64::from(self.lane) << CLAIM_COUNT_BITS) | count
    }

    pub(super) fn fence_write(&self, shard: ShardId, claim: u64) -> Write {
        let value = Fence {
            node: self.node,
            incarnation: self.incarnation,
            claim,
        };
        Write::Set(Row {
            key: fence::encode(shard),
            value: row::Row::to_bytes(&value),
        })
    }

    /// Whether `value` is the fence that this lane wrote with `claim`. Damaged bytes are not.
    pub(super) fn is_own_fence(&self, value: Option<&Bytes>, claim: u64) -> bool {
        let own = Fence {
            node: self.node,
            incarnation: self.incarnation,
            claim,
        };
        value.is_some_and(|bytes| *bytes == row::Row::to_bytes(&own))
    }

    pub(super) fn record_write(&self, last_batch: u64, settling: u64) -> Write {
        let value = LaneRecord {
            incarnation: self.incarnation,
            last_batch,
            settling,
        };
        Write::Set(Row {
            key: self.record_key,
            value: row::Row::to_bytes(&value),
        })
    }

    pub(super) fn term_write(&self, count: u64) -> Write {
        let value = LaneTerm {
            incarnation: self.incarnation,
            count,
        };
        Write::Set(Row {
            key: self.term_key,
            value: row::Row::to_bytes(&value),
        })
    }
}

/// The range that holds `key` only.
pub(super) fn only(key: Key) -> KeyRange {
    KeyRange {
        begin: key,
        end: Key::of(&[key.as_slice(), &[0]]),
    }
}

/// Most ranges over the fences that a commit conflicts with.
const FENCE_RANGES_MAX: usize = 64;

/// The ranges that hold the fences of `shards`, ascending: one a run of neighbours. Where these are many, one range over
/// all: then a claim of a shard between is a conflict too, which costs a retry, and claims are rare.
pub(super) fn fence_ranges(shards: impl Iterator<Item = ShardId>) -> Vec<KeyRange> {
    let mut ranges: Vec<KeyRange> = Vec::new();
    let mut next = None;
    for shard in shards {
        let fence = only(fence::encode(shard));
        match ranges.last_mut() {
            Some(last) if next == Some(shard.0) => last.end = fence.end,
            _ => ranges.push(fence),
        }
        next = shard.0.checked_add(1);
    }
    match (ranges.first(), ranges.last()) {
        (Some(first), Some(last)) if ranges.len() > FENCE_RANGES_MAX => vec![KeyRange {
            begin: first.begin,
            end: last.end,
        }],
        _ => ranges,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_range_that_holds_no_other_fence() {
        let held = [0, 1, 2, 7, 0xff, 0x100, 0xfff];
        let ranges = fence_ranges(held.into_iter().map(ShardId));
        assert_eq!(ranges.len(), 4);
        for shard in 0..0x1000 {
            let key = fence::encode(ShardId(shard));
            let holders = ranges.iter().filter(|range| range.contains(&key)).count();
            assert_eq!(holders, usize::from(held.contains(&shard)), "{shard}");
        }
    }

    #[test]
    fn scattered_shards_are_all_within_few_ranges() {
        let held = || (1..0xffe).step_by(2).map(ShardId);
        let ranges = fence_ranges(held());
        assert_eq!(ranges.len(), 1);
        for shard in held() {
            assert!(ranges[0].contains(&fence::encode(shard)));
        }
        for outside in [0, 0xffe, 0xfff] {
            assert!(!ranges[0].contains(&fence::encode(ShardId(outside))));
        }
        assert_eq!(
            fence_ranges(held().take(FENCE_RANGES_MAX)).len(),
            FENCE_RANGES_MAX
        );
    }
}
