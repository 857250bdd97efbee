//! What one side of a comparison is: its program and its settings.

use std::io;
use std::path::PathBuf;

use serde::Serialize;

use crate::node::{Commit, NodeBinary, NodeOptions};

/// One side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SideSettings {
    /// Its name, for people.
    pub name: String,
    /// Its program; `None` for the checkout's own. Not recorded, as it names a folder of the machine.
    #[serde(skip)]
    pub ringpost: Option<PathBuf>,
    /// Which program that was.
    pub program: Option<Program>,
    /// Further arguments of its node.
    pub node_arguments: Vec<String>,
    /// Further environment variables of its node.
    pub node_variables: Vec<(String, String)>,
    /// Values of the scenario that are set, in order; a later one wins.
    pub scenario_values: Vec<(String, String)>,
}

/// Which program a side runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Program {
    /// The commit of the repository it lies in.
    pub commit: Commit,
    /// Begin of its SHA-256: two builds of one commit differ in it.
    pub digest: String,
}

impl Program {
    /// Reads a program.
    ///
    /// # Errors
    /// Its file cannot be read.
    pub fn of(binary: &NodeBinary) -> io::Result<Self> {
        Ok(Self {
            commit: binary.commit(),
            digest: binary.digest()?,
        })
    }
}

impl SideSettings {
    /// Adds what this side wants to the options that both sides share.
    pub fn node_options(&self, shared: &NodeOptions) -> NodeOptions {
        let mut options = shared.clone();
        options.arguments.extend_from_slice(&self.node_arguments);
        options.variables.extend_from_slice(&self.node_variables);
        if self.ringpost.is_some() {
            options.ringpost = self.ringpost.clone();
        }
        options
    }

    /// Whether two sides differ in nothing but their names.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let named = Self {
            name: self.name.clone(),
            ..other.clone()
        };
        *self == named
    }
}
