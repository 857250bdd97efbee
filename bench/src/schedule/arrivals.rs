//! `Arrivals`: the times of sends at a constant rate between two moments, and which sender's turn each is.

use std::ops::Range;

use crate::scenario;

use super::draw::Draw;
use super::population::Population;

const SECOND_NS: u64 = 1_000_000_000;

/// Sends at a rate. After the last moment there are none.
#[derive(Clone, Debug)]
pub(super) struct Arrivals {
    spread: scenario::Arrivals,
    rate: u64,
    period_ns: Range<u64>,
    draw: Draw,
    done: u64,
    next_ns: f64,
}

impl Arrivals {
    pub(super) fn new(
        spread: scenario::Arrivals,
        rate: u64,
        period_ns: Range<u64>,
        draw: Draw,
    ) -> Self {
        let mut arrivals = Self {
            spread,
            rate,
            next_ns: period_ns.start as f64,
            period_ns,
            draw,
            done: 0,
        };
        arrivals.advance();
        arrivals
    }

    /// When the next send is.
    pub(super) fn peek(&self) -> Option<u64> {
        let at_ns = self.next_ns as u64;
        (self.rate > 0 && at_ns < self.period_ns.end).then_some(at_ns)
    }

    /// The device and chat of that send; moves on to the one after it.
    pub(super) fn take(&mut self, population: &Population) -> (u32, u32) {
        let senders = population.senders();
        let count = senders.len() as u32;
        let (place, turn) = match self.spread {
            scenario::Arrivals::Poisson => (self.draw.below(count), self.draw.next_u64() >> 32),
            scenario::Arrivals::Even => (
                (self.done % u64::from(count)) as u32,
                self.done / u64::from(count),
            ),
        };
        let device = senders.start + place;
        let chats = population.chats_of_sender(device);
        let chat = chats.start + (turn % chats.len() as u64) as u32;
        self.done += 1;
        self.advance();
        (device, chat)
    }

    fn advance(&mut self) {
        if self.rate == 0 {
            return;
        }
        match self.spread {
            scenario::Arrivals::Poisson => {
                self.next_ns += self.draw.exponential() * SECOND_NS as f64 / self.rate as f64;
            }
            scenario::Arrivals::Even => {
                let passed = u128::from(self.done) * u128::from(SECOND_NS) / u128::from(self.rate);
                self.next_ns = (self.period_ns.start + passed as u64) as f64;
            }
        }
    }
}
