//! A node as a process of its own: built once, started on free ports with a data directory, watched by its log, ended as told.
//!
//! Dropping it kills it. Every ERROR line of its log is kept; a test asks for them at the end.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::built_binary;

/// A node that does not take messages after this time has failed to start.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// A node that has not ended so long after it was told to hangs.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// Why a node could not be worked with.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// A system call failed.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// A binary did not build.
    #[error("{0} does not build")]
    Build(String),
    /// The node ended or was silent instead of starting.
    #[error("the node did not start: {log}")]
    NotStarted {
        /// The end of its log.
        log: String,
    },
    /// The node did not end in time.
    #[error("the node did not stop in time")]
    NotStopped,
    /// A database could not be made ready.
    #[error("the database is not ready: {0}")]
    Database(String),
    /// HTTP answered nonsense.
    #[error("HTTP: {0}")]
    Http(String),
}

pub(crate) fn system(what: &'static str) -> impl Fn(std::io::Error) -> NodeError {
    move |source| NodeError::System { what, source }
}

/// How a node is started.
#[derive(Clone, Debug)]
pub struct NodeOptions {
    /// Its data directory.
    pub data: PathBuf,
    /// Its native door; port 0 for a free one. HTTP is on a free port of the same address.
    pub native: SocketAddr,
    /// Its core threads.
    pub cores: usize,
    /// Further flags.
    pub flags: Vec<String>,
    /// Further environment variables.
    pub variables: Vec<(String, String)>,
    /// Another binary than the workspace's own.
    pub binary: Option<PathBuf>,
}

impl NodeOptions {
    /// A node of two cores on free ports.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            native: SocketAddr::from(([127, 0, 0, 1], 0)),
            cores: 2,
            flags: Vec::new(),
            variables: Vec::new(),
            binary: None,
        }
    }

    /// The command that starts it.
    ///
    /// # Errors
    /// The binary does not build.
    pub fn command(&self) -> Result<Command, NodeError> {
        let binary = match &self.binary {
            Some(binary) => binary.clone(),
            None => built_binary("ringpost")?,
        };
        let mut command = Command::new(binary);
        command
            .arg("--data")
            .arg(&self.data)
            .arg("--listen")
            .arg(self.native.to_string())
            .arg("--http")
            .arg(SocketAddr::from((self.native.ip(), 0)).to_string())
            .args(["--cores", &self.cores.to_string()])
            .args(&self.flags)
            .env("RINGPOST_LOG__FORMAT", "json")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }
}

#[derive(Clone, Copy)]
struct Addresses {
    native: SocketAddr,
    tls: Option<SocketAddr>,
    http: SocketAddr,
}

/// A running node.
pub struct NodeProcess {
    child: Child,
    addresses: Addresses,
    log: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl NodeProcess {
    /// Starts a node and waits until it takes messages.
    ///
    /// # Errors
    /// It does not build or does not start.
    pub fn start(options: &NodeOptions) -> Result<Self, NodeError> {
        Self::start_command(options.command()?)
    }

    /// Starts a node by a prepared command.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_command(command: Command) -> Result<Self, NodeError> {
        Self::spawn(command)?.wait()
    }

