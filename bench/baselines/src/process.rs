//! `ServerProcess`: a server as a child, what it has taken of the machine, and its certain end.
//! Invariant: the child is killed and waited for when this is dropped, and by the kernel when this process ends otherwise.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{fs, process};

use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

use crate::server::Kind;

/// A server could not be started or read.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The program did not start.
    #[error("{kind:?} does not start: {source}")]
    Start {
        /// Which server.
        kind: Kind,
        /// Why not.
        source: io::Error,
    },
    /// It ended or told something else than its address.
    #[error("{kind:?} tells no address but {told:?}; what it says is above")]
    NoAddress {
        /// Which server.
        kind: Kind,
        /// Its first line.
        told: String,
    },
    /// Its processor time cannot be read: it has ended.
    #[error("the processor time of the server: {0}")]
    Clock(nix::Error),
    /// Its memory cannot be read: it has ended.
    #[error("the memory of the server cannot be read")]
    Memory,
}

/// A running server.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
    address: SocketAddr,
}

impl ServerProcess {
    /// Starts `kind` from `program` on a core and waits until it listens. The kernel ends it with the calling thread.
    ///
    /// # Errors
    /// It does not start, or ends before it listens.
    pub fn start(program: &Path, kind: Kind, core: usize) -> Result<Self, ServerError> {
        let wrap = |source| ServerError::Start { kind, source };
        let driver = process::id().to_string();
        let core = core.to_string();
        let arguments = ["serve", kind.name(), "--core", &core, "--driver", &driver];
        let child = Command::new(program)
            .args(arguments.map(OsStr::new))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(wrap)?;
        let mut server = Self {
            child,
            address: SocketAddr::from(([0; 4], 0)),
        };
        let mut told = String::new();
        if let Some(out) = server.child.stdout.as_mut() {
            BufReader::new(out).read_line(&mut told).map_err(wrap)?;
        }
        server.address = told
            .trim()
            .parse()
            .map_err(|_| ServerError::NoAddress { kind, told })?;
        Ok(server)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// User and system time of the whole process so far, threads of the kernel's io_uring included.
    ///
    /// # Errors
    /// It has ended.
    pub fn cpu(&self) -> Result<Duration, ServerError> {
        // A process id of Linux fits 22 bits.
        let process = Pid::from_raw(self.child.id() as i32);
        let clock = clock_getcpuclockid(process).map_err(ServerError::Clock)?;
        Ok(clock_gettime(clock).map_err(ServerError::Clock)?.into())
    }

    /// Resident memory, in bytes.
    ///
    /// # Errors
    /// It has ended.
    pub fn resident_bytes(&self) -> Result<u64, ServerError> {
        fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .ok()
            .and_then(|status| resident_bytes(&status))
            .ok_or(ServerError::Memory)
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn resident_bytes(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read_in_bytes() {
        let status = "VmHWM:\t 9 kB\nVmRSS:\t     12 kB\n";
        assert_eq!(resident_bytes(status), Some(12_288));
        assert_eq!(resident_bytes("VmHWM:\t 9 kB\n"), None);
    }
}
