//! `Spread`: a known number of sends, one after the other, evenly over a period: a backlog, or one message for each session.

use std::ops::Range;

use super::population::Population;

/// What is sent.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// To each chat from `first_chat` on in turn, by its first member.
    Backlog {
        /// The first of the chats.
        first_chat: u32,
        /// How many.
        chats: u32,
    },
    /// To each session in turn, by the one it has a chat with; chat `i` is that of session `i` of each half.
    OneEach {
        /// Sessions of a half.
        half: u32,
    },
}

/// Sends in the middle of equal parts of a period.
#[derive(Clone, Debug)]
pub(super) struct Spread {
    what: What,
    period_ns: Range<u64>,
    count: u64,
    done: u64,
}

impl Spread {
    pub(super) fn new(what: What, period_ns: Range<u64>, count: u64) -> Self {
        Self {
            what,
            period_ns,
            count,
            done: 0,
        }
    }

    /// When the next send is.
    pub(super) fn peek(&self) -> Option<u64> {
        let length_ns = u128::from(self.period_ns.end - self.period_ns.start);
        let halves = u128::from(2 * self.done + 1);
        let passed = length_ns * halves / (2 * u128::from(self.count.max(1)));
        (self.done < self.count).then(|| self.period_ns.start + passed as u64)
    }

    /// The device and chat of that send; moves on to the one after it.
    pub(super) fn take(&mut self, population: &Population) -> (u32, u32) {
        let place = self.done;
        self.done += 1;
        match self.what {
            What::Backlog { first_chat, chats } => {
                let chat = first_chat + (place % u64::from(chats)) as u32;
                (population.members(chat).0, chat)
            }
            What::OneEach { half } => {
                let receiver = place as u32;
                let sender = (receiver + half) % (2 * half);
                (sender, receiver % half)
            }
        }
    }
}
