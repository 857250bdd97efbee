//! Sizes of payloads against their distribution.

use ringpost_bench::scenario::Scenario;
use ringpost_bench::schedule::{Action, PayloadSizes};

use crate::fit::{distance, fits};
use crate::watched::{Watched, scenario};

const STEP: u32 = 16;
const BINS: usize = 256;

/// The sizes of the sends of a schedule, by [`STEP`] bytes; the last bin is all that is larger.
fn counts(scenario: &Scenario) -> Vec<f64> {
    let mut counts = vec![0.0; BINS + 1];
    for planned in Watched::new(scenario) {
        if let Action::Send { payload_bytes, .. } = planned.action {
            counts[(payload_bytes / STEP).min(BINS as u32) as usize] += 1.0;
        }
    }
    counts
}

fn model(scenario: &Scenario, total: f64) -> Vec<f64> {
    let sizes = PayloadSizes::new(scenario);
    let below = |bin: usize| match (bin as u32 * STEP).checked_sub(1) {
        Some(bytes) => sizes.share_up_to(bytes),
        None => 0.0,
    };
    let shares = (0..BINS).map(|bin| below(bin + 1) - below(bin));
    let shares = shares.chain([1.0 - below(BINS)]);
    shares.map(|share| share * total).collect()
}

fn with_payload(payload: &[(&str, &str)]) -> Scenario {
    let mut settings = vec![
        ("load.rate", "10000"),
        ("seconds", "60"),
        ("warm_up_s", "0"),
    ];
    settings.extend(payload);
    scenario("pairs", &settings)
}

fn log_normal(sigma: &str) -> Scenario {
    with_payload(&[
        ("payload.kind", "log-normal"),
        ("payload.median_bytes", "300"),
        ("payload.sigma", sigma),
        ("payload.max_bytes", "3000"),
    ])
}

#[test]
fn ciphertexts_follow_their_distribution() {
    let scenario = with_payload(&[("payload.kind", "ciphertext")]);
    let counts = counts(&scenario);
    let total = counts.iter().sum();
    let right = model(&scenario, total);
    assert!(fits(&counts, &right), "{}", distance(&counts, &right));
    assert!(!fits(&counts, &model(&log_normal("0.7"), total)));
    let mut moved = right.clone();
    moved.rotate_right(1);
    assert!(!fits(&counts, &moved));
}

#[test]
fn log_normal_sizes_follow_their_distribution() {
    let counts = counts(&log_normal("0.7"));
    let total = counts.iter().sum();
    let right = model(&log_normal("0.7"), total);
    assert!(fits(&counts, &right), "{}", distance(&counts, &right));
    assert!(!fits(&counts, &model(&log_normal("0.72"), total)));
}

#[test]
fn fixed_sizes_are_fixed() {
    let scenario = with_payload(&[("payload.kind", "fixed"), ("payload.bytes", "100")]);
    let counts = counts(&scenario);
    let total: f64 = counts.iter().sum();
    assert_eq!(counts[100 / STEP as usize], total);
    assert_eq!(PayloadSizes::new(&scenario).mean_bytes(), 100.0);
}
