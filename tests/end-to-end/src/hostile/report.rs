//! What a hostile run brought: for each attack what well-behaved clients noticed and what it cost the node.

use std::time::Duration;

use serde_json::{Value, json};

use super::plan::HostilePlan;
use super::tally::Tally;
use crate::check::Findings;

/// One attack.
#[derive(Clone, Debug)]
pub struct CaseReport {
    /// Its name.
    pub name: &'static str,
    /// What the attacker did and heard.
    pub tally: Tally,
    /// Messages of the well-behaved during it.
    pub sent: u64,
    /// Whether all of them were answered and delivered in the end.
    pub is_settled: bool,
    /// Longest wait of a well-behaved sender for its answer.
    pub slowest_answer: Duration,
    /// Longest way of a message to a well-behaved receiver.
    pub slowest_delivery: Duration,
    /// People who signed in during it.
    pub newcomers: u64,
    /// Longest wait of one of them.
    pub slowest_newcomer: Duration,
    /// Resident bytes of the node before.
    pub resident_bytes_before: u64,
    /// Most of them during it.
    pub resident_bytes_peak: u64,
    /// What is wrong with the chats of the well-behaved.
    pub findings: Findings,
}

impl CaseReport {
    /// Growth of the node's resident memory, in bytes.
    pub fn growth_bytes(&self) -> u64 {
        self.resident_bytes_peak
            .saturating_sub(self.resident_bytes_before)
    }

    /// Why the attack did harm, in words; empty when it did none.
    pub fn harm(&self, plan: &HostilePlan) -> Vec<String> {
        let mut harm = self.tally.oddities.clone();
        let mut unless = |holds: bool, what: &str| {
            if !holds {
                harm.push(what.to_owned());
            }
        };
        unless(self.sent > 0, "nothing was sent beside it");
        unless(self.newcomers > 0, "nobody signed in beside it");
        unless(self.is_settled, "not everything was delivered");
        unless(self.findings.is_clean(), "messages are wrong");
        let slowest = self
            .slowest_answer
            .max(self.slowest_delivery)
            .max(self.slowest_newcomer);
        unless(slowest <= plan.wait_max, "someone waited too long");
        let growth = self.growth_bytes();
        unless(growth <= plan.growth_bytes_max, "memory grew too much");
        harm
    }

    fn to_json(&self, plan: &HostilePlan) -> Value {
        json!({
            "case": self.name,
            "harm": self.harm(plan),
            "attacker": self.tally.to_json(),
            "sent_beside": self.sent,
            "slowest_answer_ms": self.slowest_answer.as_millis() as u64,
            "slowest_delivery_ms": self.slowest_delivery.as_millis() as u64,
            "newcomers": self.newcomers,
            "slowest_newcomer_ms": self.slowest_newcomer.as_millis() as u64,
            "resident_mib_before": self.resident_bytes_before >> 20,
            "growth_mib": self.growth_bytes() >> 20,
            "findings": self.findings.to_json(),
        })
    }
}

/// All attacks on one node.
#[derive(Clone, Debug)]
pub struct HostileReport {
    /// The plan.
    pub plan: HostilePlan,
    /// Each attack, in order.
    pub cases: Vec<CaseReport>,
    /// ERROR lines of the node.
    pub error_lines: Vec<String>,
    /// Whether the node stopped well at the end.
    pub is_stopped_well: bool,
}

impl HostileReport {
    /// Whether no attack did harm.
    pub fn is_clean(&self) -> bool {
        self.is_stopped_well
            && self.error_lines.is_empty()
            && self
                .cases
                .iter()
                .all(|case| case.harm(&self.plan).is_empty())
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        let cases = self.cases.iter().map(|case| case.to_json(&self.plan));
        json!({
            "clean": self.is_clean(),
            "seed": self.plan.seed,
            "seconds_each": self.plan.time.as_secs_f64(),
            "cases": cases.collect::<Vec<_>>(),
            "error_lines": self.error_lines,
            "stopped_well": self.is_stopped_well,
        })
    }
}
