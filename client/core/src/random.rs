//! A small deterministic generator (SplitMix64) for jitter and nonces: the same seed gives the same numbers.
//! It is not for secrets.

/// The generator.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `max`, both included.
    pub(crate) fn up_to(&mut self, max: u64) -> u64 {
        match max.checked_add(1) {
            Some(range) => self.next() % range,
            None => self.next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_in_range_and_repeat_with_the_seed() {
        let mut one = Random::new(7);
        let mut other = Random::new(7);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..1_000 {
            let number = one.up_to(9);
            assert_eq!(number, other.up_to(9));
            assert!(number <= 9);
            seen.insert(number);
        }
        assert_eq!(seen.len(), 10);
    }
}
