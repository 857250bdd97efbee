//! The text of `ringpost-bench scenarios NAME`: a scenario as it would run, and what load to expect.

use std::fmt::Write as _;

use ringpost_wire::MESSAGE_HEADER_BYTES;

use crate::scenario::{Load, Scenario};

use super::expected::{Expected, expected};

/// A scenario as TOML, and under it what is expected of it.
pub fn describe(scenario: &Scenario) -> String {
    let expected = expected(scenario);
    let mut text = scenario.to_toml();
    text.push_str("\n# What to expect in the counted time\n");
    for (name, value) in lines(scenario, &expected) {
        let _ = writeln!(text, "# {name:<36} {value}");
    }
    text
}

fn lines(scenario: &Scenario, expected: &Expected) -> Vec<(&'static str, String)> {
    let rate = |value: Option<f64>| match value {
        Some(value) => number(value),
        None => "as the node allows".to_owned(),
    };
    let wire_bytes = expected.payload_bytes_mean + MESSAGE_HEADER_BYTES as f64;
    let mut lines = vec![
        ("users", number(f64::from(expected.users))),
        ("devices", number(f64::from(expected.devices))),
        ("chats", number(expected.chats as f64)),
        ("messages", rate(expected.messages)),
        (
            "messages a second, mean",
            rate(expected.messages_per_second),
        ),
        (
            "messages a second, peak",
            rate(expected.peak_messages_per_second),
        ),
        ("sessions, mean", number(expected.sessions_mean)),
        ("sessions, peak", number(expected.sessions_peak)),
        (
            "connects a second, mean",
            number(expected.connects_per_second),
        ),
        (
            "recipient away, share of messages",
            format!("{:.3}", expected.offline_share),
        ),
        ("payload, mean bytes", number(expected.payload_bytes_mean)),
        ("frame of a send, mean bytes", number(wire_bytes)),
    ];
    if let Some(peak) = expected.peak_connects_per_second {
        lines.insert(9, ("connects a second, peak", number(peak)));
    }
    if let Some(messages) = expected.messages_per_second {
        lines.push((
            "bytes of sends a second, mean",
            number(messages * wire_bytes),
        ));
    }
    if let Load::Day(day) = &scenario.load {
        let hours = scenario.seconds as f64 * f64::from(day.compress) / 3600.0;
        lines.push(("hours of the world", format!("{hours:.2}")));
        lines.push(("typing signals", number(expected.typing)));
        lines.push(("read receipts, at most", number(expected.reads_at_most)));
    }
    lines
}

/// A number with its thousands apart; one place after the point where it is small.
fn number(value: f64) -> String {
    if value < 100.0 && value.fract() > 0.001 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_reads_back_as_the_scenario() {
        for name in Scenario::built_in_names() {
            let scenario = Scenario::built_in(name).expect("built in");
            let text = describe(&scenario);
            assert_eq!(Scenario::parse(&text, name).expect("valid"), scenario);
        }
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(number(1_157_407.4), "1 157 407");
        assert_eq!(number(12.34), "12.3");
        assert_eq!(number(100.0), "100");
        assert_eq!(number(1000.0), "1 000");
    }
}