    /// As `start_command`, and does not wait until it takes messages.
    ///
    /// # Errors
    /// The process cannot be made.
    pub fn spawn(mut command: Command) -> Result<StartingNode, NodeError> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(system("starting the node"))?;
        let log = Arc::new(Mutex::new(Vec::new()));
        let (tell, started) = mpsc::channel();
        let stderr = child.stderr.take();
        let reader = std::thread::spawn({
            let log = log.clone();
            move || {
                let lines = stderr
                    .into_iter()
                    .flat_map(|stderr| BufReader::new(stderr).lines());
                for line in lines.map_while(Result::ok) {
                    if let Some(addresses) = addresses_of(&line) {
                        // After the first line nobody waits any more.
                        let _ = tell.send(addresses);
                    }
                    log.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(line);
                }
            }
        });
        let node = Self {
            child,
            addresses: Addresses {
                native: SocketAddr::from(([0, 0, 0, 0], 0)),
                tls: None,
                http: SocketAddr::from(([0, 0, 0, 0], 0)),
            },
            log,
            reader: Some(reader),
        };
        Ok(StartingNode { node, started })
    }

    /// Where clients connect.
    pub fn native(&self) -> SocketAddr {
        self.addresses.native
    }

    /// Where clients connect with TLS, if it has a certificate.
    pub fn tls(&self) -> Option<SocketAddr> {
        self.addresses.tls
    }

    /// Where HTTP is.
    pub fn http(&self) -> SocketAddr {
        self.addresses.http
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it as a crash would: `SIGKILL`, without warning.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub fn kill(&mut self) -> Result<(), NodeError> {
        self.child.kill().map_err(system("killing the node"))?;
        self.child.wait().map_err(system("waiting for the node"))?;
        self.join_reader();
        Ok(())
    }

    /// Asks it to stop and waits for its end.
    ///
    /// # Errors
    /// It does not end in time.
    pub fn stop(&mut self) -> Result<ExitStatus, NodeError> {
        if self.is_running() {
            signal(self.pid(), "TERM")?;
        }
        self.wait_end()
    }

    /// Waits for its end, for which it has a reason already.
    ///
    /// # Errors
    /// It does not end in time; then it is killed.
    pub fn wait_end(&mut self) -> Result<ExitStatus, NodeError> {
        let end = Instant::now() + STOP_TIMEOUT;
        while Instant::now() < end {
            if let Some(status) = self
                .child
                .try_wait()
                .map_err(system("waiting for the node"))?
            {
                self.join_reader();
                return Ok(status);
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
        self.kill()?;
        Err(NodeError::NotStopped)
    }

    /// Sends it a signal by name.
    ///
    /// # Errors
    /// The signal cannot be sent.
    pub fn signal(&self, name: &str) -> Result<(), NodeError> {
        signal(self.pid(), name)
    }

    /// ERROR lines of its log so far.
    pub fn error_lines(&self) -> Vec<String> {
        self.log_lines("ERROR")
    }

    /// Its whole log so far.
    pub fn log(&self) -> Vec<String> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.clone()
    }

    /// Lines of its log so far at one level.
    pub fn log_lines(&self, level: &str) -> Vec<String> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let mark = format!("\"level\":\"{level}\"");
        log.iter()
            .filter(|line| line.contains(&mark))
            .cloned()
            .collect()
    }

    /// `GET path` over HTTP, with `token` as a bearer where one is given: the status and the body.
    ///
    /// # Errors
    /// No answer, or no HTTP.
    pub fn get(&self, path: &str, token: Option<&str>) -> Result<(u16, String), NodeError> {
        self.ask("GET", path, token, "")
    }

    /// A request over HTTP with a body, with `token` as a bearer where one is given: the status and the body.
    ///
    /// # Errors
    /// No answer, or no HTTP.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: &str,
    ) -> Result<(u16, String), NodeError> {
        let mut stream =
            TcpStream::connect(self.addresses.http).map_err(system("connecting to HTTP"))?;
        let bearer = token.map_or_else(String::new, |token| {
            format!("Authorization: Bearer {token}\r\n")
        });
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: node\r\nConnection: close\r\nContent-Length: {}\r\n{bearer}\r\n{body}",
            body.len()
        )
        .map_err(system("asking HTTP"))?;
        let mut text = String::new();
        stream
            .read_to_string(&mut text)
            .map_err(system("reading HTTP"))?;
        let (head, body) = text
            .split_once("\r\n\r\n")
            .ok_or_else(|| NodeError::Http(text.clone()))?;
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        Ok((
            status.ok_or_else(|| NodeError::Http(head.to_owned()))?,
            body.to_owned(),
        ))
    }

    /// Waits until `/readyz` says that it takes messages. Answers whether it did in time.
    pub fn wait_ready(&self, timeout: Duration) -> bool {
        let end = Instant::now() + timeout;
        while !matches!(self.get("/readyz", None), Ok((200, _))) {
            if Instant::now() > end {
                return false;
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
        true
    }

    /// Every metric without labels whose name begins with `prefix`.
    ///
    /// # Errors
    /// No answer.
    pub fn metrics(&self, prefix: &str) -> Result<BTreeMap<String, f64>, NodeError> {
        let (_, page) = self.get("/metrics", None)?;
        let sample = |line: &str| {
            let (name, value) = line.split_once(' ')?;
            let is_meant = name.starts_with(prefix) && !name.contains('{');
            Some((name.to_owned(), value.parse().ok().filter(|_| is_meant)?))
        };
        Ok(page.lines().filter_map(sample).collect())
    }

    /// The value of a metric without labels, or with the labels that `name` holds.
    ///
    /// # Errors
    /// No answer.
    pub fn metric(&self, name: &str) -> Result<Option<f64>, NodeError> {
        let (_, page) = self.get("/metrics", None)?;
        let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
        Ok(page.lines().find_map(value))
    }

    /// Resident memory, in bytes; `None` once it has ended.
    pub fn resident_bytes(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).ok()?;
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(
            kib.trim()
                .trim_end_matches("kB")
                .trim()
                .parse::<u64>()
                .ok()?
                * 1024,
        )
    }

    fn join_reader(&mut self) {
        if let Some(reader) = self.reader.take() {
            // It only copies lines; a panic there would have no other effect than a shorter log.
            let _ = reader.join();
        }
    }
}

/// A node that does not yet say that it takes messages.
pub struct StartingNode {
    node: NodeProcess,
    started: Receiver<Addresses>,
}

impl StartingNode {
    /// Waits until it takes messages.
    ///
    /// # Errors
    /// It ends or is silent instead.
    pub fn wait(mut self) -> Result<NodeProcess, NodeError> {
        match self.started.recv_timeout(START_TIMEOUT) {
            Ok(addresses) => self.node.addresses = addresses,
            Err(_) => {
                let log = self.node.log();
                let tail = log.len().saturating_sub(20);
                return Err(NodeError::NotStarted {
                    log: log[tail..].join("\n"),
                });
            }
        }
        Ok(self.node)
    }

    /// The process, however far it is; its addresses are not known.
    pub fn into_process(self) -> NodeProcess {
        self.node
    }
}

impl Drop for NodeProcess {
    fn drop(&mut self) {
        // Already ended: then both do nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a process a signal by name.
///
/// # Errors
/// The signal cannot be sent.
pub(crate) fn signal(pid: u32, name: &str) -> Result<(), NodeError> {
    Command::new("kill")
        .args(["-s", name, &pid.to_string()])
        .status()
        .map_err(system("signalling a process"))?;
    Ok(())
}

/// The addresses in the line that a node logs when it takes messages.
fn addresses_of(line: &str) -> Option<Addresses> {
    let value: Value = serde_json::from_str(line).ok()?;
    let fields = value.get("fields")?;
    let address = |name: &str| fields.get(name)?.as_str()?.parse().ok();
    Some(Addresses {
        native: address("native")?,
        tls: address("tls"),
        http: address("http")?,
    })
}
