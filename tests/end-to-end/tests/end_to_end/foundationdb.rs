//! Nodes on FoundationDB. Each test says so loudly where it has no cluster or server to run on, and passes then.

use std::time::{Duration, Instant};

use ringpost_end_to_end::foundationdb::{
    Cluster, FaultsPlan, TwoNodesPlan, run_faults, run_two_nodes,
};
use ringpost_end_to_end::{NodeProcess, Place};
use ringpost_engine_tests::skipped;

use crate::world::TIMEOUT;

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
fn a_node_waits_for_a_cluster_file_and_takes_messages_when_it_is_there() {
    let Some(cluster) = Cluster::any().unwrap() else {
        return skipped("a node without a cluster file", CLUSTER);
    };
    let place = Place::new().unwrap();
    let file = place.data().with_file_name("fdb.cluster");
    let mut options = cluster.options(&place, 1, 1).unwrap();
    let named = options.flags.iter_mut();
    let named = named.filter(|flag| **flag == cluster.file().display().to_string());
    named.for_each(|flag| *flag = file.display().to_string());
    let mut node = NodeProcess::start(&options).unwrap();
    let (status, reason) = node.get("/readyz", None).unwrap();
    assert_eq!(status, 503);
    assert!(reason.contains(file.to_str().unwrap()), "{reason}");
    std::fs::write(&file, "not a cluster file").unwrap();
    std::fs::copy(cluster.file(), &file).unwrap();
    assert!(node.wait_ready(TIMEOUT));
    let page = node.get("/metrics", None).unwrap().1;
    assert!(
        page.contains("ringpost_store_state{state=\"ready\"} 1"),
        "{page}"
    );
    assert!(node.stop().unwrap().success());
    assert_eq!(node.error_lines(), Vec::<String>::new());
}

#[test]
fn a_second_node_of_the_same_number_ends_the_first_and_serves() {
    let Some(cluster) = Cluster::any().unwrap() else {
        return skipped("two nodes of one number", CLUSTER);
    };
    let places = [Place::new().unwrap(), Place::new().unwrap()];
    let start = |place: &Place| {
        let node = NodeProcess::start(&cluster.options(place, 9, 1).unwrap()).unwrap();
        assert!(node.wait_ready(TIMEOUT));
        node
    };
    let mut first = start(&places[0]);
    let mut second = start(&places[1]);
    let end = Instant::now() + TIMEOUT;
    while first.is_running() && Instant::now() < end {
        std::thread::park_timeout(Duration::from_millis(20));
    }
    let status = first.stop().unwrap();
    assert!(!status.success(), "it did not end by itself");
    let errors = first.error_lines().join("\n");
    assert!(
        errors.contains("another process has begun as node 9"),
        "{errors}"
    );
    assert!(second.wait_ready(TIMEOUT));
    assert!(second.stop().unwrap().success());
}

#[test]
fn a_database_that_is_locked_is_told_and_taken_up_again_when_it_is_not() {
    let Some(mut cluster) = Cluster::own().unwrap() else {
        return skipped("a locked database", SERVER);
    };
    let place = Place::new().unwrap();
    let mut node = NodeProcess::start(&cluster.options(&place, 1, 1).unwrap()).unwrap();
    assert!(node.wait_ready(TIMEOUT));
    let server = cluster.server().unwrap();
    let lock = server.lock().unwrap();
    let reason = await_not_ready(&node);
    assert!(reason.contains("the database is locked"), "{reason}");
    server.unlock(&lock).unwrap();
    assert!(node.wait_ready(TIMEOUT));
    assert!(node.stop().unwrap().success());
    assert_eq!(node.error_lines(), Vec::<String>::new());
}

#[test]
fn a_node_without_traffic_tells_that_its_database_is_away_and_stops_all_the_same() {
    let Some(mut cluster) = Cluster::own().unwrap() else {
        return skipped("a stop while the database is away", SERVER);
    };
    let place = Place::new().unwrap();
    let mut node = NodeProcess::start(&cluster.options(&place, 1, 2).unwrap()).unwrap();
    assert!(node.wait_ready(TIMEOUT));
    cluster.server().unwrap().signal("STOP").unwrap();
    let reason = await_not_ready(&node);
    assert!(reason.contains("does not answer"), "{reason}");
    // It fails when the node does not end in time.
    assert!(node.stop().unwrap().success());
    assert_eq!(node.error_lines(), Vec::<String>::new());
}

/// Waits until a node says that it takes no messages; gives the reason.
fn await_not_ready(node: &NodeProcess) -> String {
    let end = Instant::now() + TIMEOUT;
    while Instant::now() < end {
        let (status, reason) = node.get("/readyz", None).unwrap();
        if status == 503 {
            return reason;
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    panic!("the node says that it is ready");
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
