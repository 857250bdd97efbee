//! What all trials are told: how many rounds, under which load, on what node.

use std::path::PathBuf;
use std::time::Duration;

use crate::load::LoadPlan;

/// A trial to make.
#[derive(Clone, Debug)]
pub struct TrialPlan {
    /// Rounds, each with its fault.
    pub rounds: u32,
    /// How long a fault lasts, where it lasts.
    pub away: Duration,
    /// Seed of the moments, the faults and the load.
    pub seed: u64,
    /// The load, which goes on over all rounds.
    pub load: LoadPlan,
    /// Whether all clients connect with TLS.
    pub with_tls: bool,
    /// Core threads of the node.
    pub cores: usize,
    /// The binary, if it is not the workspace's own.
    pub binary: Option<PathBuf>,
    /// Longest wait for everything to settle at the end.
    pub settle_timeout: Duration,
    /// Everything is given up as unsettled when nothing moved for so long.
    pub stall_timeout: Duration,
}

impl TrialPlan {
    /// Rounds under the load of 100 senders.
    pub fn new(rounds: u32, seed: u64) -> Self {
        Self {
            rounds,
            away: Duration::from_secs(30),
            seed,
            load: LoadPlan {
                crash_one_in: 20_000,
                ..LoadPlan::new(100, seed)
            },
            with_tls: false,
            cores: 2,
            binary: None,
            settle_timeout: Duration::from_secs(180),
            stall_timeout: Duration::from_secs(90),
        }
    }
}
