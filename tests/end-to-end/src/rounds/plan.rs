//! What the rounds are made of.

use std::path::PathBuf;
use std::time::Duration;

use ringpost_power_loss::SyncFault;

use crate::load::LoadPlan;

/// How a round ends for the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// `SIGKILL`: what was written is still there.
    Kill,
    /// `SIGKILL` and a power loss: what was synced is still there, and by luck some of the rest.
    PowerLoss,
}

/// How much of what was not synced outlasts a power loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Some of it, by the seed: whole, in part, or torn.
    Lucky,
    /// None of it.
    ToSynced,
}

/// Rounds to run.
#[derive(Clone, Debug)]
pub struct RoundsPlan {
    /// How many.
    pub rounds: u32,
    /// How each ends.
    pub ending: Ending,
    /// What a power loss leaves.
    pub cut: Cut,
    /// Seed of the moments, the cuts and the load.
    pub seed: u64,
    /// The load, which goes on over all rounds.
    pub load: LoadPlan,
    /// Whether all clients connect with TLS.
    pub with_tls: bool,
    /// Core threads of the node.
    pub cores: usize,
    /// The binary, if it is not the workspace's own.
    pub binary: Option<PathBuf>,
    /// What is wrong with the node's syncs after its first life, to show that it is noticed. Only with a power loss.
    pub fault: Option<SyncFault>,
    /// Longest wait for everything to settle at the end.
    pub settle_timeout: Duration,
    /// Everything is given up as unsettled when nothing moved for so long.
    pub stall_timeout: Duration,
    /// Whether the node's folder is kept, to look at, when anything is wrong.
    pub keeps_folder: bool,
}

impl RoundsPlan {
    /// Rounds under the load of 200 senders.
    pub fn new(ending: Ending, rounds: u32, seed: u64) -> Self {
        Self {
            rounds,
            ending,
            cut: Cut::Lucky,
            seed,
            load: LoadPlan {
                crash_one_in: 20_000,
                ..LoadPlan::new(200, seed)
            },
            with_tls: false,
            cores: 2,
            binary: None,
            fault: None,
            settle_timeout: Duration::from_secs(120),
            stall_timeout: Duration::from_secs(45),
            keeps_folder: true,
        }
    }
}
