//! A folder of its own for one test: data directory, shadow, and the address that the node keeps over its restarts.

use std::fs::DirBuilder;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rand::RngExt;
use ringpost_wire::{ChatId, Seq};
use tempfile::TempDir;

use crate::{NodeError, NodeOptions, NodeProcess};

/// Ports below those that the system gives to outgoing connections: a client that dials a dead node cannot meet itself.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// The file of the secret that tokens are signed with, in the data directory.
const SECRET: &str = "token.secret";

/// Why a place could not be had, or could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// A folder could not be made.
    #[error("making a folder: {0}")]
    Folder(std::io::Error),
    /// No port is free.
    #[error("no free port")]
    NoPort,
    /// A secret could not be read.
    #[error("reading a secret: {source}")]
    Unreadable {
        /// Why.
        source: std::io::Error,
    },
    /// A secret is not 64 hexadecimal digits.
    #[error("the secret is not 64 hexadecimal digits")]
    NoSecret,
    /// The node's answer about a chat makes no sense.
    #[error("the node's answer about a chat: {0}")]
    Answer(String),
    /// Messages stopped moving.
    #[error("messages stopped moving at {reached} of {target}")]
    Stalled {
        /// How many had.
        reached: u64,
        /// How many were to.
        target: u64,
    },
    /// The node could not be asked.
    #[error(transparent)]
    Node(#[from] NodeError),
}

/// A node's folder and address.
pub struct Place {
    folder: TempDir,
    native: SocketAddr,
    tls: SocketAddr,
}

impl Place {
    /// A new, empty place, on the file system of the build.
    ///
    /// # Errors
    /// The folder or a port cannot be had.
    pub fn new() -> Result<Self, PlaceError> {
        Self::at(Ipv4Addr::LOCALHOST)
    }

    /// As `new`, with a node at another address of the system or of a namespace.
    ///
    /// # Errors
    /// The folder or a port cannot be had.
    pub fn at(address: Ipv4Addr) -> Result<Self, PlaceError> {
        let executable = std::env::current_exe().map_err(PlaceError::Folder)?;
        let beside = executable.parent().unwrap_or(Path::new("."));
        let folder = tempfile::Builder::new()
            .prefix("node-")
            .tempdir_in(beside)
            .map_err(PlaceError::Folder)?;
        Ok(Self {
            folder,
            native: SocketAddr::from((address, free_port()?)),
            tls: SocketAddr::from((address, free_port()?)),
        })
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Beside the data directory, for the recorder of syncs.
    pub fn shadow(&self) -> PathBuf {
        self.folder.path().join("shadow")
    }

    /// Beside the data directory, for the folders of client processes.
    pub fn clients(&self) -> PathBuf {
        self.folder.path().join("clients")
    }

    /// The address of the native door, the same for each start.
    pub fn native(&self) -> SocketAddr {
        self.native
    }

    /// The address of the door with TLS, where a `TlsDoor` opens it, the same for each start.
    pub fn tls(&self) -> SocketAddr {
        self.tls
    }

    /// The folder that holds all of it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Options of a node in this place.
    pub fn options(&self, cores: usize) -> NodeOptions {
        NodeOptions {
            native: self.native,
            cores,
            ..NodeOptions::new(self.data())
        }
    }

    /// Gives this place the secret of another's node, so that both take the same tokens. Before its node's first start.
    ///
    /// # Errors
    /// The other has none yet, or the folder cannot be written.
    pub fn adopt_secret(&self, other: &Self) -> Result<(), PlaceError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(self.data())
            .and_then(|()| std::fs::copy(other.data().join(SECRET), self.data().join(SECRET)))
            .map_err(PlaceError::Folder)?;
        Ok(())
    }

    /// Keeps the folder when the test ends, to look at; tells where it is.
    pub fn keep(self) -> PathBuf {
        self.folder.keep()
    }

    /// A chat's last message as the node's administration tells it; 0 for a chat that is not there.
    ///
    /// # Errors
    /// The node does not answer, or answers nonsense.
    pub fn head(&self, node: &NodeProcess, chat: ChatId) -> Result<Seq, PlaceError> {
        let token = std::fs::read_to_string(self.data().join("admin.token"))
            .map_err(|source| PlaceError::Unreadable { source })?;
        let (status, body) = node.get(&format!("/admin/chats/{chat}"), Some(token.trim()))?;
        if status == 404 {
            return Ok(0);
        }
        let value: serde_json::Value =
            serde_json::from_str(&body).map_err(|_| PlaceError::Answer(body.clone()))?;
        value["head"]
            .as_u64()
            .filter(|_| status == 200)
            .ok_or(PlaceError::Answer(body))
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> Result<u16, PlaceError> {
    let mut random = rand::rng();
    (0..1_000)
        .map(|_| random.random_range(PORTS))
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .ok_or(PlaceError::NoPort)
}
