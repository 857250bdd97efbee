//! The one source of chance of a run, so that a run is repeated by its seed alone.

use ringpost_storage_core::memory::Dice;

/// The generator.
#[derive(Clone, Debug)]
pub struct Random(Dice);

impl Random {
    /// The generator of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Dice::new(seed ^ 0x5851_f42d_4c95_7f2d))
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`; 0 for a bound of 0. One number is drawn in any case: recorded seeds rely on it.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.number().checked_rem(bound).unwrap_or_default()
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// A place in a list of `length` items.
    pub fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// True in `parts` of 1,000 cases.
    pub fn chance(&mut self, parts: u64) -> bool {
        self.below(1_000) < parts
    }

    /// A duration around `mean`: from nothing to twice as long.
    pub fn around(&mut self, mean: u64) -> u64 {
        self.between(1, mean.saturating_mul(2).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_stream_inside_its_bounds() {
        let (mut one, mut same, mut other) = (Random::new(1), Random::new(1), Random::new(2));
        let stream: Vec<u64> = (0..200).map(|_| one.between(5, 9)).collect();
        assert_eq!(
            stream,
            (0..200).map(|_| same.between(5, 9)).collect::<Vec<_>>()
        );
        assert_ne!(
            stream,
            (0..200).map(|_| other.between(5, 9)).collect::<Vec<_>>()
        );
        assert!((5..=9).all(|number| stream.contains(&number)));
        assert_eq!(
            (one.below(0), one.chance(0), one.chance(1_000)),
            (0, false, true)
        );
    }
}
