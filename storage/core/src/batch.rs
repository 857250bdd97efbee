//! A batch: the commands of one transaction, run in order over one overlay; and what an engine must know to run it.

use std::collections::BTreeSet;

use crate::limits::{BATCH_BYTES_AIM, BATCH_READ_BYTES_AIM};
use crate::overlay::{DamagedRow, Halt, Overlay};
use crate::store::{Read, Snapshot, Write};
use crate::{Command, Outcome, script};

/// How long messages are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// Until every active device of every member has them.
    UntilDelivered,
    /// For so many days, and until every active device has them.
    Days(u32),
}

/// What an operator has decided about the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How long messages are kept.
    pub retention: Retention,
}

/// What running a batch came to. `outcomes` may be fewer than the commands: the rest waits for the next batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// One outcome a command, from the first on; at least one where there was a command.
    pub outcomes: Vec<Outcome>,
    /// Cleared ranges first, then at most one write a key, ascending.
    pub writes: Vec<Write>,
    /// What was read of the snapshot: an engine with foreign writers proves that it is still so.
    pub reads: Vec<Read>,
    /// Bytes of keys and values of `writes`.
    pub write_bytes: usize,
}

/// Why a batch was not run. Nothing of it may be written or answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unexecuted {
    /// Fetch these too, then run the whole batch again.
    NotFetched(Vec<Read>),
    /// A row cannot be read: fatal for the engine.
    Damaged(DamagedRow),
}

/// Runs `commands` in order over `snapshot`. Pure: the same arguments give the same answer.
///
/// A batch ends early, after the command with which its writes reach `BATCH_BYTES_AIM` or its pages
/// `BATCH_READ_BYTES_AIM`.
///
/// # Errors
/// `NotFetched` when the snapshot does not hold all that the commands need; `Damaged` for a row that cannot be read.
pub fn execute<S: Snapshot>(
    commands: &[Command],
    snapshot: &S,
    rules: &Rules,
) -> Result<Executed, Unexecuted> {
    let mut overlay = Overlay::new(snapshot);
    let mut outcomes = Vec::with_capacity(commands.len());
    for command in commands {
        match script::decide(&mut overlay, command, rules) {
            Ok(outcome) => outcomes.push(outcome),
            // What the later commands need is asked for in the same round, as far as it can be told.
            Err(Halt::NotFetched) => {}
            Err(Halt::Damaged(_)) if !overlay.missing().is_empty() => {}
            Err(Halt::Damaged(damaged)) => return Err(Unexecuted::Damaged(damaged)),
        }
        if is_full(&overlay) {
            break;
        }
    }
    if !overlay.missing().is_empty() {
        return Err(Unexecuted::NotFetched(distinct(overlay.missing())));
    }
    let settled = overlay.settle();
    Ok(Executed {
        outcomes,
        writes: settled.writes,
        reads: settled.reads,
        write_bytes: settled.write_bytes,
    })
}

fn is_full(overlay: &Overlay<'_>) -> bool {
    overlay.write_bytes() >= BATCH_BYTES_AIM || overlay.read_bytes() >= BATCH_READ_BYTES_AIM
}

fn distinct(reads: &[Read]) -> Vec<Read> {
    let reads: BTreeSet<Read> = reads.iter().copied().collect();
    reads.into_iter().collect()
}

/// The reads of `commands` that are known before anything is read, each once.
pub fn prefetch(commands: &[Command]) -> Vec<Read> {
    let mut reads = Vec::new();
    for command in commands {
        script::reads(command, &mut reads);
    }
    distinct(&reads)
}
