//! `ringpost-tools fsck` on the rows that a run has left: every invariant of the key space. The nodes must have stopped.
//!
//! Invariant: only exit code 0 is clean.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::node_process::{NodeError, system};
use crate::{built_binary, built_with_foundationdb};

const TOOLS: &str = "ringpost-tools";

/// What fsck says of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fsck {
    is_clean: bool,
    report: Value,
}

impl Fsck {
    /// Checks the embedded store in a node's data directory.
    ///
    /// # Errors
    /// The tools do not build or start.
    pub fn of_data(data: &Path) -> Result<Self, NodeError> {
        let mut tool = Command::new(built_binary(TOOLS)?);
        tool.args(["fsck", "--json", "--quiet"]).arg(data);
        Self::by(tool)
    }

    /// Checks the rows under a prefix of a FoundationDB cluster.
    ///
    /// # Errors
    /// The tools do not build with FoundationDB, or do not start.
    pub fn of_cluster(cluster_file: &Path, prefix: &str) -> Result<Self, NodeError> {
        let mut tool = Command::new(built_with_foundationdb(TOOLS)?);
        tool.args(["fsck", "--json", "--quiet", "--prefix", prefix])
            .arg(cluster_file);
        Self::by(tool)
    }

    fn by(mut tool: Command) -> Result<Self, NodeError> {
        let output = tool
            .stdin(Stdio::null())
            .output()
            .map_err(system("running fsck"))?;
        let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
            let complaint = String::from_utf8_lossy(&output.stderr);
            json!({ "not_run": complaint.trim() })
        });
        Ok(Self {
            is_clean: output.status.success(),
            report,
        })
    }

    /// Whether it could read everything and found nothing.
    pub fn is_clean(&self) -> bool {
        self.is_clean
    }

    /// Its own report; `not_run` with its complaint where it could not check.
    pub fn to_json(&self) -> &Value {
        &self.report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_store_is_not_clean() {
        let folder = tempfile::tempdir().unwrap();
        let fsck = Fsck::of_data(folder.path()).unwrap();
        assert!(!fsck.is_clean());
        let complaint = fsck.to_json()["not_run"].as_str().unwrap();
        assert!(complaint.contains("is no store"), "{complaint}");
    }
}
