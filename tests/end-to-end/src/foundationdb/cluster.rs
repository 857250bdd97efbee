//! Which cluster a test may use: the one that the environment names, or a server of its own; and nodes on it.
//!
//! Invariant: every run has a prefix of its own, so runs on one cluster do not meet.

use std::path::{Path, PathBuf};

use ringpost_engine_tests::named_cluster;

use super::database::Database;
use crate::{Fsck, NodeError, NodeOptions, Place, built_with_foundationdb};

/// A cluster, and the part of its keys that belongs to one run.
pub struct Cluster {
    file: PathBuf,
    prefix: String,
    server: Option<Database>,
}

impl Cluster {
    /// The cluster that the environment names; `None` without one.
    pub fn named() -> Option<Self> {
        Some(Self::new(named_cluster()?, None))
    }

    /// A server of its own, by the binary that the environment names; `None` without one.
    ///
    /// # Errors
    /// The server does not come up.
    pub fn own() -> Result<Option<Self>, NodeError> {
        let server = Database::start_new()?;
        Ok(server.map(|server| Self::new(server.cluster_file(), Some(server))))
    }

    /// The named one, or one of its own.
    ///
    /// # Errors
    /// A server of its own does not come up.
    pub fn any() -> Result<Option<Self>, NodeError> {
        match Self::named() {
            Some(named) => Ok(Some(named)),
            None => Self::own(),
        }
    }

    fn new(file: PathBuf, server: Option<Database>) -> Self {
        Self {
            file,
            prefix: format!("end-to-end-{:016x}", rand::random::<u64>()),
            server,
        }
    }

    /// Its cluster file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// With what every key of the run begins.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The server that was started for it.
    pub fn server(&mut self) -> Option<&mut Database> {
        self.server.as_mut()
    }

    /// Checks the rows of the run, when its nodes have stopped.
    ///
    /// # Errors
    /// The tools do not build with FoundationDB.
    pub fn fsck(&self) -> Result<Fsck, NodeError> {
        Fsck::of_cluster(&self.file, &self.prefix)
    }

    /// Options of the node with the number `node` in a place.
    ///
    /// # Errors
    /// The node does not build with FoundationDB.
    pub fn options(
        &self,
        place: &Place,
        node: u32,
        cores: usize,
    ) -> Result<NodeOptions, NodeError> {
        let mut options = place.options(cores);
        options.binary = Some(built_with_foundationdb("ringpost")?);
        options.flags = ["--store", "foundationdb", "--cluster-file"]
            .map(str::to_owned)
            .into();
        options.flags.push(self.file.display().to_string());
        options
            .flags
            .extend(["--node".to_owned(), node.to_string()]);
        let prefix = ("RINGPOST_STORE__PREFIX".to_owned(), self.prefix.clone());
        options.variables.push(prefix);
        Ok(options)
    }
}
