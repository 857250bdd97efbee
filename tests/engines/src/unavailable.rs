//! How much of a batch was run by an engine that refuses what it cannot run.

use ringpost_storage_core::Outcome;
use ringpost_wire::ErrorCode;

/// How many of the first commands were run. A lane that cannot reach its store refuses all from one on.
pub(crate) fn run_before_unavailable(outcomes: &[Outcome]) -> usize {
    let is_refused = |outcome: &Outcome| match outcome {
        Outcome::Failed(code) => *code == ErrorCode::Unavailable,
        Outcome::AppendRefused(refused) => refused.code == ErrorCode::Unavailable,
        _ => false,
    };
    let first = outcomes.iter().position(is_refused);
    let first = first.unwrap_or(outcomes.len());
    assert!(outcomes[first..].iter().all(is_refused), "{outcomes:?}");
    first
}
