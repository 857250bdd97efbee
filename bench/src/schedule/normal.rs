//! The normal distribution's cumulated share, for what sizes are expected.

/// Share of a normal distribution (mean 0, deviation 1) up to `value`; off by less than 8e-8 (Abramowitz and Stegun,
/// "Handbook of Mathematical Functions", 26.2.17).
pub(super) fn share_up_to(value: f64) -> f64 {
    let step = 1.0 / (1.0 + 0.231_641_9 * value.abs());
    let factors = [
        0.319_381_530,
        -0.356_563_782,
        1.781_477_937,
        -1.821_255_978,
        1.330_274_429,
    ];
    let sum = factors
        .iter()
        .rev()
        .fold(0.0, |sum, factor| (sum + factor) * step);
    let density = (-value * value / 2.0).exp() / std::f64::consts::TAU.sqrt();
    let above = density * sum;
    if value < 0.0 { above } else { 1.0 - above }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_are_met() {
        for (value, share) in [
            (0.0, 0.5),
            (1.0, 0.841_344_75),
            (-1.0, 0.158_655_25),
            (1.959_964, 0.975),
            (-3.0, 0.001_349_9),
            (9.0, 1.0),
        ] {
            assert!((share_up_to(value) - share).abs() < 1e-7, "{value}");
        }
    }
}
