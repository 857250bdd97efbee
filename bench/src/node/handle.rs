//! Where a running node is: its doors, its data directory, its process. It may have been started by anyone.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A running node, as seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeHandle {
    /// Where clients connect.
    pub native: SocketAddr,
    /// Where they connect with TLS, if they can.
    pub tls: Option<TlsDoor>,
    /// Health, metrics, administration.
    pub http: SocketAddr,
    /// Its data directory, with the secret that signs sessions.
    pub data: PathBuf,
    /// Its process.
    pub pid: u32,
}

/// A node's door with TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsDoor {
    /// Where it is.
    pub address: SocketAddr,
    /// The certificate that it shows, in PEM; nobody else has signed it.
    pub certificate: String,
}

/// How devices make the handshakes of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum TlsMode {
    /// Each in full.
    Full,
    /// With the ticket from the device's session before, from its second on.
    Resumed,
}

/// A node's process could not be signalled.
#[derive(Debug, thiserror::Error)]
#[error("signalling process {pid}: {source}")]
pub struct SignalError {
    /// The process.
    pub pid: u32,
    /// Why not.
    pub source: Errno,
}

impl NodeHandle {
    /// Stops the whole process for `duration` as a long stall would, and lets it run on. Blocks the caller so long.
    ///
    /// # Errors
    /// The process is gone or belongs to another user.
    pub fn pause(&self, duration: Duration) -> Result<(), SignalError> {
        signal(self.pid, Signal::SIGSTOP)?;
        thread::sleep(duration);
        signal(self.pid, Signal::SIGCONT)
    }
}

/// Sends one process a signal.
pub(super) fn signal(pid: u32, signal: Signal) -> Result<(), SignalError> {
    let wrap = |source| SignalError { pid, source };
    // Zero and negative numbers name groups of processes.
    let process = i32::try_from(pid).ok().filter(|process| *process > 0);
    let process = process.ok_or_else(|| wrap(Errno::ESRCH))?;
    kill(Pid::from_raw(process), signal).map_err(wrap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_names_a_group_is_refused() {
        for pid in [0, u32::MAX, 1 << 31] {
            assert_eq!(
                signal(pid, Signal::SIGCONT).unwrap_err().source,
                Errno::ESRCH
            );
        }
    }
}
