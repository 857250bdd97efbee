//! What the rounds of client processes are made of.

use std::path::PathBuf;
use std::time::Duration;

/// What happens to a client in each round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ClientEnding {
    /// `SIGKILL`.
    Kill,
    /// `SIGKILL`, and its files are cut back to what was synced, with luck some more.
    PowerLoss,
    /// `SIGKILL`; some time later its files are set back to a copy made then, in a new folder.
    RollBack,
    /// The same, the copy written over the files as `cp -a` does: they stay the same files.
    RollBackInPlace,
    /// It stands still (`SIGSTOP`) for a time and goes on.
    Stop,
}

/// Rounds to run.
#[derive(Clone, Debug)]
pub struct ClientPlan {
    /// What happens in each.
    pub ending: ClientEnding,
    /// How many.
    pub rounds: u32,
    /// Seed of the moments and of who is hit.
    pub seed: u64,
    /// Pairs of people, each with a client process.
    pub pairs: u32,
    /// The program with the subcommand `client`.
    pub program: PathBuf,
    /// Every sync of a client's files does nothing, to show that it is noticed. Only with a power loss.
    pub ignores_syncs: bool,
    /// How long a client stands still.
    pub away: Duration,
    /// Longest wait for anything.
    pub timeout: Duration,
}

impl ClientPlan {
    /// Rounds of one pair.
    pub fn new(ending: ClientEnding, rounds: u32, seed: u64, program: PathBuf) -> Self {
        Self {
            ending,
            rounds,
            seed,
            pairs: 1,
            program,
            ignores_syncs: false,
            away: Duration::from_secs(30),
            timeout: Duration::from_secs(90),
        }
    }
}
