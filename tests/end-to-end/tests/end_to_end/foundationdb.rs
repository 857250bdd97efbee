//! Nodes on FoundationDB. Each test says so loudly where it has no cluster or server to run on, and passes then.

use std::time::Duration;

use ringpost_end_to_end::foundationdb::{
    Cluster, FaultsPlan, TwoNodesPlan, run_faults, run_two_nodes, skipped,
};

const CLUSTER: &str = "FDB_CLUSTER_FILE (a cluster for tests) or FDBSERVER (a server's binary)";
const SERVER: &str = "FDBSERVER (the binary of a FoundationDB server that it may kill)";

#[test]
fn two_nodes_that_are_home_of_everything_lose_and_repeat_nothing() {
    let Some(cluster) = Cluster::any().unwrap() else {
        return skipped("two nodes on one cluster", CLUSTER);
    };
    let plan = TwoNodesPlan::new(Duration::from_secs(20), 51);
    let report = run_two_nodes(&plan, &cluster).unwrap();
    assert!(report.is_clean(), "{:#}", report.to_json());
    assert!(report.is_contested(), "{:#}", report.to_json());
}

#[test]
fn a_database_that_is_killed_stopped_restarted_and_slow_comes_back_by_itself() {
    let Some(mut cluster) = Cluster::own().unwrap() else {
        return skipped("faults of the database", SERVER);
    };
    let plan = FaultsPlan::new(1, Duration::from_secs(8), 52);
    let report = run_faults(&plan, &mut cluster).unwrap();
    assert!(report.is_clean(), "{:#}", report.to_json());
}
