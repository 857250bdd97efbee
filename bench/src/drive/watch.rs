//! `Watch`: what is read of the node and of the generator itself while the load runs, as rows of the series.

use std::time::Duration;

use crate::node::{NodeHandle, Sample, Sampler, process_cpu};

/// Samples of the node come so often.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(1);

/// What is watched.
pub struct Watch {
    sampler: Option<Sampler>,
    base: Option<Sample>,
    own_base: Duration,
}

/// The node and the generator since counting began.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    /// User and system time of the node's process, in seconds.
    pub server_cpu_s: Option<f64>,
    /// Its resident memory.
    pub server_resident_bytes: Option<u64>,
    /// Syncs of its commit log.
    pub syncs: Option<u64>,
    /// Bytes of the commit log that are not in the tables.
    pub backlog_bytes: Option<u64>,
    /// User and system time of the generator, in seconds.
    pub generator_cpu_s: f64,
}

impl Watch {
    /// Watches `node`, if there is one to watch.
    pub fn start(node: Option<&NodeHandle>) -> Self {
        Self {
            sampler: node.map(|node| Sampler::start(node.clone(), SAMPLE_INTERVAL)),
            base: None,
            own_base: own_cpu(),
        }
    }

    /// Counts from now on.
    pub fn begin_counting(&mut self) {
        self.base = self.sampler.as_ref().and_then(Sampler::latest);
        self.own_base = own_cpu();
    }

    /// The latest sample against the base.
    pub fn now(&self) -> Watched {
        let sample = self.sampler.as_ref().and_then(Sampler::latest);
        let base = self.base.as_ref();
        Watched {
            server_cpu_s: sample
                .as_ref()
                .zip(base)
                .map(|(now, base)| now.cpu_s - base.cpu_s),
            server_resident_bytes: sample.as_ref().map(|now| now.resident_bytes),
            syncs: sample
                .as_ref()
                .zip(base)
                .map(|(now, base)| now.syncs - base.syncs),
            backlog_bytes: sample.as_ref().map(|now| now.flush_backlog_bytes),
            generator_cpu_s: own_cpu().saturating_sub(self.own_base).as_secs_f64(),
        }
    }
}

/// User and system time of this process.
fn own_cpu() -> Duration {
    process_cpu(std::process::id()).unwrap_or_default()
}
