//! The time of an input, given by the shell: the wall clock and a clock that never runs back.
//!
//! Deadlines are in ticks, stamps and generations in wall time; nothing in this crate reads a clock itself.

/// The time at which an input or a timeout takes place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Wall clock, in milliseconds since 1970; may jump.
    pub clock_ms: u64,
    /// Monotonic clock, in microseconds since any fixed moment; never less than before.
    pub ticks_us: u64,
}

impl Now {
    /// The monotonic clock, in milliseconds.
    pub fn ticks_ms(self) -> u64 {
        self.ticks_us / 1_000
    }
}
