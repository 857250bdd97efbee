//! Comparisons of made-up runs: what is the same must look the same, and what differs must not.

use std::convert::Infallible;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ringpost_bench::compare::{
    Comparison, DeliveryLatency, Figure, Figures, Origin, Ratio, Side, SideSettings, compare, table,
};
use ringpost_bench::node::Machine;

/// Runs differ by so much for no reason, either way.
const NOISE: f64 = 0.02;

fn comparison(rounds: u32) -> Comparison {
    let named = |name: &str| SideSettings {
        name: name.to_owned(),
        ..SideSettings::default()
    };
    Comparison {
        scenario: "pairs".to_owned(),
        rounds,
        a: named("before"),
        b: named("after"),
        runs: Vec::new(),
    }
}

fn figures(random: &mut ChaCha8Rng, cpu_factor: f64) -> Figures {
    let mut noisy = |value: f64| value * (1.0 + random.random_range(-NOISE..NOISE));
    Figures {
        seconds: 30.0,
        delivered: noisy(3e6) as u64,
        server_cpu_s: noisy(30.0 * cpu_factor),
        send_to_deliver: Some(DeliveryLatency {
            p50_ms: noisy(5.0),
            p99_ms: noisy(20.0),
            p999_ms: noisy(80.0),
        }),
        wire_bytes: noisy(6e8) as u64,
        wire_frames: noisy(1.2e7) as u64,
        resident_bytes: noisy(1e8) as u64,
        syncs: noisy(20_000.0) as u64,
        invalid: Vec::new(),
    }
}

/// A comparison where B takes `cpu_factor` times the processor time of A, on a machine that gets slower all the while.
fn made_up(rounds: u32, seed: u64, cpu_factor: f64) -> Comparison {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut comparison = comparison(rounds);
    let mut slower = 1.0;
    compare(&mut comparison, |side, _| {
        slower += 0.03;
        let factor = if side == Side::B { cpu_factor } else { 1.0 };
        Ok::<_, Infallible>(figures(&mut random, factor * slower))
    })
    .unwrap();
    comparison
}

fn ratio_of(comparison: &Comparison, figure: Figure) -> Ratio {
    let mut ratios = comparison.ratios().into_iter();
    ratios.find(|ratio| ratio.figure == figure).unwrap()
}

/// B's runs are those of A in another order: their ratios multiply to one, so they never lie all on one side of it.
#[test]
fn what_is_the_same_is_not_told_apart() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let runs: Vec<Figures> = (0..6).map(|_| figures(&mut random, 1.0)).collect();
    let mut comparison = comparison(6);
    compare(&mut comparison, |side, round| {
        let shift = usize::from(side == Side::B);
        Ok::<_, Infallible>(runs[(round as usize + shift) % runs.len()].clone())
    })
    .unwrap();
    assert!(comparison.is_valid());
    let ratios = comparison.ratios();
    assert_eq!(ratios.len(), Figure::ALL.len());
    for ratio in ratios {
        let spread = ratio.spread;
        assert!(spread.low <= 1.0 && spread.high >= 1.0, "{ratio:?}");
        assert!(!ratio.differs, "{ratio:?}");
    }
}

#[test]
fn a_tenth_more_is_outside_the_interval_and_close_to_a_tenth() {
    for seed in 0..50 {
        let ratio = ratio_of(&made_up(6, seed, 1.1), Figure::CpuUsPerDelivered);
        assert!(ratio.differs && ratio.spread.low > 1.0, "{seed} {ratio:?}");
        assert!((ratio.spread.median - 1.1).abs() < 0.05, "{seed} {ratio:?}");
    }
}

#[test]
fn the_interval_holds_the_truth_as_often_as_it_says() {
    for (rounds, says) in [(5, 0.9375), (7, 0.984), (9, 0.961)] {
        let comparisons = 600;
        let held = (0..comparisons).filter(|seed| {
            let spread = ratio_of(&made_up(rounds, *seed, 1.0), Figure::ResidentMib).spread;
            assert!((spread.confidence - says).abs() < 0.001, "{spread:?}");
            spread.low <= 1.0 && spread.high >= 1.0
        });
        let share = held.count() as f64 / comparisons as f64;
        let deviation = (says * (1.0 - says) / comparisons as f64).sqrt();
        assert!(
            (share - says).abs() < 4.0 * deviation,
            "{rounds} rounds: {share}"
        );
    }
}

#[test]
fn too_few_rounds_claim_nothing() {
    let ratio = ratio_of(&made_up(4, 1, 2.0), Figure::CpuUsPerDelivered);
    assert!(ratio.spread.low > 1.0 && !ratio.differs, "{ratio:?}");
}

#[test]
fn an_invalid_run_takes_its_round_out_and_the_comparison_with_it() {
    let mut comparison = made_up(6, 1, 1.1);
    comparison.runs[3].figures.invalid = vec!["the load was the limit".to_owned()];
    assert!(!comparison.is_valid());
    assert_eq!(ratio_of(&comparison, Figure::Syncs).by_round.len(), 5);
    let text = table(&comparison);
    assert!(
        text.contains("invalid: A of round 2: the load was the limit"),
        "{text}"
    );
}

#[test]
fn a_run_that_cannot_be_made_keeps_those_before_it() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut comparison = comparison(5);
    let stopped = compare(&mut comparison, |side, round| {
        if (side, round) == (Side::A, 2) {
            return Err(std::io::Error::other("no room"));
        }
        Ok(figures(&mut random, 1.0))
    });
    assert_eq!(stopped.unwrap_err().to_string(), "A of round 2: no room");
    assert_eq!(comparison.runs.len(), 3);
    assert!(!comparison.is_valid());
    let text = table(&comparison);
    assert!(text.contains("3 of 10 runs"), "{text}");
}

#[test]
fn the_table_names_what_is_better_and_what_is_worse() {
    for (factor, verdict) in [(0.9, " better"), (1.1, " worse")] {
        let text = table(&made_up(6, 2, factor));
        assert!(text.contains("97 % interval"), "{text}");
        let cpu = text.lines().find(|line| line.starts_with("CPU")).unwrap();
        assert!(cpu.ends_with(verdict), "{text}");
    }
}

#[test]
fn a_line_tells_of_a_run_what_matters() {
    let mut comparison = made_up(5, 1, 1.0);
    let line = comparison.runs[2].to_string();
    assert!(
        line.starts_with("round 2 B:  CPU, µs a delivered message 1"),
        "{line}"
    );
    comparison.runs[2].figures = Figures {
        invalid: vec!["no message came".to_owned()],
        ..Figures::default()
    };
    let line = comparison.runs[2].to_string();
    assert!(line.ends_with("ms -  invalid: no message came"), "{line}");
}

#[test]
fn the_file_holds_every_run_and_names_no_folder() {
    let mut comparison = made_up(5, 1, 1.1);
    comparison.a.ringpost = Some("/srv/builds/ringpost".into());
    let origin = Origin {
        command: "ringpost-bench compare pairs".to_owned(),
        machine: Machine::read().unwrap(),
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("comparison.json");
    comparison.write(&path, &origin).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    assert!(!text.contains("/srv"), "{text}");
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(file["is_valid"], true);
    assert_eq!(file["comparison"]["runs"].as_array().unwrap().len(), 10);
    let cpu = &file["ratios"][0];
    assert_eq!(cpu["figure"], "cpu_us_per_delivered");
    assert_eq!(cpu["differs"], true);
    assert_eq!(cpu["by_round"].as_array().unwrap().len(), 5);
}
