//! Runs of a scenario against a node of their own, with nothing recorded.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ringpost_bench::node::{NodeHandle, NodeOptions, StartedNode};
use ringpost_bench::record::Circumstances;
use ringpost_bench::run::{Finished, RunOptions, run};
use ringpost_bench::scenario::Scenario;

/// A node with one core.
pub fn node() -> StartedNode {
    let options = NodeOptions {
        cores: Some(1),
        ..NodeOptions::default()
    };
    StartedNode::start(&options).expect("the node starts")
}

/// A built-in scenario with settings laid over it.
pub fn scenario(name: &str, settings: &[(&str, &str)]) -> Scenario {
    let scenario = Scenario::built_in(name).expect("it is built in");
    scenario
        .with(settings)
        .expect("the settings are within the bounds")
}

/// Runs a scenario on a node; `stop` ends it early.
pub fn run_on(node: &NodeHandle, scenario: Scenario, stop: &Arc<AtomicBool>) -> Finished {
    let circumstances = Circumstances {
        processor: String::new(),
        cores: 1,
        memory_bytes: 0,
        kernel: String::new(),
        virtualised: false,
        server_cores: Some(1),
        retention_days: Some(0),
        store: None,
        notes: Vec::new(),
    };
    let options = RunOptions {
        scenario,
        node: node.clone(),
        tls: None,
        runs: None,
        command: String::new(),
        commit: (String::new(), false),
        circumstances,
        table: None,
        stop: stop.clone(),
        is_quiet: true,
    };
    run(options).expect("the run comes to its end")
}
