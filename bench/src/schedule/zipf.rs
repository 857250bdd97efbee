//! `Zipf`: ranks from 1 to n with shares falling as a power of the rank (Zipf, 1949), drawn by inversion of the exact sums.

use super::draw::Draw;

/// Shares of ranks: that of rank r is in proportion to r to the power of minus the exponent.
#[derive(Clone, Debug)]
pub struct Zipf {
    cumulated: Vec<f64>,
}

impl Zipf {
    /// Ranks 1 to `ranks`, at least 1.
    pub fn new(exponent: f64, ranks: u32) -> Self {
        let weight = |rank: u32| f64::from(rank).powf(-exponent);
        let total: f64 = (1..=ranks).map(weight).sum();
        let mut sum = 0.0;
        let cumulated = (1..=ranks).map(|rank| {
            sum += weight(rank) / total;
            sum
        });
        Self {
            cumulated: cumulated.collect(),
        }
    }

    /// The share of a rank, 0 for a rank that there is not.
    pub fn share(&self, rank: u32) -> f64 {
        let at = |rank: usize| {
            rank.checked_sub(1)
                .map_or(0.0, |place| self.cumulated[place])
        };
        let rank = rank as usize;
        if rank == 0 || rank > self.cumulated.len() {
            return 0.0;
        }
        at(rank) - at(rank - 1)
    }

    /// A rank.
    pub(super) fn draw(&self, draw: &mut Draw) -> u32 {
        let unit = draw.unit();
        let place = self.cumulated.partition_point(|sum| *sum < unit);
        place.min(self.cumulated.len() - 1) as u32 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_the_formula() {
        let zipf = Zipf::new(1.0, 4);
        let total = 1.0 + 1.0 / 2.0 + 1.0 / 3.0 + 1.0 / 4.0;
        for rank in 1..=4 {
            assert!((zipf.share(rank) - 1.0 / f64::from(rank) / total).abs() < 1e-12);
        }
        assert_eq!(zipf.share(0), 0.0);
        assert_eq!(zipf.share(5), 0.0);
    }
}
