//! The cluster that the environment names for tests, and the word of a test that has none: both in one way for all tests.

use std::io::Write as _;
use std::path::PathBuf;
use std::thread;

/// Names the cluster file of a cluster for tests, as FoundationDB's own tools know it.
pub const CLUSTER_VARIABLE: &str = "FDB_CLUSTER_FILE";

/// The cluster file of the tests; `None` without one.
pub fn named_cluster() -> Option<PathBuf> {
    let file = std::env::var_os(CLUSTER_VARIABLE).filter(|name| !name.is_empty())?;
    Some(PathBuf::from(file))
}

/// As [`named_cluster`]; without one it is said that the running test is skipped.
pub fn named_cluster_or_skipped() -> Option<PathBuf> {
    let file = named_cluster();
    if file.is_none() {
        // A test's thread has the test's name, but for a run of one test at a time.
        let thread = thread::current();
        let test = thread.name().filter(|name| *name != "main");
        skipped(test.unwrap_or("a test"), CLUSTER_VARIABLE);
    }
    file
}

/// Says that a test did not run, past the capture of a passing test's output.
pub fn skipped(test: &str, needs: &str) {
    let line = format!("\n*** SKIPPED {test}: it needs {needs}\n");
    // Nobody reads it: then nothing is lost.
    let _ = std::io::stderr().write_all(line.as_bytes());
}
