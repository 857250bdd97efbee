//! A FoundationDB server as a process of its own, in a folder of its own: killed, stopped and started as told.
//!
//! Dropping it kills it and removes its folder.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::node_process::{NodeError, signal, system};
use crate::place::free_port;

/// Names the server's binary. Its command line client lies beside it, or is found by its name.
pub const SERVER_VARIABLE: &str = "FDBSERVER";
/// A server that is not available after this time has failed to start.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// A server that has not ended so long after it was told to hangs.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// Length of the word that the client wants repeated before it unlocks.
const PASSWORD_BYTES: usize = 10;

/// A server, running or not.
pub struct Database {
    binary: PathBuf,
    folder: TempDir,
    address: SocketAddr,
    child: Option<Child>,
}

impl Database {
    /// A new database on a server by the binary that the environment names; `None` without one.
    ///
    /// # Errors
    /// It does not come up.
    pub fn start_new() -> Result<Option<Self>, NodeError> {
        let Some(binary) = std::env::var_os(SERVER_VARIABLE).filter(|name| !name.is_empty()) else {
            return Ok(None);
        };
        let folder = tempfile::Builder::new()
            .prefix("foundationdb-")
            .tempdir_in(std::env::temp_dir())
            .map_err(system("making a folder for the database"))?;
        let port = free_port().map_err(|error| NodeError::Database(error.to_string()))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        for name in ["data", "log"] {
            std::fs::create_dir(folder.path().join(name))
                .map_err(system("making a folder for the database"))?;
        }
        std::fs::write(
            folder.path().join("fdb.cluster"),
            format!("test:test@{address}\n"),
        )
        .map_err(system("writing the cluster file"))?;
        let mut database = Self {
            binary: binary.into(),
            folder,
            address,
            child: None,
        };
        database.start()?;
        database.tell("configure new single ssd")?;
        database.wait_available()?;
        Ok(Some(database))
    }

    /// Its cluster file.
    pub fn cluster_file(&self) -> PathBuf {
        self.folder.path().join("fdb.cluster")
    }

    /// Starts the server on what is there. Does not wait until it is available.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(&mut self) -> Result<(), NodeError> {
        let address = self.address.to_string();
        let folder = self.folder.path();
        let child = Command::new(&self.binary)
            .args(["-p", &address, "-l", &address])
            .arg("-C")
            .arg(self.cluster_file())
            .arg("-d")
            .arg(folder.join("data"))
            .arg("-L")
            .arg(folder.join("log"))
            .args(["--memory", "2GiB", "--cache-memory", "128MiB"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(system("starting the database's server"))?;
        self.child = Some(child);
        Ok(())
    }

    /// Ends the server as a crash would: `SIGKILL`.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub fn kill(&mut self) -> Result<(), NodeError> {
        if let Some(mut child) = self.child.take() {
            child.kill().map_err(system("killing the database"))?;
            child.wait().map_err(system("waiting for the database"))?;
        }
        Ok(())
    }

    /// Asks the server to stop and waits for its end.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub fn stop(&mut self) -> Result<(), NodeError> {
        self.signal("TERM")?;
        let end = Instant::now() + STOP_TIMEOUT;
        while Instant::now() < end {
            let Some(child) = &mut self.child else {
                return Ok(());
            };
            if child
                .try_wait()
                .map_err(system("waiting for the database"))?
                .is_some()
            {
                self.child = None;
                return Ok(());
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
        self.kill()
    }

    /// Sends the server a signal by name.
    ///
    /// # Errors
    /// The signal cannot be sent.
    pub fn signal(&self, name: &str) -> Result<(), NodeError> {
        match &self.child {
            Some(child) => signal(child.id(), name),
            None => Ok(()),
        }
    }

    /// Waits until the database takes transactions.
    ///
    /// # Errors
    /// It does not in time.
    pub fn wait_available(&self) -> Result<(), NodeError> {
        let end = Instant::now() + START_TIMEOUT;
        loop {
            let answer = self.tell("status minimal")?;
            if answer.contains("is available") {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(NodeError::Database(answer));
            }
            std::thread::park_timeout(Duration::from_millis(100));
        }
    }

    /// Runs a command of FoundationDB's command line client and gives what it prints.
    ///
    /// # Errors
    /// The client cannot be started.
    pub fn tell(&self, command: &str) -> Result<String, NodeError> {
        let output = self
            .client(command)
            .output()
            .map_err(system("running the database's client"))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Locks the database; the answer unlocks it.
    ///
    /// # Errors
    /// The client cannot be started, or does not lock.
    pub fn lock(&self) -> Result<DatabaseLock, NodeError> {
        let answer = self.tell("lock")?;
        let id = answer
            .split_once("lockUID: ")
            .and_then(|(_, rest)| rest.split_whitespace().next());
        match id {
            Some(id) if answer.contains("Database locked") => Ok(DatabaseLock(id.to_owned())),
            _ => Err(NodeError::Database(answer)),
        }
    }

    /// Unlocks the database. The client wants a word repeated that it shows.
    ///
    /// # Errors
    /// The client cannot be started, or does not unlock.
    pub fn unlock(&self, lock: &DatabaseLock) -> Result<(), NodeError> {
        let failed = system("talking to the database's client");
        let mut client = self
            .client(&format!("unlock {}", lock.0))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(system("running the database's client"))?;
        let (input, output) = (client.stdin.take(), client.stdout.take());
        let mut input = input.ok_or(NodeError::Database("no input".to_owned()))?;
        let mut said = String::new();
        let lines = output
            .into_iter()
            .flat_map(|out| BufReader::new(out).lines());
        for line in lines.map_while(Result::ok) {
            if line.len() == PASSWORD_BYTES && !line.contains(' ') {
                writeln!(input, "{line}").map_err(&failed)?;
            }
            said.push_str(&line);
        }
        client.wait().map_err(failed)?;
        match said.contains("Database unlocked") {
            true => Ok(()),
            false => Err(NodeError::Database(said)),
        }
    }

    fn client(&self, command: &str) -> Command {
        let beside = self.binary.with_file_name("fdbcli");
        let client = if beside.exists() {
            beside
        } else {
            PathBuf::from("fdbcli")
        };
        let mut client = Command::new(client);
        client
            .arg("-C")
            .arg(self.cluster_file())
            .args(["--timeout", "20", "--exec", command]);
        client
    }
}

/// What unlocks a locked database.
pub struct DatabaseLock(String);

impl Drop for Database {
    fn drop(&mut self) {
        // Already ended: then there is nothing to kill.
        let _ = self.kill();
    }
}
