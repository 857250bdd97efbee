//! The commits of a lane: claims, batches and settlings, all of one form, and what their results mean.
//!
//! Form: read conflicts on the fences of all held shards and on the lane's term, a write of the lane's record. A claim
//! and a settling write the term too, and a settling conflicts with the record: it must not overtake a late batch.

use ringpost_wire::{ErrorCode, ShardId};

use super::attempt::Decided;
use super::event::{LaneEffect, Ticket};
use super::machine::{Doubt, Lane, Permit, Phase, Proof};
use super::own_rows::{fence_ranges, only};
use super::transaction::{CommitAnswer, CommitRequest, Version};
use crate::key::fence;
use crate::limits::BATCH_COMMANDS_MAX;
use crate::store::{KeyRange, Write};

impl Lane {
    pub(super) fn send_claim(&mut self, due: Vec<ShardId>) {
        self.claims_sent += 1;
        let claim = self.own.claim_number(self.claims_sent);
        let mut conflicts = self.conflicts();
        conflicts.extend(due.iter().map(|shard| only(fence::encode(*shard))));
        let mut writes: Vec<Write> = due
            .iter()
            .map(|shard| self.own.fence_write(*shard, claim))
            .collect();
        due.iter()
            .for_each(|shard| self.shards.claim(*shard, claim));
        self.settlings_sent += 1;
        self.record.settling += 1;
        writes.push(self.own.term_write(self.settlings_sent));
        let ticket = self.send(conflicts, writes, self.last_batch);
        self.phase = Phase::Claim {
            ticket,
            shards: due,
        };
    }

    pub(super) fn send_batch(&mut self, decided: Decided, foreign: Vec<KeyRange>) {
        let mut conflicts = self.conflicts();
        if cfg!(planted = "fence_touched_only") {
            conflicts = self.touched_conflicts(&decided);
        }
        conflicts.extend(foreign);
        let ticket = self.send(conflicts, decided.writes.clone(), decided.number);
        let permit = self.ticket();
        self.permit = Permit::Asked(permit);
        self.effects
            .push_back(LaneEffect::GetReadVersion { ticket: permit });
        let mut decided = decided;
        if cfg!(planted = "answer_before_commit") {
            self.answer(&mut decided);
        }
        self.phase = Phase::Batch {
            ticket,
            decided,
            sent_ms: self.now_ms,
        };
    }

    pub(super) fn send_settling(&mut self) {
        let mut conflicts = self.conflicts();
        conflicts.push(only(self.own.record_key));
        let is_own = self.record.incarnation == self.config.incarnation;
        let last_batch = if is_own { self.record.last_batch } else { 0 };
        self.settlings_sent += 1;
        self.record.settling += 1;
        let mut writes = Vec::new();
        if !cfg!(planted = "term_not_written") {
            writes.push(self.own.term_write(self.settlings_sent));
        }
        let ticket = self.send(conflicts, writes, last_batch);
        self.phase = Phase::Settling { ticket };
    }

    /// What every commit conflicts with.
    fn conflicts(&self) -> Vec<KeyRange> {
        let mut conflicts = fence_ranges(self.shards.held());
        conflicts.push(only(self.own.term_key));
        conflicts
    }

    /// The planted defect: the fences of the shards that the batch touches.
    fn touched_conflicts(&self, decided: &Decided) -> Vec<KeyRange> {
        let commands = self.queue.iter().take(decided.commands);
        let mut shards: Vec<ShardId> = commands.map(|command| command.home()).collect();
        shards.sort_unstable();
        shards.dedup();
        shards.retain(|shard| self.shards.is_held(*shard));
        let fences = shards.iter().map(|shard| only(fence::encode(*shard)));
        fences.chain([only(self.own.term_key)]).collect()
    }

    /// Sends a commit that leaves `last_batch` in the record.
    fn send(
        &mut self,
        read_conflicts: Vec<KeyRange>,
        mut writes: Vec<Write>,
        last_batch: u64,
    ) -> Ticket {
        // A step commits on a fresh proof only.
        let proof = self.proof.expect("there is a proof");
        self.has_begun = true;
        if !cfg!(planted = "record_not_written") {
            writes.push(self.own.record_write(last_batch, self.record.settling));
        }
        let ticket = self.ticket();
        self.effects.push_back(LaneEffect::Commit {
            ticket,
            request: CommitRequest {
                read_version: proof.conflict_version,
                read_conflicts,
                writes,
            },
        });
        ticket
    }

