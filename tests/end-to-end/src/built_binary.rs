//! The workspace's own binaries, built in the profile and target folder of the running test. Input: a package's name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::NodeError;

/// The binary of a package that has the package's name; built once a process.
///
/// # Errors
/// It does not build.
pub fn built_binary(package: &str) -> Result<PathBuf, NodeError> {
    built(package, None)
}

/// As [`built_binary`], with the store on FoundationDB. It has a name of its own, beside the one without.
///
/// # Errors
/// It does not build: FoundationDB's client library or libclang is missing.
pub fn built_with_foundationdb(package: &str) -> Result<PathBuf, NodeError> {
    built(package, Some("foundationdb"))
}

fn built(package: &str, feature: Option<&str>) -> Result<PathBuf, NodeError> {
    static BUILT: Mutex<BTreeMap<String, Option<PathBuf>>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    built
        .entry(name_of(package, feature))
        .or_insert_with(|| build(package, feature))
        .clone()
        .ok_or_else(|| NodeError::Build(name_of(package, feature)))
}

fn name_of(package: &str, feature: Option<&str>) -> String {
    feature.map_or_else(
        || package.to_owned(),
        |feature| format!("{package}-{feature}"),
    )
}

fn build(package: &str, feature: Option<&str>) -> Option<PathBuf> {
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
        .args(feature.map(|feature| format!("--features={feature}")))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .env("CARGO_TARGET_DIR", profile_directory.parent()?)
        .status()
        .ok()?;
    status.success().then_some(())?;
    keep(
        &profile_directory.join(package),
        &profile_directory
            .join("end-to-end")
            .join(name_of(package, feature)),
    )
    .ok()
}

/// Cargo gives the programs with and without a feature the same path: each is kept under a name that no build touches.
fn keep(built: &Path, kept: &Path) -> std::io::Result<PathBuf> {
    let fresh = kept.with_extension(std::process::id().to_string());
    std::fs::create_dir_all(kept.parent().unwrap_or(Path::new(".")))?;
    std::fs::hard_link(built, &fresh)?;
    std::fs::rename(&fresh, kept)?;
    // Renaming over another name of the same file leaves both.
    let _ = std::fs::remove_file(&fresh);
    Ok(kept.to_owned())
}

/// The running cargo, or the one on the path: told by rustup, it holds all crates to the workspace's toolchain.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
