//! Messages over time: a day's counts by ten minutes against the curve's integral, and steady rates.

use ringpost_bench::scenario::Scenario;
use ringpost_bench::schedule::{Action, WorldView, world};

use crate::fit::{distance, fits};
use crate::watched::{Watched, scenario};

const BINS: usize = 144;
const BIN_S: f64 = 600.0;

fn day(new_year: &str, begin_hour: &str) -> Scenario {
    let settings = [
        ("load.factor", "1e-5"),
        ("load.compress", "1440"),
        ("load.new_year", new_year),
        ("load.begin_hour", begin_hour),
        ("warm_up_s", "1"),
        ("seconds", "60"),
    ];
    scenario("day", &settings)
}

/// Counted sends by ten minutes of the world.
fn counts(scenario: &Scenario) -> Vec<f64> {
    let watched = Watched::new(scenario);
    let counted = watched.counted_ns();
    let bin_ns = (counted.end - counted.start) / BINS as u64;
    let mut counts = vec![0.0; BINS];
    for planned in watched {
        let is_send = matches!(planned.action, Action::Send { .. });
        if is_send && planned.at_ns >= counted.start {
            let bin = ((planned.at_ns - counted.start) / bin_ns) as usize;
            counts[bin.min(BINS - 1)] += 1.0;
        }
    }
    counts
}

fn model(by_hour: &[f64; 24], new_year: bool, begin_hour: f64) -> Vec<f64> {
    let view = WorldView::new(world::users(1e-5), by_hour, new_year);
    let begin = |bin: usize| begin_hour * 3600.0 + bin as f64 * BIN_S;
    (0..BINS)
        .map(|bin| view.messages(begin(bin), begin(bin + 1)))
        .collect()
}

fn shifted(hours: usize) -> [f64; 24] {
    std::array::from_fn(|hour| world::MESSAGES_BY_HOUR[(hour + hours) % 24])
}

#[test]
fn a_days_messages_follow_its_curve_and_no_other() {
    let counts = counts(&day("false", "0"));
    let right = model(&world::MESSAGES_BY_HOUR, false, 0.0);
    assert!(fits(&counts, &right), "{}", distance(&counts, &right));
    assert!(!fits(&counts, &model(&shifted(2), false, 0.0)));
    assert!(!fits(&counts, &model(&shifted(23), false, 0.0)));
    assert!(!fits(&counts, &model(&world::MESSAGES_BY_HOUR, true, 0.0)));
    let more: Vec<f64> = right.iter().map(|count| count * 1.02).collect();
    assert!(!fits(&counts, &more));
}

#[test]
fn the_new_year_breaks_at_each_midnight() {
    let counts = counts(&day("true", "7"));
    let right = model(&world::MESSAGES_BY_HOUR, true, 7.0);
    assert!(fits(&counts, &right), "{}", distance(&counts, &right));
    assert!(!fits(&counts, &model(&world::MESSAGES_BY_HOUR, false, 7.0)));
    assert!(!fits(&counts, &model(&world::MESSAGES_BY_HOUR, true, 6.0)));
    let most = (0..BINS).max_by(|a, b| counts[*a].total_cmp(&counts[*b]));
    let india = (18.5 - 7.0) * 3600.0 / BIN_S;
    assert_eq!(
        most,
        Some(india as usize),
        "the wave in India is the highest"
    );
}

#[test]
fn a_steady_rate_is_poisson_or_even_as_the_scenario_says() {
    let bins = 300;
    let counts = |arrivals: &str| {
        let settings = [
            ("load.rate", "5000"),
            ("seconds", "30"),
            ("warm_up_s", "0"),
            ("arrivals", arrivals),
        ];
        let mut counts = vec![0.0; bins];
        for planned in Watched::new(&scenario("pairs", &settings)) {
            if let Action::Send { .. } = planned.action {
                counts[(planned.at_ns / 100_000_000) as usize] += 1.0;
            }
        }
        counts
    };
    let (poisson, even) = (counts("poisson"), counts("even"));
    assert!(fits(&poisson, &vec![500.0; bins]));
    assert!(!fits(&poisson, &vec![515.0; bins]));
    assert_eq!(even, vec![500.0; bins]);
    assert!(!fits(&even, &vec![500.0; bins]), "even is no Poisson");
}

#[test]
fn poisson_pauses_are_exponential() {
    let settings = [("load.rate", "5000"), ("seconds", "20"), ("warm_up_s", "0")];
    let mut last_ns = 0;
    let bins = 40;
    let mut counts = vec![0.0; bins + 1];
    for planned in Watched::new(&scenario("pairs", &settings)) {
        if let Action::Send { .. } = planned.action {
            let bin = (planned.at_ns - last_ns) / 20_000;
            counts[(bin as usize).min(bins)] += 1.0;
            last_ns = planned.at_ns;
        }
    }
    let total: f64 = counts.iter().sum();
    let model = |mean_us: f64| {
        let above = |bin: usize| (-(bin as f64) * 20.0 / mean_us).exp();
        let shares = (0..bins).map(|bin| above(bin) - above(bin + 1));
        let shares = shares.chain([above(bins)]);
        shares.map(|share| share * total).collect::<Vec<_>>()
    };
    assert!(fits(&counts, &model(200.0)));
    assert!(!fits(&counts, &model(206.0)));
}
