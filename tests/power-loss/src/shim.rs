//! Puts a command under the recorder. Input: the command, its data folder and a shadow folder on the same file system.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{PowerLossError, at};
use crate::shadow::Shadow;

/// What is wrong with the program's syncs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncFault {
    /// Every sync answers success and does nothing: to show that a test notices a missing sync.
    Ignored,
    /// After this many syncs, each fails with an I/O error.
    FailsAfter(u32),
}

/// The preloaded recorder, compiled with this package.
#[derive(Debug, Clone)]
pub struct Shim {
    library: PathBuf,
    fault: Option<SyncFault>,
}

impl Default for Shim {
    fn default() -> Self {
        Self::new()
    }
}

impl Shim {
    /// The recorder with honest syncs.
    pub fn new() -> Self {
        Self {
            library: PathBuf::from(env!("RINGPOST_POWER_LOSS_SHIM")),
            fault: None,
        }
    }

    /// The recorder with a fault.
    pub fn with_fault(fault: SyncFault) -> Self {
        Self {
            fault: Some(fault),
            ..Self::new()
        }
    }

    /// Makes `command` run under the recorder. `data` is made if it is missing. The first time, all that it holds
    /// counts as durable; a `shadow` that exists is carried on, for a program that is killed and started without a cut.
    /// The two folders lie beside each other on one file system, neither inside the other.
    ///
    /// # Errors
    /// When the folders cannot be made or read.
    pub fn command(
        &self,
        command: &mut Command,
        data: &Path,
        shadow: &Path,
    ) -> Result<(), PowerLossError> {
        fs::create_dir_all(data).map_err(at(data))?;
        let data = fs::canonicalize(data).map_err(at(data))?;
        let keeper = Shadow::at(shadow);
        if !keeper.exists() {
            keeper.begin(&data)?;
        }
        let shadow = fs::canonicalize(shadow).map_err(at(shadow))?;
        assert!(
            !shadow.starts_with(&data) && !data.starts_with(&shadow),
            "the shadow lies apart from the data"
        );
        command.env("LD_PRELOAD", &self.library);
        command
            .env("POWER_LOSS_DATA", &data)
            .env("POWER_LOSS_SHADOW", &shadow);
        command
            .env_remove("POWER_LOSS_IGNORE_SYNC")
            .env_remove("POWER_LOSS_FAIL_SYNC_AFTER");
        match self.fault {
            None => {}
            Some(SyncFault::Ignored) => drop(command.env("POWER_LOSS_IGNORE_SYNC", "1")),
            Some(SyncFault::FailsAfter(count)) => {
                command.env("POWER_LOSS_FAIL_SYNC_AFTER", count.to_string());
            }
        }
        Ok(())
    }
}
