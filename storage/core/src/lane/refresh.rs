//! Taking a new read version: the lane's record and all its fences are read at it, and what is not its own is dropped.
//!
//! No version is taken without that, so the version proves every fence that is still held and every row kept under it.

use ringpost_wire::ShardId;

use super::event::{LaneEffect, LaneState, Ticket, UnavailableReason};
use super::machine::{Doubt, Lane, NO_RECORD, Permit, Phase, Proof};
use super::transaction::{ReadAnswer, StoreFault, Version};
use crate::key::fence;
use crate::row::{LaneRecord, Row};
use crate::store::Read;

impl Lane {
    pub(super) fn ask_version(&mut self) {
        self.doubt_proof();
        let ticket = self.ticket();
        self.phase = Phase::Version {
            ticket,
            asked_ms: self.now_ms,
        };
        self.effects
            .push_back(LaneEffect::GetReadVersion { ticket });
    }

    pub(super) fn take_version(&mut self, ticket: Ticket, result: Result<Version, StoreFault>) {
        if self.permit == Permit::Asked(ticket) {
            return self.take_permit(result);
        }
        let Phase::Version {
            ticket: expected,
            asked_ms,
        } = self.phase
        else {
            return;
        };
        if ticket != expected {
            return;
        }
        match result {
            Ok(version) => self.read_fences(Proof {
                read_version: version,
                conflict_version: version,
                since_ms: asked_ms,
            }),
            Err(fault) => self.take_fault(fault),
        }
    }

    /// The version of a permit is not used: the fences were not read at it.
    fn take_permit(&mut self, result: Result<Version, StoreFault>) {
        match result {
            Ok(_) => self.permit = Permit::Granted,
            Err(fault) => {
                self.permit = Permit::Refused;
                let retry_after_ms = match fault {
                    StoreFault::Throttled { retry_after_ms } => retry_after_ms,
                    StoreFault::TooOld | StoreFault::Unavailable => 0,
                };
                self.note_failure(retry_after_ms);
            }
        }
    }

    fn read_fences(&mut self, proof: Proof) {
        if cfg!(planted = "fence_not_read") && self.has_begun && self.doubt.is_none() {
            return self.accept(proof);
        }
        if cfg!(planted = "settling_unread") && self.doubt.is_some() {
            self.record.last_batch = self.last_batch;
            return self.accept(proof);
        }
        let staked = self.shards.staked();
        let fences = staked.iter().map(|(shard, _)| fence::encode(*shard));
        let keys = core::iter::once(self.own.record_key).chain(fences);
        let reads = keys.map(Read::Get).collect();
        let ticket = self.ticket();
        self.phase = Phase::Fences {
            ticket,
            proof,
            staked,
        };
        self.effects.push_back(LaneEffect::Read {
            ticket,
            version: proof.read_version,
            reads,
        });
    }

    /// The record and the fences, as read at `proof`.
    pub(super) fn take_fences(
        &mut self,
        proof: Proof,
        staked: &[(ShardId, u64)],
        answers: &[ReadAnswer],
    ) {
        assert_eq!(answers.len(), staked.len() + 1, "one answer a read");
        let mut values = answers.iter().map(|answer| match answer {
            ReadAnswer::Value(value) => value.as_ref(),
            ReadAnswer::Rows(_) => panic!("a key was asked for"),
        });
        let record = values
            .next()
            .flatten()
            .map(|bytes| LaneRecord::decode(bytes));
        let record = match record.transpose() {
            Ok(record) => record.unwrap_or(NO_RECORD),
            Err(_) => return self.end(UnavailableReason::DamagedRow),
        };
        if let Err(reason) = self.check_record(&record) {
            return self.end(reason);
        }
        self.record = record;
        let mut lost = Vec::new();
        for ((shard, claim), value) in staked.iter().zip(values) {
            if self.own.is_own_fence(value, *claim) {
                self.shards.hold(*shard, self.now_ms);
            } else {
                lost.push(*shard);
            }
        }
        self.drop_shards(&lost);
        self.counters.refreshes += 1;
        self.accept(proof);
    }

    /// A record that another life of this lane wrote ends this one.
    fn check_record(&self, record: &LaneRecord) -> Result<(), UnavailableReason> {
        if cfg!(planted = "incarnation_unchecked") {
            return Ok(());
        }
        if record.incarnation > self.config.incarnation {
            return Err(UnavailableReason::Superseded);
        }
        if record.incarnation < self.config.incarnation {
            return Ok(());
        }
        let in_doubt = match &self.doubt {
            Some(Doubt::Batch(decided)) => Some(decided.number),
            Some(Doubt::Claim) | None => None,
        };
        let is_ours = record.last_batch == self.last_batch || Some(record.last_batch) == in_doubt;
        if self.has_begun && is_ours {
            Ok(())
        } else {
            Err(UnavailableReason::IncarnationReused)
        }
    }

    fn accept(&mut self, proof: Proof) {
        self.phase = Phase::Idle;
        self.proof = Some(proof);
        self.permit = Permit::Granted;
        self.attempt = None;
        self.backoff.reached();
        self.set_state(LaneState::Ready);
        if cfg!(planted = "settle_after_reading") {
            self.resolve_doubt();
        }
    }

    /// The lane stops for good: it holds nothing and refuses everything. A batch in doubt is refused too: nobody can tell.
    pub(super) fn end(&mut self, reason: UnavailableReason) {
        self.doubt_proof();
        self.doubt = None;
        let held: Vec<ShardId> = self.shards.held().collect();
        self.drop_shards(&held);
        self.set_state(LaneState::Unavailable { reason });
    }
}
