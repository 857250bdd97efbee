//! Builds the node with a planted defect, or without any, for the rounds that compare them.
//!
//! A defect is chosen with a rustc `--cfg` and built in a target folder apart, so it never meets the real binary. A wrapper
//! named for it adds the flag for the workspace's own crates only, so that one set of dependencies serves all builds.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::built_binary::cargo;

/// The binary of the node with `defect`; `None` if it does not build.
///
/// # Errors
/// The files of the build cannot be made.
pub(super) fn build_node(defect: Option<&str>) -> io::Result<Option<PathBuf>> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace.join("target"), PathBuf::from)
        .join("planted");
    fs::create_dir_all(&target)?;
    let target = fs::canonicalize(target)?;
    let mut command = cargo();
    command
        .args(["build", "--quiet", "--locked", "-p", "ringpost"])
        .current_dir(&workspace)
        .env("CARGO_TARGET_DIR", &target)
        .env_remove("RUSTC_WORKSPACE_WRAPPER");
    if let Some(defect) = defect {
        command.env("RUSTC_WORKSPACE_WRAPPER", wrapper(&target, defect)?);
    }
    if !command.status()?.success() {
        return Ok(None);
    }
    let binary = target.join(format!("ringpost-{}", defect.unwrap_or("none")));
    fs::copy(target.join("debug/ringpost"), &binary)?;
    Ok(Some(binary))
}

fn wrapper(target: &Path, defect: &str) -> io::Result<PathBuf> {
    let wrapper = target.join(format!("rustc-{defect}"));
    let script = format!("#!/bin/sh\nexec \"$@\" --cap-lints allow --cfg 'planted=\"{defect}\"'\n");
    fs::write(&wrapper, script)?;
    fs::set_permissions(&wrapper, Permissions::from_mode(0o755))?;
    Ok(wrapper)
}
