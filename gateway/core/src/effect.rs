//! Everything that a worker asks of its shell: closed, performed in order. Mails are taken apart, by target.

use ringpost_storage_core::{Command, Outcome};

use crate::{CoreId, Event, Outgoing, SessionId};

/// One thing to do. An effect may name a session whose `Disconnected` the worker has not yet heard of: drop it then.
#[derive(Debug)]
pub enum Effect {
    /// Send a frame after all earlier ones of the session. Each of its bytes is later reported by `Input::Progress`.
    Write {
        /// On which session.
        session: SessionId,
        /// One whole frame.
        frame: Outgoing,
    },
    /// End a connection. The worker has forgotten the session: no further effect names it, and its slot may be reused.
    Close {
        /// Which.
        session: SessionId,
        /// Send what was written first, for at most `limits::FLUSH_TIMEOUT_MS`; otherwise drop it.
        flush: bool,
    },
    /// Take no more bytes from the connection until `ResumeReceiving`.
    PauseReceiving {
        /// Which.
        session: SessionId,
    },
    /// Take bytes from the connection again.
    ResumeReceiving {
        /// Which.
        session: SessionId,
    },
    /// Hand a batch to the lane. The next one comes only after every command of this one is answered.
    Submit {
        /// The commands, in order; never empty.
        commands: Vec<Command>,
    },
    /// Answer to `Input::Admin`.
    AdminAnswer {
        /// The ticket.
        ticket: u64,
        /// The outcome, or why there is none.
        answer: Result<Outcome, AdminRefused>,
    },
    /// Something for logs, metrics or a push sender to know.
    Event(Event),
}

/// Why an operator's command was not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminRefused {
    /// Its home is another core.
    OtherHome(CoreId),
    /// Too much is waiting.
    Overloaded,
    /// The store cannot be reached.
    Unavailable,
}
