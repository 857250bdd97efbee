//! The middle of a few values and how sure it is. Pure; every answer is exact.
//!
//! The interval is the one of the sign test, between two of the sorted values: how often it holds the true median is known
//! for whatever distribution the values have. A bootstrap of so few values promises 95 % and holds 89 % (seven values).

use serde::Serialize;

/// What the interval should hold at least.
const CONFIDENCE_WANTED: f64 = 0.95;

/// The middle of values and their spread.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// How many values.
    pub count: usize,
    /// Their median.
    pub median: f64,
    /// The least of them.
    pub least: f64,
    /// The greatest.
    pub most: f64,
    /// Begin of the interval of the true median.
    pub low: f64,
    /// Its end.
    pub high: f64,
    /// How often, 0 to 1, such an interval holds the true median: 0.95 or more where there are values enough (from six on).
    pub confidence: f64,
}

/// The median of values; the mean of the middle two of an even number; `None` without values.
pub fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = sorted[(sorted.len() - 1) / 2];
    Some(f64::midpoint(lower, upper))
}

/// The median of values with its interval; `None` without values.
pub fn spread(values: &[f64]) -> Option<Spread> {
    let median = median(values)?;
    let sorted = sorted(values);
    let count = sorted.len();
    let (skipped, confidence) = interval(count);
    Some(Spread {
        count,
        median,
        least: sorted[0],
        most: sorted[count - 1],
        low: sorted[skipped],
        high: sorted[count - 1 - skipped],
        confidence,
    })
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// How many values to leave out at each end, and the confidence then. Of `count` values the number below the true median is
/// binomial with one half: an interval misses when at most `skipped` lie on one side. Source: Conover, Practical
/// Nonparametric Statistics, section 3.2.
fn interval(count: usize) -> (usize, f64) {
    // Two tails of one half each way.
    let mut outcome = 0.5_f64.powi(count as i32 - 1);
    let mut missed = outcome;
    let mut skipped = 0;
    while 2 * (skipped + 1) < count {
        outcome *= (count - skipped) as f64 / (skipped + 1) as f64;
        if 1.0 - missed - outcome < CONFIDENCE_WANTED {
            break;
        }
        missed += outcome;
        skipped += 1;
    }
    (skipped, (1.0 - missed).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[9.0, 1.0, 2.0, 4.0]), Some(3.0));
    }

    #[test]
    fn intervals_are_those_of_the_sign_test() {
        // From tables of the binomial distribution with one half.
        for (count, skipped, confidence) in [
            (1, 0, 0.0),
            (2, 0, 0.5),
            (5, 0, 0.9375),
            (6, 0, 0.968_75),
            (8, 0, 0.992_187_5),
            (9, 1, 0.960_937_5),
            (12, 2, 0.961_425_781_25),
        ] {
            assert_eq!(interval(count), (skipped, confidence), "{count}");
        }
    }

    #[test]
    fn a_few_values_span_their_interval() {
        let spread = spread(&[1.2, 0.9, 1.0, 1.1, 0.8]).unwrap();
        assert_eq!((spread.low, spread.median, spread.high), (0.8, 1.0, 1.2));
        assert_eq!((spread.least, spread.most, spread.count), (0.8, 1.2, 5));
    }

    #[test]
    fn outliers_of_many_values_fall_outside_the_interval() {
        let mut values: Vec<f64> = (1..=20).map(f64::from).collect();
        values[19] = 5_000.0;
        let spread = spread(&values).unwrap();
        assert_eq!(spread.most, 5_000.0);
        assert_eq!((spread.low, spread.median, spread.high), (6.0, 10.5, 15.0));
    }
}
