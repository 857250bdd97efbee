//! The send window of one device in one chat: which numbers were used, and what became of the last ones.
//!
//! Input: a client's number and the digest of its message; output: whether it is new. Numbers are dense from 1. A result is
//! kept until the sender is known to have it, and for the last `WINDOW_RESULTS_MAX` numbers at most.

use ringpost_wire::limits::SEQ_MAX;
use ringpost_wire::{ErrorCode, Seq};

use crate::limits::WINDOW_RESULTS_MAX;

/// What became of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendResult {
    /// The message is stored.
    Stored {
        /// Its number in the chat.
        seq: Seq,
        /// Its time, in milliseconds since 1970.
        time_ms: u64,
    },
    /// The message was refused, for good.
    Refused {
        /// Why.
        code: ErrorCode,
        /// For `DevicesChanged`: the version that the answer named; else 0.
        device_epoch: u32,
    },
}

/// A number's result, with what tells a repeat from another message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Digest of the message: its id and payload.
    pub digest: u64,
    /// What became of it.
    pub result: SendResult,
}

/// The window's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Not seen before: decide it, then `record` it under this number.
    New {
        /// The sender's number: the client's, or the next where the client sent 0.
        client_seq: u64,
    },
    /// Seen before.
    Same {
        /// The number under which it was seen.
        client_seq: u64,
        /// What became of it.
        result: SendResult,
    },
    /// The number was used for another message, or its result is no longer kept.
    Reused {
        /// The next number.
        expected: u64,
    },
    /// Numbers before this one are missing.
    Gap {
        /// The next number.
        expected: u64,
    },
}

/// A send window. The last of `results` is that of number `last`, the one before of `last - 1`, and so on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    last: u64,
    results: Vec<Kept>,
}

impl Window {
    /// The window whose last number is `last`, with the results of the last numbers, ascending. `None` when there are more
    /// results than numbers or than are kept, or when `last` is over `SEQ_MAX`.
    pub fn of(last: u64, results: Vec<Kept>) -> Option<Self> {
        let is_possible =
            results.len() <= WINDOW_RESULTS_MAX && results.len() as u64 <= last && last <= SEQ_MAX;
        is_possible.then_some(Self { last, results })
    }

    /// The last number used; 0 for none.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Results of the last numbers, ascending.
    pub fn results(&self) -> &[Kept] {
        &self.results
    }

    /// What to do with a send. `client_seq` 0 asks for the next number, and is recognised by its digest alone.
    pub fn ask(&self, client_seq: u64, digest: u64) -> Asked {
        let expected = self.last + 1;
        if client_seq == 0 {
            return self.ask_digest(digest);
        }
        if client_seq == expected {
            return Asked::New { client_seq };
        }
        if client_seq > expected {
            return Asked::Gap { expected };
        }
        match self.kept(client_seq) {
            Some(kept) if kept.digest == digest => Asked::Same {
                client_seq,
                result: kept.result,
            },
            _ => Asked::Reused { expected },
        }
    }

    fn ask_digest(&self, digest: u64) -> Asked {
        let numbered = (1..=self.last).rev().zip(self.results.iter().rev());
        for (client_seq, kept) in numbered {
            if kept.digest == digest {
                let result = kept.result;
                return Asked::Same { client_seq, result };
            }
        }
        Asked::New {
            client_seq: self.last + 1,
        }
    }

    fn kept(&self, client_seq: u64) -> Option<&Kept> {
        let back = usize::try_from(self.last - client_seq).ok()?;
        let index = self.results.len().checked_sub(back + 1)?;
        self.results.get(index)
    }

    /// Notes what became of the number after `last`, and forgets all but `kept_max` results.
    pub fn record(&mut self, client_seq: u64, kept: Kept, kept_max: usize) {
        assert_eq!(client_seq, self.last + 1, "a window has no holes");
        let kept_max = kept_max.clamp(1, WINDOW_RESULTS_MAX);
        let surplus = (self.results.len() + 1).saturating_sub(kept_max);
        self.results.drain(..surplus);
        self.results.push(kept);
        self.last = client_seq;
    }
}
