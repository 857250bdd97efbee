//! Cleared ranges: what the layers below hold in them is gone. Overlapping and touching ranges are one.

use std::collections::BTreeMap;
use std::ops::Bound;

use ringpost_storage_core::store::{Key, KeyRange};

/// Bytes that a range takes.
const RANGE_BYTES: usize = 160;

/// Disjoint ranges by their begin.
#[derive(Debug, Default)]
pub(super) struct ClearedRanges(BTreeMap<Key, Cleared>);

#[derive(Clone, Copy, Debug)]
struct Cleared {
    end: Key,
    since: u64,
}

impl ClearedRanges {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn bytes(&self) -> usize {
        self.0.len() * RANGE_BYTES
    }

    /// Adds a range cleared by `record`. One with another keeps the earlier record.
    pub fn add(&mut self, range: KeyRange, record: u64) {
        let mut begin = range.begin;
        let mut merged = Cleared {
            end: range.end,
            since: record,
        };
        // Only the last one that begins at or before the new end can still touch what has been merged so far.
        while let Some((&other_begin, &other)) = self.0.range(..=merged.end).next_back() {
            if other.end < begin {
                break;
            }
            self.0.remove(&other_begin);
            begin = begin.min(other_begin);
            merged.end = merged.end.max(other.end);
            merged.since = merged.since.min(other.since);
        }
        self.0.insert(begin, merged);
    }

    pub fn covers(&self, key: &Key) -> bool {
        let before = self.0.range(..=*key).next_back();
        before.is_some_and(|(_, cleared)| *key < cleared.end)
    }

    /// Takes ranges cleared at or before `bound`, at most `ranges_max`, from `after` on. With the begin of the last one
    /// looked at when there may be more.
    pub fn take(
        &mut self,
        after: Option<Key>,
        bound: u64,
        ranges_max: usize,
    ) -> (Vec<KeyRange>, Option<Key>) {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let looked_at: Vec<(Key, Cleared)> = self
            .0
            .range((from, Bound::Unbounded))
            .take(ranges_max)
            .map(|(begin, cleared)| (*begin, *cleared))
            .collect();
        let next = (looked_at.len() == ranges_max)
            .then(|| looked_at.last().map(|(begin, _)| *begin))
            .flatten();
        let due = looked_at
            .into_iter()
            .filter(|(_, cleared)| cleared.since <= bound)
            .filter_map(|(begin, _)| self.0.remove_entry(&begin))
            .map(|(begin, cleared)| KeyRange {
                begin,
                end: cleared.end,
            })
            .collect();
        (due, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(begin: u8, end: u8) -> KeyRange {
        KeyRange {
            begin: Key::of(&[&[begin]]),
            end: Key::of(&[&[end]]),
        }
    }

    #[test]
    fn ranges_that_touch_become_one_with_the_earliest_record() {
        let mut cleared = ClearedRanges::default();
        cleared.add(range(1, 3), 10);
        cleared.add(range(7, 9), 20);
        cleared.add(range(20, 30), 30);
        assert_eq!(cleared.len(), 3);
        cleared.add(range(3, 7), 40);
        assert_eq!(cleared.len(), 2);
        assert!(cleared.covers(&Key::of(&[&[5]])));
        assert!(!cleared.covers(&Key::of(&[&[9]])));
        let (taken, next) = cleared.take(None, 10, 8);
        assert_eq!((taken, next), (vec![range(1, 9)], None));
        cleared.add(range(10, 40), 50);
        let (taken, _) = cleared.take(None, 29, 8);
        assert_eq!(taken, vec![]);
        let (taken, _) = cleared.take(None, 30, 8);
        assert_eq!(taken, vec![range(10, 40)]);
    }
}
