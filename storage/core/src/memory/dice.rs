//! A seeded stream of numbers (SplitMix64), so that a run is repeated by its seed alone. Not for secrets.

/// The stream.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        self.next_u64() % bound
    }

    /// True in `parts` of 10,000 cases.
    pub fn chance(&mut self, parts: u16) -> bool {
        self.below(10_000) < u64::from(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_stream() {
        let stream = |seed| {
            let mut dice = Dice::new(seed);
            [dice.next_u64(), dice.next_u64(), dice.below(10)]
        };
        assert_eq!(stream(1), stream(1));
        assert_ne!(stream(1), stream(2));
        // The first number of the published SplitMix64 for seed 0.
        assert_eq!(Dice::new(0).next_u64(), 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn chances_are_parts_of_ten_thousand() {
        let mut dice = Dice::new(7);
        assert!((0..1000).all(|_| !dice.chance(0) && dice.chance(10_000)));
        let hits = (0..100_000).filter(|_| dice.chance(500)).count();
        assert!((4_000..6_000).contains(&hits), "{hits}");
    }
}
