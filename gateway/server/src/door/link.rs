//! One connection with TLS: its session, and what is written but not yet encrypted.
//!
//! Invariant: what the handshake has to send leaves before any plaintext, and `sent` knows of every byte that the socket took.

use ringpost_gateway_ring::Connection;
use ringpost_gateway_tls::{Failure, SentBytes, Session, State, Workspace};

use super::wire::Wire;

/// The socket has no room for more, or TLS cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// No room.
    NoRoom,
    /// TLS has failed.
    Failed(Failure),
}

/// One connection with TLS.
pub struct Link {
    /// Whose it is.
    pub connection: Connection,
    /// Since when a record has been coming that is not whole.
    pub held_since_ms: Option<u64>,
    /// It is among those whose records are timed.
    pub is_timed: bool,
    session: Session,
    sent: SentBytes,
    /// Plaintext for the records to come; holds no memory while empty.
    waiting: Vec<u8>,
    /// What came during the handshake and waits for its turn.
    unheard: Vec<u8>,
    /// The handshake was given its first turn.
    pub has_begun: bool,
}

impl Link {
    /// A connection whose handshake begins.
    pub fn new(connection: Connection, session: Session) -> Self {
        Self {
            connection,
            held_since_ms: None,
            is_timed: false,
            session,
            sent: SentBytes::default(),
            waiting: Vec::new(),
            unheard: Vec::new(),
            has_begun: false,
        }
    }

    /// Keeps what came until the handshake has a turn. Answers whether it is the first that waits, and how much waits now.
    pub fn keep(&mut self, bytes: &[u8]) -> (bool, usize) {
        let is_first = self.unheard.is_empty();
        self.unheard.extend_from_slice(bytes);
        (is_first, self.unheard.len())
    }

    /// What was kept; nothing is kept any more.
    pub fn take_unheard(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.unheard)
    }

    /// Whether the handshake goes on.
    pub fn is_opening(&self) -> bool {
        self.session.state() == State::Opening
    }

    /// Version (0 for 1.2) and shortening (1 with a ticket), once the handshake is over.
    pub fn kind(&self) -> (usize, usize) {
        let is_newer = self.session.version() == Some("1.3");
        (
            usize::from(is_newer),
            usize::from(self.session.is_resumed()),
        )
    }

    /// Bytes of a record that is not whole, or not looked at.
    pub fn held_bytes(&self) -> usize {
        self.session.held_bytes() + self.unheard.len()
    }

    /// Notes whether a record is coming that is not whole, and since when. Answers whether one is.
    pub fn time_record(&mut self, ticks_ms: u64) -> bool {
        let is_coming = self.held_bytes() > 0 && !self.is_opening();
        self.held_since_ms = is_coming.then(|| self.held_since_ms.unwrap_or(ticks_ms));
        is_coming
    }

    /// Bytes of plaintext that wait.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting.len()
    }

    /// Takes in bytes from the socket; plaintext goes to `on_plaintext`, answers of the protocol to the socket.
    ///
    /// # Errors
    /// It must be closed; an alert is on its way if one is due.
    pub fn receive(
        &mut self,
        bytes: &[u8],
        (wire, workspace): (&mut impl Wire, &mut Workspace),
        on_plaintext: &mut dyn FnMut(&[u8]),
    ) -> Result<State, LinkError> {
        let received = self.session.receive(bytes, workspace, on_plaintext);
        let put = self.put((wire, workspace), 0);
        let state = received.map_err(LinkError::Failed)?;
        put.map(|()| state)
    }

    /// The socket took bytes: how many of plaintext that is.
    pub fn sent(&mut self, bytes: usize) -> usize {
        self.sent.sent(bytes)
    }

    /// Adds plaintext to what waits, in a buffer from `spare` if it has none.
    pub fn wait(&mut self, plaintext: &[u8], spare: &mut Vec<Vec<u8>>) {
        if self.waiting.capacity() == 0 {
            self.waiting = spare.pop().unwrap_or_default();
        }
        self.waiting.extend_from_slice(plaintext);
    }

    /// Encrypts and writes what waits, and gives its buffer back. During the handshake it waits on.
    ///
    /// # Errors
    /// It must be closed.
    pub fn flush(
        &mut self,
        (wire, workspace): (&mut impl Wire, &mut Workspace),
        spare: &mut Vec<Vec<u8>>,
    ) -> Result<(), LinkError> {
        if self.waiting.is_empty() || self.is_opening() {
            return Ok(());
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        let sent = self.session.send(&waiting, workspace);
        let put = self.put((wire, workspace), waiting.len());
        waiting.clear();
        spare.push(waiting);
        sent.map_err(LinkError::Failed)?;
        put
    }

    /// Writes the end of the stream.
    ///
    /// # Errors
    /// The other side will see the stream cut off.
    pub fn end(
        &mut self,
        (wire, workspace): (&mut impl Wire, &mut Workspace),
    ) -> Result<(), LinkError> {
        let ended = self.session.end(workspace).map_err(LinkError::Failed);
        let put = self.put((wire, workspace), 0);
        ended.and(put)
    }

    /// Writes what the session has made, which carries so much plaintext.
    fn put(
        &mut self,
        (wire, workspace): (&mut impl Wire, &mut Workspace),
        plaintext: usize,
    ) -> Result<(), LinkError> {
        let bytes = workspace.outgoing().len();
        let is_taken = bytes == 0 || wire.write(self.connection, workspace.outgoing());
        workspace.clear();
        if !is_taken {
            return Err(LinkError::NoRoom);
        }
        if bytes > 0 {
            self.sent.written(bytes, plaintext);
        }
        Ok(())
    }
}
