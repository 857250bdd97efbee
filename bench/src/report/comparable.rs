//! Which runs may stand beside each other: the same scenario file, and the same cores and retention of the node.

use super::recorded::RecordedRun;

/// Whether two runs measured the same thing.
pub fn are_comparable(one: &RecordedRun, other: &RecordedRun) -> bool {
    let key = |run: &RecordedRun| {
        let file = &run.run.file;
        (
            file.scenario_name.clone(),
            file.circumstances.server_cores,
            file.circumstances.retention_days,
            file.circumstances.store.clone(),
            file.circumstances.processor.clone(),
        )
    };
    one.run.scenario == other.run.scenario && key(one) == key(other)
}

/// The newest comparable, valid run of `runs` (oldest first) before the one at `index`.
pub fn earlier(runs: &[RecordedRun], index: usize) -> Option<&RecordedRun> {
    let (before, rest) = runs.split_at(index);
    let run = rest.first()?;
    before
        .iter()
        .rev()
        .find(|candidate| candidate.summary.is_valid && are_comparable(candidate, run))
}
