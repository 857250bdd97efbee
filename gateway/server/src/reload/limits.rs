//! The limits that cores and HTTP take while they run: written at a reload, read by each core at the beginning of a turn.
//!
//! Invariant: the version rises with every change, so a core that has seen the version has seen the limits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ringpost_gateway_core::ChangeableLimits;
use ringpost_gateway_tls::proxy::Networks;

use super::Reloadable;
use crate::configuration::{LimitSettings, Settings};

/// Limits, and whom some of them do not hold for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeLimits {
    /// Those of a worker.
    pub worker: ChangeableLimits,
    /// Addresses whose connections are not counted.
    pub exempt: Networks,
}

impl NodeLimits {
    /// Those that are configured.
    pub fn of(settings: &Settings) -> Self {
        Self {
            worker: changeable(&settings.limits),
            exempt: settings.exempt(),
        }
    }
}

/// Limits that all cores share.
pub struct LiveLimits {
    limits: Mutex<NodeLimits>,
    version: AtomicU64,
}

impl LiveLimits {
    /// The limits at the start.
    pub fn new(settings: &Settings) -> Self {
        Self {
            limits: Mutex::new(NodeLimits::of(settings)),
            version: AtomicU64::new(0),
        }
    }

    /// The limits, unless the core has seen this version of them, which it updates.
    pub fn newer_than(&self, seen: &mut u64) -> Option<NodeLimits> {
        let version = self.version.load(Ordering::Acquire);
        if *seen == version {
            return None;
        }
        *seen = version;
        let limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        Some(limits.clone())
    }

    fn set(&self, limits: NodeLimits) {
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner) = limits;
        self.version.fetch_add(1, Ordering::Release);
    }
}

fn changeable(limits: &LimitSettings) -> ChangeableLimits {
    ChangeableLimits {
        sends_per_second: limits.sends_per_second,
        sends_burst: limits.sends_burst,
        opens_per_minute: limits.opens_per_minute,
        handshakes_per_second: limits.handshakes_per_second,
        peers: limits.peers(),
        queue_delay_ms: u64::from(limits.queue_delay_ms),
    }
}

impl Reloadable for Arc<LiveLimits> {
    fn name(&self) -> &'static str {
        "limits"
    }

    fn keys(&self) -> &'static [&'static str] {
        &[
            "limits.sends_per_second",
            "limits.sends_burst",
            "limits.opens_per_minute",
            "limits.handshakes_per_second",
            "limits.queue_delay_ms",
            "limits.address_connects_per_second",
            "limits.address_connects_burst",
            "limits.address_connections",
            "limits.address_failed_sign_ins",
            "limits.address_pause_ms_max",
            "limits.address_ipv6_prefix_bits",
            "limits.exempt_addresses",
        ]
    }

    fn reload(&mut self, settings: &Settings) -> Result<Option<String>, String> {
        self.set(NodeLimits::of(settings));
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_core_sees_a_change_once() {
        let mut settings = Settings::default();
        let mut limits = Arc::new(LiveLimits::new(&settings));
        let (mut first, mut second) = (0, 0);
        assert_eq!(limits.newer_than(&mut first), None);
        settings.limits.sends_burst = 7;
        assert_eq!(limits.reload(&settings), Ok(None));
        for seen in [&mut first, &mut second] {
            let newer = limits.newer_than(seen);
            assert_eq!(newer.map(|limits| limits.worker.sends_burst), Some(7));
            assert_eq!(limits.newer_than(seen), None);
        }
    }
}