    pub(super) fn take_commit(&mut self, ticket: Ticket, result: CommitAnswer) {
        let expected = match &self.phase {
            Phase::Claim { ticket, .. }
            | Phase::Batch { ticket, .. }
            | Phase::Settling { ticket } => *ticket,
            _ => return,
        };
        if ticket != expected {
            return;
        }
        let phase = core::mem::replace(&mut self.phase, Phase::Idle);
        match (phase, result) {
            (
                Phase::Batch {
                    decided, sent_ms, ..
                },
                CommitAnswer::Committed { version },
            ) => {
                self.land(decided);
                self.move_proof(version, sent_ms);
            }
            (Phase::Claim { shards, .. }, CommitAnswer::Committed { .. }) => {
                self.take_claimed(&shards);
            }
            (Phase::Settling { .. }, CommitAnswer::Committed { .. }) => {
                self.counters.settlings += 1;
                self.backoff.committed();
                self.resolve_doubt();
                self.doubt_proof();
            }
            (phase, CommitAnswer::UnknownResult) => self.take_unknown(phase),
            (phase, refusal) => self.take_refusal(&phase, refusal),
        }
    }

    /// After a batch, what its commit has proven. A foreign commit behind it at the same version is not yet excluded: the
    /// next commit is checked from one version earlier. Nothing that it conflicts with was written by this one.
    fn move_proof(&mut self, version: Version, sent_ms: u64) {
        let conflict_version = if cfg!(planted = "shared_version_trusted") {
            version
        } else {
            Version(version.0 - 1)
        };
        self.proof = Some(Proof {
            read_version: version,
            conflict_version,
            since_ms: sent_ms,
        });
    }

    /// A claim took effect. Rows are read under it at a version taken after it.
    fn take_claimed(&mut self, shards: &[ShardId]) {
        self.counters.claims += 1;
        self.backoff.committed();
        for shard in shards {
            self.shards.hold(*shard, self.now_ms);
        }
        if !cfg!(planted = "head_kept_after_claim") {
            self.cache.forget(shards);
        }
        self.doubt_proof();
    }

    fn take_unknown(&mut self, phase: Phase) {
        self.counters.unknown_results += 1;
        self.doubt_proof();
        match phase {
            Phase::Claim { .. } => self.doubt = Some(Doubt::Claim),
            Phase::Batch { decided, .. } if cfg!(planted = "unknown_taken_as_applied") => {
                self.land(decided);
            }
            Phase::Batch { .. } if cfg!(planted = "unknown_taken_as_lost") => {}
            Phase::Batch { decided, .. } => self.doubt = Some(Doubt::Batch(decided)),
            // A settling that is not known to be committed is made again; the doubt stays.
            _ => {}
        }
    }

    /// A commit that had no effect, for certain.
    fn take_refusal(&mut self, phase: &Phase, refusal: CommitAnswer) {
        self.doubt_proof();
        if let Phase::Claim { shards, .. } = phase {
            shards
                .iter()
                .for_each(|shard| self.shards.lose(*shard, self.now_ms));
        }
        match refusal {
            CommitAnswer::Conflict => {
                self.counters.conflicts += 1;
                self.backoff.conflict(self.now_ms);
            }
            CommitAnswer::Throttled { retry_after_ms } => self.note_failure(retry_after_ms),
            CommitAnswer::TooLarge => {
                if let Phase::Batch { decided, .. } = phase {
                    self.split(decided.commands);
                }
            }
            CommitAnswer::TooOld => self.note_failure(0),
            CommitAnswer::Committed { .. } | CommitAnswer::UnknownResult => {
                unreachable!("handled by the caller")
            }
        }
    }

    /// A batch of `commands` is too large: try half of it, and refuse one that is too large alone.
    fn split(&mut self, commands: usize) {
        self.commands_max = (commands / 2).max(1);
        if commands == 1
            && let Some(command) = self.queue.pop_front()
        {
            let outcomes = vec![command.refused(ErrorCode::PayloadTooLarge)];
            self.effects.push_back(LaneEffect::Answer { outcomes });
        }
    }

    /// What was in doubt is known: the record as read names the batch, or the batch can no longer land.
    pub(super) fn resolve_doubt(&mut self) {
        let Some(Doubt::Batch(decided)) = self.doubt.take() else {
            return;
        };
        let is_own = self.record.incarnation == self.config.incarnation;
        if is_own && self.record.last_batch == decided.number {
            self.counters.settled_landed += 1;
            self.land(decided);
        } else {
            self.counters.settled_lost += 1;
        }
    }

    /// A batch took effect: its outcomes go out, and the kept rows follow.
    fn land(&mut self, mut decided: Decided) {
        self.last_batch = decided.number;
        self.counters.batches += 1;
        self.backoff.committed();
        self.attempt = None;
        self.commands_max = (self.commands_max * 2).min(BATCH_COMMANDS_MAX);
        self.cache.apply(&decided.writes);
        self.answer(&mut decided);
    }

    pub(super) fn answer(&mut self, decided: &mut Decided) {
        self.queue.drain(..decided.commands);
        decided.commands = 0;
        let outcomes = core::mem::take(&mut decided.outcomes);
        if !outcomes.is_empty() {
            self.effects.push_back(LaneEffect::Answer { outcomes });
        }
    }
}
