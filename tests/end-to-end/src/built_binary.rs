//! The workspace's own binaries, built in the profile and target folder of the running test. Input: a package's name.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::NodeError;

/// The binary of a package that has the package's name; built once a process.
///
/// # Errors
/// It does not build.
pub fn built_binary(package: &str) -> Result<PathBuf, NodeError> {
    static BUILT: Mutex<BTreeMap<String, Option<PathBuf>>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    built
        .entry(package.to_owned())
        .or_insert_with(|| build(package))
        .clone()
        .ok_or_else(|| NodeError::Build(package.to_owned()))
}

fn build(package: &str) -> Option<PathBuf> {
    let executable = std::env::current_exe().ok()?;
    let profile_directory = executable.ancestors().find(|path| {
        path.parent()
            .is_some_and(|parent| parent.join("CACHEDIR.TAG").exists())
    })?;
    let profile = match profile_directory.file_name()?.to_str()? {
        "debug" => "dev",
        profile => profile,
    };
    let status = cargo()
        .args(["build", "--quiet", "--locked", "-p", package])
        .args(["--profile", profile])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .env("CARGO_TARGET_DIR", profile_directory.parent()?)
        .status()
        .ok()?;
    status.success().then(|| profile_directory.join(package))
}

/// The running cargo, or the one on the path: told by rustup, it holds all crates to the workspace's toolchain.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
