//! No cluster at all: the store opens, says that nobody answers, refuses in time, and stops in time.

use std::io::Write as _;
use std::time::{Duration, Instant};

use ringpost_engine_tests::foundation_engine::{self, FoundationLane, all_shards};
use ringpost_engine_tests::people::{device, register};
use ringpost_storage_core::Outcome;
use ringpost_storage_foundationdb::{
    ClientOptions, FoundationStore, OpenError, Options, StoreState,
};
use ringpost_wire::ErrorCode;

use crate::scene::RULES;

/// Far above what the store promises, and far below forever.
const TIME_MAX: Duration = Duration::from_secs(30);

fn options(cluster_file: &std::path::Path) -> Options {
    foundation_engine::options(cluster_file.to_owned(), RULES, ClientOptions::default())
}

#[test]
fn a_store_without_a_cluster_refuses_and_says_why() {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    // Nobody listens at the discard port.
    writeln!(file, "gone:gone@127.0.0.1:9").expect("it can be written");
    let began = Instant::now();
    let mut lane = FoundationLane::start(options(file.path()), all_shards());
    let refused = [Outcome::Failed(ErrorCode::Unavailable)];
    assert_eq!(lane.try_run(vec![register(device("ann", 1))]), refused);
    let StoreState::Unavailable { reason } = lane.running().state() else {
        panic!("{:?}", lane.running().state());
    };
    assert!(reason.contains("does not answer"), "{reason}");
    assert!(
        reason.contains(&file.path().display().to_string()),
        "{reason}"
    );
    assert_eq!(lane.try_run(vec![register(device("ann", 1))]), refused);
    drop(lane);
    assert!(began.elapsed() < TIME_MAX, "{:?}", began.elapsed());
}

#[test]
fn a_wrong_cluster_file_is_named() {
    let gone = std::path::Path::new("/nonexistent/fdb.cluster");
    let error = FoundationStore::open(options(gone)).expect_err("there is no such file");
    assert!(matches!(error, OpenError::ClusterFile { .. }), "{error}");
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    writeln!(file, "no cluster").expect("it can be written");
    let error = FoundationStore::open(options(file.path())).expect_err("it is none");
    assert!(
        matches!(error, OpenError::ClusterFileContent { .. }),
        "{error}"
    );
}
