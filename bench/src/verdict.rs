//! Whether a run's figures may be used: nothing lost, and the node, not the generator, was the limit.

use crate::fleet::Counts;
use crate::record::GeneratorUse;

/// Share of a core from which the generator counts as busy.
const BUSY_SHARE: f64 = 0.95;
/// A schedule that was followed later than this, at the 99th percentile, was not followed.
const LAG_MS_MAX: f64 = 20.0;
/// Share of the schedule that may be missed.
const MISSED_SHARE_MAX: f64 = 0.001;

/// What a run is judged by.
pub struct Facts<'a> {
    /// What was counted.
    pub counts: &'a Counts,
    /// Seconds that were counted.
    pub seconds: f64,
    /// Messages that are stored and not on a device that is signed in.
    pub missing: u64,
    /// Messages without an answer, of devices that are signed in.
    pub unanswered: u64,
    /// The generator.
    pub generator: GeneratorUse,
    /// Processor time of the node, in seconds.
    pub server_cpu_s: Option<f64>,
    /// Cores of the node.
    pub server_cores: Option<u32>,
    /// Whether the node may end connections: of devices that do not read, or when all come at once.
    pub may_lose_connections: bool,
    /// What the scenario wants and did not come about.
    pub unmet: Vec<String>,
}

/// Why the figures must not be used; empty if they may.
pub fn reasons(facts: &Facts<'_>) -> Vec<String> {
    let mut reasons = facts.unmet.clone();
    let counts = facts.counts;
    let mut wrong = |is_wrong: bool, reason: String| {
        if is_wrong {
            reasons.push(reason);
        }
    };
    wrong(counts.delivered == 0, "nothing was delivered".to_owned());
    wrong(
        facts.missing > 0,
        format!(
            "{} stored messages did not reach a device that is signed in",
            facts.missing
        ),
    );
    wrong(
        facts.unanswered > 0,
        format!("{} sends have no answer", facts.unanswered),
    );
    let has_lost = counts.lost_connections > 0 && !facts.may_lose_connections;
    wrong(
        has_lost,
        format!("{} connections were lost", counts.lost_connections),
    );
    let missed =
        counts.schedule_missed as f64 / (counts.sends + counts.schedule_missed).max(1) as f64;
    wrong(
        missed > MISSED_SHARE_MAX,
        format!(
            "{} actions of the schedule were missed",
            counts.schedule_missed
        ),
    );
    let lag_ms = facts.generator.lag_p99_ms;
    wrong(
        lag_ms > LAG_MS_MAX,
        format!("the generator was {lag_ms:.0} ms late at the 99th percentile"),
    );
    let own_share = facts.generator.cpu_s / facts.seconds;
    let server_share = facts.server_cpu_s.zip(facts.server_cores);
    let is_server_busy = server_share
        .is_none_or(|(cpu_s, cores)| cpu_s / facts.seconds >= BUSY_SHARE * f64::from(cores));
    wrong(
        own_share >= BUSY_SHARE && !is_server_busy,
        format!(
            "the generator was the limit: it took {:.0} % of a core",
            own_share * 100.0
        ),
    );
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: GeneratorUse = GeneratorUse {
        cpu_s: 5.0,
        lag_p99_ms: 1.0,
        lag_max_ms: 3.0,
    };

    fn judge(change: impl FnOnce(&mut Counts, &mut Facts<'_>)) -> Vec<String> {
        let base = Counts {
            sends: 100,
            sent: 100,
            delivered: 100,
            ..Counts::default()
        };
        let mut counts = base;
        let mut facts = Facts {
            counts: &base,
            seconds: 10.0,
            missing: 0,
            unanswered: 0,
            generator: GOOD,
            server_cpu_s: Some(9.9),
            server_cores: Some(1),
            may_lose_connections: false,
            unmet: Vec::new(),
        };
        change(&mut counts, &mut facts);
        reasons(&Facts {
            counts: &counts,
            ..facts
        })
    }

    #[test]
    fn each_fault_has_its_reason() {
        assert_eq!(judge(|_, _| {}), [""; 0]);
        assert_eq!(judge(|counts, _| counts.delivered = 0).len(), 1);
        assert_eq!(judge(|_, facts| facts.missing = 1).len(), 1);
        assert_eq!(judge(|_, facts| facts.unanswered = 1).len(), 1);
        assert_eq!(judge(|counts, _| counts.lost_connections = 1).len(), 1);
        assert_eq!(judge(|counts, _| counts.schedule_missed = 1).len(), 1);
        assert_eq!(judge(|_, facts| facts.unmet.push("x".to_owned())), ["x"]);
    }

    #[test]
    fn a_busy_generator_is_a_limit_only_beside_an_idle_node() {
        let busy = GeneratorUse { cpu_s: 9.8, ..GOOD };
        assert_eq!(judge(|_, facts| facts.generator = busy.clone()).len(), 0);
        let idle = judge(|_, facts| {
            facts.generator = busy.clone();
            facts.server_cpu_s = Some(5.0);
        });
        assert_eq!(
            idle,
            ["the generator was the limit: it took 98 % of a core"]
        );
        let late = GeneratorUse {
            lag_p99_ms: 50.0,
            ..GOOD
        };
        assert_eq!(judge(|_, facts| facts.generator = late).len(), 1);
    }
}
