//! A small deterministic generator for jitter (SplitMix64: Steele, Lea, Flood 2014). Not for secrets.

/// A stream of numbers that its seed determines.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// `base_ms` and up to half as much again, within the limits of advice to a refused client.
    pub(crate) fn retry_after_ms(&mut self, base_ms: u64) -> u32 {
        use crate::limits::{RETRY_AFTER_MS_MAX, RETRY_AFTER_MS_MIN};
        let base = base_ms.clamp(u64::from(RETRY_AFTER_MS_MIN), u64::from(RETRY_AFTER_MS_MAX));
        (base + self.draw() % (base / 2 + 1)) as u32
    }
}
