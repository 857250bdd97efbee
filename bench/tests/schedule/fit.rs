//! How well counts fit what a model expects: Pearson's chi-square, as its distance from its mean in standard deviations.

/// Beyond so many deviations a model is rejected: by chance about once in a million.
pub const BOUND: f64 = 5.0;

const COUNT_MIN: f64 = 10.0;

/// The distance of counts from a model; near 0 where the model is right, large where it is wrong, below `-BOUND` where counts are more
/// regular than chance. Neighbours of which few are expected are taken together.
pub fn distance(counts: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(counts.len(), expected.len());
    let (mut sum, mut bins) = (0.0, 0);
    let (mut count, mut expectation) = (0.0, 0.0);
    for (one_count, one_expectation) in counts.iter().zip(expected) {
        count += one_count;
        expectation += one_expectation;
        if expectation >= COUNT_MIN {
            sum += (count - expectation).powi(2) / expectation;
            bins += 1;
            (count, expectation) = (0.0, 0.0);
        }
    }
    assert!(bins > 4, "too few bins to judge");
    (sum - f64::from(bins)) / (2.0 * f64::from(bins)).sqrt()
}

/// Whether counts fit a model.
pub fn fits(counts: &[f64], expected: &[f64]) -> bool {
    distance(counts, expected).abs() < BOUND
}

#[test]
fn equal_counts_are_too_regular_and_large_differences_too_many() {
    let expected = vec![100.0; 200];
    assert!(distance(&expected, &expected) < -BOUND);
    let off: Vec<f64> = (0..200)
        .map(|bin| if bin % 2 == 0 { 85.0 } else { 115.0 })
        .collect();
    assert!(distance(&off, &expected) > BOUND);
    let by_chance: Vec<f64> = (0..200)
        .map(|bin| if bin % 2 == 0 { 90.0 } else { 110.0 })
        .collect();
    assert!(fits(&by_chance, &expected));
}
