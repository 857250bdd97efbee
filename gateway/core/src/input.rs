//! Everything that a worker can be told: closed, one input at a time. Any input is allowed at any time.

use core::net::IpAddr;
use std::sync::Arc;

use ringpost_storage_core::{Command, Outcome};

use crate::{ChangeableLimits, CoreId, Mail, SessionId, TokenVerifier};

/// One thing that happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// A connection was accepted. The shell chose the id.
    Connected {
        /// The new session.
        session: SessionId,
        /// Where the client is, by the socket or by what a trusted balancer says; `None` where nobody knows.
        peer: Option<IpAddr>,
    },
    /// Bytes arrived on a connection, cut anywhere.
    Received {
        /// Whose.
        session: SessionId,
        /// The bytes; not kept beyond the call.
        bytes: &'a [u8],
    },
    /// Bytes of earlier `Write` effects left the process (or were handed to the kernel).
    Progress {
        /// Whose.
        session: SessionId,
        /// How many since the last report.
        sent_bytes: usize,
    },
    /// The connection is gone. Not due after a `Close` effect, and harmless then.
    Disconnected {
        /// Whose.
        session: SessionId,
    },
    /// Another core's worker sent a mail.
    Mail {
        /// Which core.
        from: CoreId,
        /// The mail.
        mail: Mail,
    },
    /// The lane made the batch durable, or the first part of it: outcomes in the order of the commands submitted, each once.
    BatchAnswered {
        /// The outcomes.
        outcomes: Vec<Outcome>,
    },
    /// The lane's view of the store changed. The batch in flight stays with the lane in any case and is answered later.
    Lane(LaneState),
    /// An operator asks; answered by `Effect::AdminAnswer` with the same ticket.
    Admin {
        /// Chosen by the shell.
        ticket: u64,
        /// A command whose home is this core (see `ShardMap`).
        command: Command,
    },
    /// Memory for sending runs short: sessions whose clients take nothing are to give some back.
    SendMemoryShort {
        /// How much.
        bytes: usize,
    },
    /// The operator has changed limits: they hold from now on.
    Limits(ChangeableLimits),
    /// From now on tokens are checked against these keys and rules. Open sessions stay until their own tokens end.
    Tokens(Arc<TokenVerifier>),
    /// Leave: sessions are asked to go, one after the other, and each is closed after the delay. A second one can only hasten it.
    Drain {
        /// Most time until the last is asked, in milliseconds; fewer sessions take less. 0 asks all now.
        spread_ms: u32,
        /// The delay, in milliseconds.
        delay_ms: u32,
    },
}

/// Whether the lane can commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneState {
    /// It can.
    Ready,
    /// It cannot reach its store.
    Unavailable {
        /// What senders are told to wait, in milliseconds.
        retry_after_ms: u32,
    },
}
