//! `Measured`: the counted part of a run, and what was read of the node around it.

use std::collections::BTreeMap;

use crate::fleet::Counts;
use crate::node::{NodeUse, Reading};
use crate::record::ErrorCount;

use super::engine::Engine;
use super::error::RunError;

/// The counted part of a run.
pub struct Measured {
    /// Its length, in seconds.
    pub seconds: f64,
    /// What happened in it.
    pub counts: Counts,
    /// What the node took, if it could be read.
    pub server: Option<ServerUse>,
    /// User and system time of the generator, in seconds.
    pub generator_cpu_s: f64,
    /// Most devices that were signed in at once.
    pub sessions_peak: u64,
    /// Errors by kind.
    pub errors: Vec<ErrorCount>,
    /// Further figures of the scenario's kind, by name.
    pub figures: BTreeMap<String, u64>,
    /// What the scenario wants and did not come about.
    pub unmet: Vec<String>,
}

/// What the node took in the counted part.
pub struct ServerUse {
    /// Between its begin and its end.
    pub used: NodeUse,
    /// Resident memory at its begin.
    pub resident_bytes_begin: u64,
}

impl Engine {
    /// Counts while `load` runs.
    pub(super) fn measure(
        &mut self,
        load: impl FnOnce(&mut Self) -> Result<Vec<String>, RunError>,
    ) -> Result<Measured, RunError> {
        let node = self.options.node.clone();
        let before = node.as_ref().and_then(|node| Reading::take(node).ok());
        self.begin_counting()?;
        let (began_ns, base) = (self.clock.now_ns(), self.fleet.counts);
        let unmet = load(self)?;
        let now_ns = self.clock.now_ns();
        self.write_row(now_ns)?;
        let counts = self.fleet.counts.since(&base);
        let watched = self.watch.now();
        let after = node.as_ref().and_then(|node| Reading::take(node).ok());
        self.counting = None;
        let server = before.zip(after).map(|(before, after)| ServerUse {
            used: after.since(&before),
            resident_bytes_begin: before.process.resident_bytes,
        });
        Ok(Measured {
            seconds: (now_ns - began_ns) as f64 / 1e9,
            counts,
            server,
            generator_cpu_s: watched.generator_cpu_s,
            sessions_peak: u64::from(self.fleet.live_peak()),
            errors: self.fleet.recorder.errors.counts(),
            figures: BTreeMap::new(),
            unmet,
        })
    }
}
