//! Lanes over the in-memory engine with all its faults, some of them believing in the same shards: a seeded simulation with
//! checkers for order, loss, repeats and liveness.
//!
//! A failing seed is printed; `LANE_SEED=N cargo test -p ringpost-storage-core --test lanes seeds` runs it alone,
//! `LANE_SEEDS=N` in its place the first N seeds.

mod checks;
mod client;
mod directed;
mod lane_slot;
mod world;

use std::env;

use world::{ALL_FAULTS, Report, World};

const SEEDS: u64 = 300;

/// Which seeds to run: one that was named, as many as were asked for, or the fixed ones.
fn seeds() -> Vec<u64> {
    let number = |name: &str| {
        let text = env::var(name).ok()?;
        Some(text.parse::<u64>().expect("a number"))
    };
    match (number("LANE_SEED"), number("LANE_SEEDS")) {
        (Some(seed), _) => vec![seed],
        (None, count) => (0..count.unwrap_or(SEEDS)).collect(),
    }
}

#[test]
fn seeds_keep_order_and_lose_nothing() {
    let seeds = seeds();
    let mut sum = Report::default();
    let mut violations = Vec::new();
    for seed in &seeds {
        match World::new(*seed).run() {
            Ok(report) => sum.add(&report),
            Err(violation) => violations.push(format!("seed {seed}: {violation}")),
        }
    }
    if let Some(first) = violations.first() {
        panic!(
            "{} of {} seeds fail; {first}",
            violations.len(),
            seeds.len()
        );
    }
    if seeds.len() as u64 >= SEEDS {
        every_event_took_place(&sum);
    }
}

/// A run in which nothing happens proves nothing.
fn every_event_took_place(sum: &Report) {
    println!("{sum:#?}");
    for fault in ALL_FAULTS {
        let count = sum.faults.get(&fault).copied().unwrap_or_default();
        assert!(count >= 100, "{fault:?} took place {count} times");
    }
    let counters = [
        ("claims", sum.claims),
        ("shards lost", sum.shards_lost),
        ("settlings", sum.settlings),
        ("unknown and found landed", sum.settled_landed),
        ("unknown and found lost", sum.settled_lost),
        ("lives superseded", sum.superseded),
        ("sends answered again", sum.repeats),
        ("pages", sum.pages),
    ];
    for (name, count) in counters {
        assert!(count >= 100, "{name}: {count}");
    }
}

#[test]
fn a_seed_run_twice_agrees() {
    for seed in 0..5 {
        let run = || World::new(seed).run();
        assert_eq!(run(), run(), "seed {seed}");
    }
}
