//! What the model says of the whole world, against what is publicly known of it.

use ringpost_bench::scenario::Scenario;
use ringpost_bench::schedule::{Schedule, ScheduleError, describe, expected};

use crate::watched::scenario;

fn world() -> Scenario {
    let settings = [
        ("load.factor", "1"),
        ("load.compress", "1"),
        ("seconds", "86400"),
    ];
    scenario("day", &settings)
}

#[test]
fn the_world_sends_a_hundred_billion_messages_a_day() {
    let expected = expected(&world());
    assert_eq!(expected.users, 1_000_000_000);
    let messages = expected.messages.expect("a day has a rate");
    assert!((messages / 100e9 - 1.0).abs() < 1e-9);
    let mean = expected.messages_per_second.expect("a day has a rate");
    assert!((mean - 1_157_407.4).abs() < 1.0);
    let sessions = 1e9 * 41.0 * 640.0 / 86_400.0;
    assert!((expected.sessions_mean / sessions - 1.0).abs() < 1e-6);
}

#[test]
fn peaks_are_near_those_that_were_told_in_2014() {
    let expected = expected(&world());
    let peak = expected.peak_messages_per_second.expect("a day has a peak");
    let ratio = peak / expected.messages_per_second.expect("a day has a rate");
    assert!((1.2..1.6).contains(&ratio), "{ratio}; told: 1.5");
    let connected = expected.sessions_peak / f64::from(expected.users);
    assert!((0.35..0.50).contains(&connected), "{connected}; told: 0.45");
}

#[test]
fn the_world_is_shown_but_not_run() {
    let text = describe(&world());
    assert!(text.contains("1 157 407"), "{text}");
    let error = Schedule::new(&world()).expect_err("a billion users");
    let users = 1_000_000_000;
    assert_eq!(error, ScheduleError::TooManyUsers { factor: 1.0, users });
    assert!(error.to_string().contains("load.factor"));
}
