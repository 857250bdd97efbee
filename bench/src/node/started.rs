//! A node as a process of our own: started, waited for until it takes messages, ended as told. Dropping it ends it.
//!
//! Its log goes straight to a file, so that writing it takes nothing of the load's time. It is in a process group of its
//! own: an interrupt at the terminal reaches the load first, which still reads the node at the end.

use std::fs::{self, File};
use std::io;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;
use tempfile::TempDir;

use super::binary::NodeBinary;
use super::certificate::write_certificate;
use super::handle::{NodeHandle, SignalError, TlsDoor, signal};
use super::http::get;
use super::options::NodeOptions;
use super::scratch::scratch_folder;
use super::start_error::StartNodeError;

/// Time between two looks at a node that starts or ends.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);
/// Lines of the log in an error.
const TAIL_LINES: usize = 20;
/// A question whether it is ready must be answered in this time.
const READY_TIMEOUT: Duration = Duration::from_secs(2);

/// Why a node did not end as it should.
#[derive(Debug, thiserror::Error)]
pub enum StopNodeError {
    /// It cannot be told.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// It cannot be waited for.
    #[error("waiting for the node: {0}")]
    Wait(io::Error),
    /// It did not end in time, and was killed.
    #[error("the node did not stop within {seconds} s and was killed; its last lines:\n{log}")]
    Hung {
        /// How long it was waited for.
        seconds: u64,
        /// The end of its log.
        log: String,
    },
    /// It ended with a failure.
    #[error("the node ended with a failure ({status}); its last lines:\n{log}")]
    Failed {
        /// How.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
}

/// A running node that we started.
pub struct StartedNode {
    child: Child,
    handle: NodeHandle,
    binary: NodeBinary,
    log: PathBuf,
    stop_timeout: Duration,
    // Last: removed when the process has ended.
    _scratch: Option<TempDir>,
}

impl StartedNode {
    /// Starts a node and waits until it takes messages.
    ///
    /// # Errors
    /// There is no program, or it does not start in time; it has been ended then.
    pub fn start(options: &NodeOptions) -> Result<Self, StartNodeError> {
        let binary = NodeBinary::find(options.ringpost.as_deref())?;
        let needs_scratch = options.data.is_none() || options.log.is_none();
        let scratch = needs_scratch.then(scratch_folder).transpose();
        let scratch = scratch.map_err(StartNodeError::Folder)?;
        let within = |name: &str| scratch.as_ref().map(|folder| folder.path().join(name));
        let place = |given: &Option<PathBuf>, name: &str| {
            given.clone().or_else(|| within(name)).unwrap_or_default()
        };
        let (data, log) = (
            place(&options.data, "data"),
            place(&options.log, "node.log"),
        );
        let mut options = options.clone();
        let certificate = options.with_tls.then(|| {
            let folder = log.parent().unwrap_or(Path::new("."));
            write_certificate(folder).map_err(StartNodeError::Certificate)
        });
        let certificate = certificate.transpose()?.map(|(certificate, variables)| {
            options.variables.extend(variables);
            certificate
        });
        let child = spawn(&options, &binary, &data, &log)?;
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut node = Self {
            handle: NodeHandle {
                native: nowhere,
                tls: certificate.map(|certificate| TlsDoor {
                    address: nowhere,
                    certificate,
                }),
                http: nowhere,
                data,
                pid: child.id(),
            },
            child,
            binary,
            log,
            stop_timeout: options.stop_timeout,
            _scratch: scratch,
        };
        node.wait_until_ready(options.start_timeout)?;
        Ok(node)
    }

    /// Where it is.
    pub fn handle(&self) -> &NodeHandle {
        &self.handle
    }

    /// Its program.
    pub fn binary(&self) -> &NodeBinary {
        &self.binary
    }

    /// Stops the whole process for `duration` as a long stall would, and lets it run on. Blocks the caller so long.
    ///
    /// # Errors
    /// It has ended.
    pub fn pause(&self, duration: Duration) -> Result<(), SignalError> {
        self.handle.pause(duration)
    }

