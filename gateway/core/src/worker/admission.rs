//! Whether a home takes on more: the lane's state, the number and bytes of what waits, and for how long it has waited.
//!
//! Under load read marks are refused first, then new sends and new chats; reading the log and attaching only where there is no room.
//! Acknowledgements never.

use ringpost_wire::ErrorCode;

use super::Worker;
use crate::limits::{WAITING_BYTES_MAX, WAITING_COMMANDS_MAX};
use crate::{LaneState, Refusal, Step};

/// What is asked for, in the order in which it is refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A read mark.
    Mark,
    /// A new chat.
    Open,
    /// A new send.
    Send,
    /// Reading the log, attaching, an operator's question.
    Read,
}

impl Kind {
    fn commands_max(self) -> usize {
        match self {
            Self::Mark | Self::Open => WAITING_COMMANDS_MAX / 2,
            Self::Send => WAITING_COMMANDS_MAX / 4 * 3,
            Self::Read => WAITING_COMMANDS_MAX,
        }
    }

    fn step(self) -> Step {
        match self {
            Self::Mark => Step::ReadReceipts,
            Self::Open | Self::Send => Step::NewSends,
            Self::Read => Step::Stored,
        }
    }
}

impl Worker {
    /// Whether the lane's queue takes one more of `kind`; otherwise the code, and what to wait in milliseconds before chance is added.
    pub(super) fn admit(&mut self, kind: Kind) -> Result<(), (ErrorCode, u64)> {
        if let LaneState::Unavailable { retry_after_ms } = self.lane {
            return Err((ErrorCode::Unavailable, u64::from(retry_after_ms)));
        }
        if self.is_late(kind) || self.is_full(kind) {
            // A refused send is counted where its sender is told.
            if kind != Kind::Send {
                self.counters.shed.add(kind.step());
            }
            return Err((ErrorCode::Overloaded, self.load.advice.refused()));
        }
        Ok(())
    }

    fn is_late(&self, kind: Kind) -> bool {
        if kind == Kind::Read {
            return false;
        }
        let is_shed = match kind {
            Kind::Mark => self.load.sheds(Step::ReadReceipts),
            _ => self.load.refuses_send(self.batch.waiting_requests() as u64),
        };
        is_shed || self.batch.delay_us(self.now.ticks_us) > self.config.queue_delay_max_ms * 1_000
    }

    fn is_full(&self, kind: Kind) -> bool {
        self.batch.waiting_requests() >= kind.commands_max()
            || (kind == Kind::Send && self.batch.waiting_bytes() >= WAITING_BYTES_MAX)
    }

    /// A refusal to whoever comes back after `retry_ms`, or somewhat later.
    pub(super) fn refusal(&mut self, code: ErrorCode, retry_ms: u64) -> Refusal {
        Refusal {
            code,
            retry_after_ms: self.random.retry_after_ms(retry_ms),
        }
    }
}
