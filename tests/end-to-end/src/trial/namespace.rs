//! Namespaces of a trial's own: mounts, networks and processes that are gone with it, however it ends.
//!
//! The trial runs its own program again inside. Root is not needed where the system gives users namespaces.

use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use super::error::{TrialError, failed};

/// Set inside.
const INSIDE: &str = "FAULTS_NAMESPACES";

/// Whether this process runs in namespaces of its own.
pub fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Runs `program` in new namespaces, whose loopback is up.
///
/// # Errors
/// [`TrialError::Skipped`] where the system gives none.
pub fn run_inside(program: &Path, arguments: &[String]) -> Result<ExitStatus, TrialError> {
    if !is_given()? {
        let reason = "needs root, or namespaces for users (`unshare` is refused)";
        return Err(TrialError::Skipped(reason.to_owned()));
    }
    unshare()
        .args(["sh", "-c", "ip link set lo up && exec \"$0\" \"$@\""])
        .arg(program)
        .args(arguments)
        .env(INSIDE, "1")
        .status()
        .map_err(failed("running unshare"))
}

fn is_given() -> Result<bool, TrialError> {
    let status = unshare()
        .args(["mount", "-t", "tmpfs", "trial", "/mnt"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match status {
        Ok(status) => Ok(status.success()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed("running unshare")(error)),
    }
}

fn unshare() -> Command {
    let mut unshare = Command::new("unshare");
    unshare.args([
        "--mount",
        "--net",
        "--pid",
        "--fork",
        "--mount-proc",
        "--kill-child",
    ]);
    let is_root = Command::new("id").arg("-u").output();
    if is_root.is_ok_and(|output| output.stdout != b"0\n") {
        unshare.arg("--map-root-user");
    }
    unshare.args(["--propagation", "private"]);
    unshare
}

/// Runs a command of the system that must succeed; what it printed.
///
/// # Errors
/// It cannot be run, or fails.
pub(super) fn system(command: &[&str]) -> Result<String, TrialError> {
    let output = Command::new(command[0])
        .args(&command[1..])
        .stdin(Stdio::null())
        .output()
        .map_err(failed("running a command of the system"))?;
    if !output.status.success() {
        return Err(TrialError::Command {
            command: command.join(" "),
            complaint: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
