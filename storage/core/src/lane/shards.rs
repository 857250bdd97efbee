//! The shards that a lane is home of: wanted, being claimed, or held under a fence value of its own.
//!
//! A shard is held only under a value that no claim ever wrote before. Times are milliseconds.

use std::collections::{BTreeMap, BTreeSet};

use ringpost_wire::ShardId;

const CLAIM_DELAY_MS: u64 = 50;
const CLAIM_DELAY_MS_MAX: u64 = 5_000;
/// A shard held this long was not lost to a quarrel: the delays begin anew.
const SETTLED_MS: u64 = 10_000;

/// How a shard stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is to be claimed at `due_ms`.
    Wanted { due_ms: u64 },
    /// A claim was sent, with this claim number.
    Claiming { claim: u64 },
    /// The claim with this number took effect, and no later one is known.
    Held { claim: u64, since_ms: u64 },
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    standing: Standing,
    /// Claims refused and shards lost in a row.
    failures: u32,
}

/// The table of shards.
#[derive(Debug)]
pub(super) struct Shards {
    entries: BTreeMap<ShardId, Entry>,
    /// Tells lanes of the same shards apart, so that they do not retry in step.
    salt: u64,
}

impl Shards {
    pub(super) fn new(homes: &BTreeSet<ShardId>, salt: u64) -> Self {
        let entry = Entry {
            standing: Standing::Wanted { due_ms: 0 },
            failures: 0,
        };
        let entries = homes.iter().map(|shard| (*shard, entry)).collect();
        Self { entries, salt }
    }

    pub(super) fn standing(&self, shard: ShardId) -> Option<Standing> {
        self.entries.get(&shard).map(|entry| entry.standing)
    }

    pub(super) fn is_held(&self, shard: ShardId) -> bool {
        matches!(self.standing(shard), Some(Standing::Held { .. }))
    }

    /// Whether commands of `shard` are worth keeping until its claim is known.
    pub(super) fn is_held_soon(&self, shard: ShardId, now_ms: u64) -> bool {
        match self.standing(shard) {
            Some(Standing::Wanted { due_ms }) => due_ms <= now_ms,
            Some(Standing::Claiming { .. } | Standing::Held { .. }) => true,
            None => false,
        }
    }

    /// The shards held, ascending.
    pub(super) fn held(&self) -> impl Iterator<Item = ShardId> {
        let held = |entry: &Entry| matches!(entry.standing, Standing::Held { .. });
        self.entries
            .iter()
            .filter(move |(_, entry)| held(entry))
            .map(|(shard, _)| *shard)
    }

    /// The shards whose fence may have a value of ours, with the claim number.
    pub(super) fn staked(&self) -> Vec<(ShardId, u64)> {
        let stake = |entry: &Entry| match entry.standing {
            Standing::Held { claim, .. } | Standing::Claiming { claim } => Some(claim),
            Standing::Wanted { .. } => None,
        };
        self.entries
            .iter()
            .filter_map(|(shard, entry)| Some((*shard, stake(entry)?)))
            .collect()
    }

    /// The shards whose claim is due.
    pub(super) fn due(&self, now_ms: u64) -> Vec<ShardId> {
        let is_due = |entry: &Entry| matches!(entry.standing, Standing::Wanted { due_ms } if due_ms <= now_ms);
        self.entries
            .iter()
            .filter(|(_, entry)| is_due(entry))
            .map(|(shard, _)| *shard)
            .collect()
    }

    /// When the next claim is due.
    pub(super) fn next_due_ms(&self) -> Option<u64> {
        let due = |entry: &Entry| match entry.standing {
            Standing::Wanted { due_ms } => Some(due_ms),
            _ => None,
        };
        self.entries.values().filter_map(due).min()
    }

    pub(super) fn claim(&mut self, shard: ShardId, claim: u64) {
        if let Some(entry) = self.entries.get_mut(&shard) {
            entry.standing = Standing::Claiming { claim };
        }
    }

    pub(super) fn hold(&mut self, shard: ShardId, now_ms: u64) {
        if let Some(entry) = self.entries.get_mut(&shard)
            && let Standing::Claiming { claim } = entry.standing
        {
            entry.standing = Standing::Held {
                claim,
                since_ms: now_ms,
            };
        }
    }

    /// The shard is not ours: it is claimed again, later each time.
    pub(super) fn lose(&mut self, shard: ShardId, now_ms: u64) {
        let salt = self.salt;
        let Some(entry) = self.entries.get_mut(&shard) else {
            return;
        };
        let was_settled = matches!(entry.standing, Standing::Held { since_ms, .. } if since_ms + SETTLED_MS < now_ms);
        entry.failures = if was_settled { 1 } else { entry.failures + 1 };
        let delay_ms = (CLAIM_DELAY_MS << entry.failures.min(16)).min(CLAIM_DELAY_MS_MAX);
        let spread = salt.wrapping_mul(u64::from(entry.failures)) % delay_ms;
        entry.standing = Standing::Wanted {
            due_ms: now_ms + delay_ms / 2 + spread,
        };
    }

    /// Changes the shards that the lane is home of; returns those that it is no longer.
    pub(super) fn set_homes(&mut self, homes: &BTreeSet<ShardId>, now_ms: u64) -> Vec<ShardId> {
        let is_gone = |shard: &&ShardId| !homes.contains(*shard);
        let gone: Vec<ShardId> = self.entries.keys().filter(is_gone).copied().collect();
        for shard in &gone {
            self.entries.remove(shard);
        }
        for shard in homes {
            self.entries.entry(*shard).or_insert(Entry {
                standing: Standing::Wanted { due_ms: now_ms },
                failures: 0,
            });
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARD: ShardId = ShardId(7);

    fn table() -> Shards {
        Shards::new(&BTreeSet::from([SHARD]), 12_345)
    }

    #[test]
    fn a_shard_is_held_only_after_its_claim() {
        let mut shards = table();
        assert_eq!(shards.due(0), [SHARD]);
        shards.hold(SHARD, 1);
        assert!(!shards.is_held(SHARD));
        shards.claim(SHARD, 1);
        assert_eq!((shards.due(9), shards.is_held(SHARD)), (vec![], false));
        shards.hold(SHARD, 1);
        assert!(shards.is_held(SHARD));
        assert_eq!(shards.staked(), [(SHARD, 1)]);
    }

    #[test]
    fn each_loss_waits_longer_until_it_was_held_for_long() {
        let mut shards = table();
        let lose_at = |shards: &mut Shards, now_ms| {
            shards.lose(SHARD, now_ms);
            shards.next_due_ms().unwrap() - now_ms
        };
        for _ in 0..20 {
            let delay_ms = lose_at(&mut shards, 1_000);
            assert!((50..=CLAIM_DELAY_MS_MAX * 3 / 2).contains(&delay_ms));
        }
        assert!(lose_at(&mut shards, 1_000) >= CLAIM_DELAY_MS_MAX / 2);
        shards.claim(SHARD, 2);
        shards.hold(SHARD, 5_000);
        assert!(lose_at(&mut shards, 20_000) <= 150);
    }
}
