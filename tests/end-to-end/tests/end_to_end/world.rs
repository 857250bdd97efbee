//! A node in a place of its own with a load on it, and the checks at the end of every test.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ringpost_end_to_end::check::{Findings, check};
use ringpost_end_to_end::load::{DeviceLog, Fleet, LoadPlan};
use ringpost_end_to_end::{NodeOptions, NodeProcess, Place, Tokens};

/// Far more than anything takes; reached only by a defect.
pub const TIMEOUT: Duration = Duration::from_secs(90);

pub struct World {
    pub place: Place,
    pub node: NodeProcess,
}

impl World {
    pub fn start(cores: usize) -> Self {
        Self::start_with(cores, |_| {})
    }

    pub fn start_with(cores: usize, change: impl Fn(&mut NodeOptions)) -> Self {
        let place = Place::new().unwrap();
        let mut options = place.options(cores);
        change(&mut options);
        let node = NodeProcess::start(&options).unwrap();
        Self { place, node }
    }

    pub fn tokens(&self) -> Tokens {
        Tokens::of(&self.place.data()).unwrap()
    }

    pub fn fleet(&self, plan: &LoadPlan) -> Fleet {
        Fleet::start(plan, self.place.native(), &self.tokens())
    }

    /// Starts the node again in the same place.
    pub fn restart(&mut self, cores: usize) {
        self.node = NodeProcess::start(&self.place.options(cores)).unwrap();
    }

    /// Lets a load settle and checks it. At least one message was sent.
    pub fn settle(&self, fleet: Fleet) -> Vec<DeviceLog> {
        let is_settled = fleet.settle(TIMEOUT, TIMEOUT);
        let totals = fleet.totals();
        let logs = fleet.finish();
        let findings = self.check(&logs);
        assert!(findings.is_clean(), "{findings:#?}");
        assert!(is_settled, "{totals:?}");
        assert!(findings.sent > 0);
        logs
    }

    pub fn check(&self, logs: &[DeviceLog]) -> Findings {
        let head = |log: &DeviceLog| {
            let head = self.place.head(&self.node, log.chat).unwrap();
            (log.chat, head)
        };
        let heads: BTreeMap<_, _> = logs.iter().map(head).collect();
        check(logs, &heads)
    }

    /// Asks the node again and again until `is_so`. Answers whether it became so in time.
    pub fn until(&self, is_so: impl Fn(&NodeProcess) -> bool) -> bool {
        let end = Instant::now() + TIMEOUT;
        while !is_so(&self.node) {
            if Instant::now() > end {
                return false;
            }
        }
        true
    }

    /// Stops the node: it ends well and has logged no error.
    pub fn end(mut self) {
        let status = self.node.stop().unwrap();
        assert!(status.success(), "{status}");
        assert_eq!(self.node.error_lines(), Vec::<String>::new());
    }
}
