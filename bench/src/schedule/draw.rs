//! `Draw`: pseudo-random numbers from a seed: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
//! generators", 2014). Equal seeds give equal numbers; logarithms and cosines may differ between platforms.

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A stream of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Draw {
    state: u64,
}

impl Draw {
    /// The stream number `stream` of a seed; streams are independent.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let place = mix(seed.wrapping_add(STEP.wrapping_mul(stream)));
        Self {
            state: mix(place ^ seed),
        }
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// A number from 0 to `end` - 1; `end` is at least 1. Off from uniform by less than 2^-32.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        (((self.next_u64() >> 32) * u64::from(end)) >> 32) as u32
    }

    /// A number above 0, up to 1.
    pub(super) fn unit(&mut self) -> f64 {
        ((self.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// Exponential with mean 1.
    pub(super) fn exponential(&mut self) -> f64 {
        -self.unit().ln()
    }

    /// Normal with mean 0 and deviation 1 (Box and Muller, 1958).
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (2.0 * self.exponential()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// A number that depends on every bit of `value`.
pub(crate) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_published_generator() {
        let mut draw = Draw { state: 1_234_567 };
        let numbers: Vec<u64> = (0..3).map(|_| draw.next_u64()).collect();
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn streams_and_seeds_differ() {
        let first = |seed, stream| Draw::new(seed, stream).next_u64();
        assert_eq!(first(1, 1), first(1, 1));
        assert_ne!(first(1, 1), first(1, 2));
        assert_ne!(first(1, 1), first(2, 1));
    }

    #[test]
    fn moments_are_right() {
        let mut draw = Draw::new(1, 1);
        let count = 200_000;
        let mut sums = [0.0; 4];
        for _ in 0..count {
            let normal = draw.normal();
            sums[0] += draw.exponential();
            sums[1] += normal;
            sums[2] += normal * normal;
            sums[3] += f64::from(draw.below(11));
        }
        let means = sums.map(|sum| sum / f64::from(count));
        for (mean, (expected, deviation)) in
            means
                .into_iter()
                .zip([(1.0, 1.0), (0.0, 1.0), (1.0, 1.5), (5.0, 3.2)])
        {
            let bound = 5.0 * deviation / f64::from(count).sqrt();
            assert!((mean - expected).abs() < bound, "{mean}, not {expected}");
        }
    }
}
