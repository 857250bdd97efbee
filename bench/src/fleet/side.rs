//! `Side`: one device in one chat: what it has, what it acknowledged, what it sends.
//!
//! Invariant: `received_to` is the largest seq up to which nothing is missing; what came beyond it is in `early`.

use std::collections::VecDeque;

/// Seqs beyond a gap that are kept at most; what does not fit is read from the log.
const EARLY_MAX: usize = 256;

/// A message that was transmitted and is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outstanding {
    pub client_seq: u64,
    pub message_id: u64,
    /// When the schedule wanted it, or when it was sent.
    pub due_ns: u64,
    /// When it was transmitted last.
    pub transmitted_ns: u64,
    pub payload_bytes: u32,
}

/// A message that is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub due_ns: u64,
    pub payload_bytes: u32,
}

/// What a side sends. Numbers are dense; what is outstanding is repeated with the same bytes.
#[derive(Debug, Default)]
pub struct Outgoing {
    pub last_client_seq: u64,
    pub outstanding: VecDeque<Outstanding>,
    pub waiting: VecDeque<Waiting>,
    /// When the outstanding ones are transmitted again; until then nothing new is.
    pub resend_at_ns: Option<u64>,
    /// Highest seq that was answered.
    pub head: u64,
}

/// A device in a chat.
#[derive(Debug, Default)]
pub struct Side {
    pub received_to: u64,
    pub acked_to: u64,
    pub read_to: u64,
    /// The chat's last message as far as the device was told.
    pub head: u64,
    /// Messages of others that were taken since the last acknowledgement.
    pub unacknowledged: u32,
    pub is_dirty: bool,
    pub is_ack_timer_set: bool,
    pub is_ack_due: bool,
    pub is_read_due: bool,
    pub is_gap_timer_set: bool,
    pub is_pulled: bool,
    pub is_blocked: bool,
    pub early: Vec<u64>,
    pub outgoing: Option<Box<Outgoing>>,
}

/// What became of a seq.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was the next one.
    Next,
    /// It came beyond a gap and is kept.
    Early,
    /// It was there.
    Repeated,
    /// It came beyond a gap and there is no room: it will be read from the log.
    Dropped,
}

impl Side {
    /// Takes the message at `seq`.
    pub fn take(&mut self, seq: u64) -> Taken {
        self.head = self.head.max(seq);
        if seq <= self.received_to {
            return Taken::Repeated;
        }
        if seq == self.received_to + 1 {
            self.received_to = seq;
            self.absorb();
            return Taken::Next;
        }
        match self.early.binary_search(&seq) {
            Ok(_) => Taken::Repeated,
            Err(_) if self.early.len() >= EARLY_MAX => Taken::Dropped,
            Err(at) => {
                self.early.insert(at, seq);
                Taken::Early
            }
        }
    }

    /// Everything up to `seq` is accounted for.
    pub fn pass(&mut self, seq: u64) {
        self.received_to = self.received_to.max(seq);
        self.absorb();
    }

    fn absorb(&mut self) {
        if self.early.is_empty() {
            return;
        }
        let mut absorbed = 0;
        for &seq in &self.early {
            if seq > self.received_to + 1 {
                break;
            }
            self.received_to = self.received_to.max(seq);
            absorbed += 1;
        }
        self.early.drain(..absorbed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_closes_when_its_message_comes() {
        let mut side = Side::default();
        assert_eq!(
            [1, 3, 4, 3, 1].map(|seq| side.take(seq)),
            [
                Taken::Next,
                Taken::Early,
                Taken::Early,
                Taken::Repeated,
                Taken::Repeated
            ]
        );
        assert_eq!((side.received_to, side.head), (1, 4));
        assert_eq!(side.take(2), Taken::Next);
        assert_eq!((side.received_to, side.early.len()), (4, 0));
    }

    #[test]
    fn a_page_passes_over_what_is_empty() {
        let mut side = Side::default();
        assert_eq!(side.take(5), Taken::Early);
        side.pass(4);
        assert_eq!((side.received_to, side.early.len()), (5, 0));
    }

    #[test]
    fn what_comes_early_is_bounded() {
        let mut side = Side::default();
        for seq in 0..EARLY_MAX as u64 {
            assert_eq!(side.take(10 + seq), Taken::Early);
        }
        assert_eq!(side.take(10_000), Taken::Dropped);
    }
}
