//! `Session`: one TLS connection, either side. Input: bytes from the socket, plaintext to send; output: plaintext through a
//! callback, bytes for the socket in the workspace.
//!
//! Invariant: between two calls it holds only the beginning of a message that is not whole yet, at most `limits::*_HELD_BYTES_MAX`.

use rustls::client::UnbufferedClientConnection;
use rustls::server::UnbufferedServerConnection;
use rustls::{HandshakeKind, ProtocolVersion};

use crate::drive::{Driven, Then, drive};
use crate::failure::Failure;
use crate::limits::{CLIENT_HELD_BYTES_MAX, SERVER_HELD_BYTES_MAX};
use crate::workspace::{Workspace, reset};

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The handshake goes on: nothing can be sent.
    Opening,
    /// Both sides may send.
    Open,
    /// The peer has ended its stream; this side may still send.
    PeerEnded,
    /// It has failed: an alert is in the workspace, if one is due. Nothing more goes in or out.
    Failed,
}

enum Side {
    Server(UnbufferedServerConnection),
    Client(UnbufferedClientConnection),
}

/// One TLS connection.
pub struct Session {
    side: Side,
    state: State,
    has_heard: bool,
    held: Vec<u8>,
}

impl Session {
    pub(crate) fn server(connection: UnbufferedServerConnection) -> Self {
        Self::new(Side::Server(connection))
    }

    pub(crate) fn client(connection: UnbufferedClientConnection) -> Self {
        Self::new(Side::Client(connection))
    }

    fn new(side: Side) -> Self {
        Self {
            side,
            state: State::Opening,
            has_heard: false,
            held: Vec::new(),
        }
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Bytes of a message that is not whole yet.
    pub fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// The version agreed on, once the first message has come.
    pub fn version(&self) -> Option<&'static str> {
        let version = match &self.side {
            Side::Server(connection) => connection.protocol_version(),
            Side::Client(connection) => connection.protocol_version(),
        };
        match version {
            Some(ProtocolVersion::TLSv1_2) => Some("1.2"),
            Some(ProtocolVersion::TLSv1_3) => Some("1.3"),
            _ => None,
        }
    }

    /// Whether the handshake was shortened by a ticket.
    pub fn is_resumed(&self) -> bool {
        let kind = match &self.side {
            Side::Server(connection) => connection.handshake_kind(),
            Side::Client(connection) => connection.handshake_kind(),
        };
        kind == Some(HandshakeKind::Resumed)
    }

    /// Begins. Only a client has something to send then.
    ///
    /// # Errors
    /// See `Failure`.
    pub fn begin(&mut self, workspace: &mut Workspace) -> Result<State, Failure> {
        self.pass(&[], workspace, &Then::Nothing, &mut |_| {})
    }

    /// Takes in bytes from the socket, cut anywhere. Plaintext goes to `on_plaintext` in order; the workspace's outgoing bytes are
    /// to be sent, also after a failure.
    ///
    /// # Errors
    /// The session cannot go on.
    pub fn receive(
        &mut self,
        bytes: &[u8],
        workspace: &mut Workspace,
        on_plaintext: &mut dyn FnMut(&[u8]),
    ) -> Result<State, Failure> {
        self.pass(bytes, workspace, &Then::Nothing, on_plaintext)
    }

    /// Appends the records of `plaintext` to the workspace's outgoing bytes.
    ///
    /// # Errors
    /// The session is not open (`Misbehaved`), or cannot go on.
    pub fn send(&mut self, plaintext: &[u8], workspace: &mut Workspace) -> Result<(), Failure> {
        self.finish(&Then::Encrypt(plaintext), workspace)
    }

    /// Appends the end of this side's stream (`close_notify`) to the workspace's outgoing bytes.
    ///
    /// # Errors
    /// As `send`.
    pub fn end(&mut self, workspace: &mut Workspace) -> Result<(), Failure> {
        self.finish(&Then::EndStream, workspace)
    }

    fn finish(&mut self, then: &Then<'_>, workspace: &mut Workspace) -> Result<(), Failure> {
        if !matches!(self.state, State::Open | State::PeerEnded) {
            return Err(Failure::Misbehaved);
        }
        // Nothing new has come, so nothing is whole now that was not before.
        self.pass(&[], workspace, then, &mut |_| {}).map(drop)
    }

    fn pass(
        &mut self,
        bytes: &[u8],
        workspace: &mut Workspace,
        then: &Then<'_>,
        on_plaintext: &mut dyn FnMut(&[u8]),
    ) -> Result<State, Failure> {
        if self.state == State::Failed {
            return Err(Failure::Misbehaved);
        }
        let Workspace { incoming, outgoing } = workspace;
        incoming.extend_from_slice(&self.held);
        incoming.extend_from_slice(bytes);
        let driven = match &mut self.side {
            Side::Server(connection) => drive(connection, incoming, outgoing, then, on_plaintext),
            Side::Client(connection) => drive(connection, incoming, outgoing, then, on_plaintext),
        };
        self.keep(&incoming[driven.taken..]);
        reset(incoming);
        let result = self.note(&driven);
        self.has_heard |= driven.taken > 0;
        if result.is_err() {
            self.state = State::Failed;
            self.held = Vec::new();
        }
        result
    }

    fn keep(&mut self, rest: &[u8]) {
        if rest.is_empty() {
            self.held = Vec::new();
        } else {
            self.held.clear();
            self.held.reserve_exact(rest.len());
            self.held.extend_from_slice(rest);
        }
    }

    fn note(&mut self, driven: &Driven) -> Result<State, Failure> {
        if let Err(error) = &driven.result {
            return Err(Failure::of(error, self.has_heard));
        }
        let (is_opening, held_max) = match &self.side {
            Side::Server(connection) => (connection.is_handshaking(), SERVER_HELD_BYTES_MAX),
            Side::Client(connection) => (connection.is_handshaking(), CLIENT_HELD_BYTES_MAX),
        };
        if self.held.len() > held_max {
            return Err(Failure::TooLong);
        }
        if driven.has_peer_ended {
            self.state = State::PeerEnded;
        } else if self.state == State::Opening && !is_opening {
            self.state = State::Open;
        }
        Ok(self.state)
    }
}