    /// ERROR lines of its log so far: each means a defect or lost service.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn error_lines(&self) -> io::Result<Vec<String>> {
        let text = fs::read_to_string(&self.log)?;
        let errors = text
            .lines()
            .filter(|line| line.contains("\"level\":\"ERROR\""));
        Ok(errors.map(str::to_owned).collect())
    }

    /// Tells it to stop and waits for its end; kills it when that takes longer than the options allow.
    ///
    /// # Errors
    /// It did not end in time, or ended with a failure. It has ended in every case.
    pub fn stop(mut self) -> Result<(), StopNodeError> {
        if let Some(status) = self.ended().map_err(StopNodeError::Wait)? {
            return Err(self.failed(status));
        }
        signal(self.handle.pid, Signal::SIGTERM)?;
        let end = Instant::now() + self.stop_timeout;
        while Instant::now() < end {
            match self.ended().map_err(StopNodeError::Wait)? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(self.failed(status)),
                None => thread::sleep(LOOK_INTERVAL),
            }
        }
        Err(StopNodeError::Hung {
            seconds: self.stop_timeout.as_secs(),
            log: tail(&self.log),
        })
    }

    fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    fn failed(&self, status: ExitStatus) -> StopNodeError {
        StopNodeError::Failed {
            status,
            log: tail(&self.log),
        }
    }

    fn wait_until_ready(&mut self, timeout: Duration) -> Result<(), StartNodeError> {
        let end = Instant::now() + timeout;
        loop {
            let state = self.look()?;
            let Some(state) = state else {
                return Ok(());
            };
            if Instant::now() > end {
                return Err(StartNodeError::NotReady {
                    seconds: timeout.as_secs(),
                    state,
                    log: tail(&self.log),
                });
            }
            thread::sleep(LOOK_INTERVAL);
        }
    }

    /// How far it came; `None` when it is ready.
    fn look(&mut self) -> Result<Option<String>, StartNodeError> {
        let log_failed = |source| StartNodeError::Log {
            path: self.log.clone(),
            source,
        };
        // An unreadable state is settled by the deadline.
        if let Ok(Some(status)) = self.child.try_wait() {
            let log = tail(&self.log);
            return Err(StartNodeError::Ended { status, log });
        }
        let text = fs::read_to_string(&self.log).map_err(log_failed)?;
        let Some((native, tls, http)) = text.lines().find_map(addresses_of) else {
            return Ok(Some("it has opened no door".to_owned()));
        };
        (self.handle.native, self.handle.http) = (native, http);
        if let (Some(door), Some(address)) = (&mut self.handle.tls, tls) {
            door.address = address;
        }
        Ok(match get(http, "/readyz", READY_TIMEOUT) {
            Ok((200, _)) => None,
            Ok((_, reason)) => Some(reason.trim().to_owned()),
            Err(error) => Some(error.to_string()),
        })
    }
}

impl Drop for StartedNode {
    fn drop(&mut self) {
        // Already ended: then both do nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(
    options: &NodeOptions,
    binary: &NodeBinary,
    data: &Path,
    log: &Path,
) -> Result<Child, StartNodeError> {
    let log_failed = |source| StartNodeError::Log {
        path: log.to_owned(),
        source,
    };
    let log_file = File::create(log).map_err(log_failed)?;
    let mut command = options.command(binary, data);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log_file)
        .process_group(0);
    command.spawn().map_err(|source| StartNodeError::Spawn {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    })
}

/// The addresses in the line that a node logs when it takes messages.
fn addresses_of(line: &str) -> Option<(SocketAddr, Option<SocketAddr>, SocketAddr)> {
    let value: Value = serde_json::from_str(line).ok()?;
    let fields = value.get("fields")?;
    let address = |name: &str| fields.get(name)?.as_str()?.parse().ok();
    Some((address("native")?, address("tls"), address("http")?))
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
