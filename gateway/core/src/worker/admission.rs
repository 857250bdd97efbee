//! Whether a home takes on more: the lane's state, the number and bytes of what waits, and for how long it has waited.
//!
//! Under load read marks are refused first, then new sends; reading the log and attaching last. Acknowledgements never.

use ringpost_wire::ErrorCode;

use super::Worker;
use crate::limits::{WAITING_BYTES_MAX, WAITING_COMMANDS_MAX};
use crate::{LaneState, Refusal};

/// What is asked for, in the order in which it is refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A read mark, or a new chat.
    Mark,
    /// A new send.
    Send,
    /// Reading the log, attaching, an operator's question.
    Read,
}

impl Kind {
    fn commands_max(self) -> usize {
        match self {
            Self::Mark => WAITING_COMMANDS_MAX / 2,
            Self::Send => WAITING_COMMANDS_MAX / 4 * 3,
            Self::Read => WAITING_COMMANDS_MAX,
        }
    }
}

impl Worker {
    /// Whether the lane's queue takes one more of `kind`.
    pub(super) fn admit(&mut self, kind: Kind) -> Result<(), Refusal> {
        if let LaneState::Unavailable { retry_after_ms } = self.lane {
            let retry_after_ms = self.random.retry_after_ms(u64::from(retry_after_ms));
            let code = ErrorCode::Unavailable;
            return Err(Refusal {
                code,
                retry_after_ms,
            });
        }
        let delay_ms = self.batch.delay_us(self.now.ticks_us) / 1_000;
        let is_late = kind != Kind::Read && delay_ms > self.config.queue_delay_max_ms;
        let is_full = self.batch.waiting_requests() >= kind.commands_max()
            || (kind == Kind::Send && self.batch.waiting_bytes() >= WAITING_BYTES_MAX);
        if is_late || is_full {
            return Err(self.overloaded(delay_ms));
        }
        Ok(())
    }

    /// A refusal for load; who is refused comes back after about the time that the queue needs.
    pub(super) fn overloaded(&mut self, delay_ms: u64) -> Refusal {
        Refusal {
            code: ErrorCode::Overloaded,
            retry_after_ms: self.random.retry_after_ms(delay_ms.max(100)),
        }
    }
}
