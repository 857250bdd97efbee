//! `docs/scenarios.md` against the code: every field is there, and the bounds that it gives are those that are checked.

use ringpost_bench::scenario::{Load, Scenario, Sizes};
use ringpost_bench::schedule::world;

const PAGE: &str = include_str!("../../../docs/scenarios.md");

/// A row of a table of fields: the heading it is under, the field, and what is allowed.
struct Row {
    heading: String,
    field: String,
    default: String,
    allowed: String,
}

fn rows() -> Vec<Row> {
    let mut heading = String::new();
    let mut rows = Vec::new();
    for line in PAGE.lines() {
        if line.starts_with('#') {
            heading = line
                .trim_start_matches('#')
                .trim()
                .trim_matches('`')
                .to_owned();
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let [_, field, _, default, allowed, _, _] = cells[..]
            && field.starts_with('`')
        {
            rows.push(Row {
                heading: heading.clone(),
                field: field.trim_matches('`').to_owned(),
                default: default.trim_matches('`').to_owned(),
                allowed: allowed.to_owned(),
            });
        }
    }
    rows
}

/// A scenario that has the fields under a heading, with nothing else in the way of their bounds.
fn with_fields_of(heading: &str) -> Scenario {
    let base = |name: &str, settings: &[(&str, &str)]| {
        let scenario = Scenario::built_in(name).expect("built in");
        scenario
            .with(settings)
            .unwrap_or_else(|error| panic!("{error}"))
    };
    match heading {
        "fixed" => base(
            "pairs",
            &[("payload.kind", "fixed"), ("payload.bytes", "61440")],
        ),
        "log-normal" => base(
            "pairs",
            &[
                ("payload.kind", "log-normal"),
                ("payload.median_bytes", "100"),
                ("payload.sigma", "1.0"),
                ("payload.max_bytes", "61440"),
            ],
        ),
        "offline-drain" => base(heading, &[("load.messages", "1"), ("load.senders", "1")]),
        "reconnect-storm" => base(
            heading,
            &[
                ("load.pairs_active", "0"),
                ("load.rate", "0"),
                ("load.senders", "1"),
            ],
        ),
        "idle-million" => base(heading, &[("load.rate", "0"), ("load.active_pairs", "0")]),
        kind if Load::KINDS.contains(&kind) => base(kind, &[]),
        _ => base("pairs", &[]),
    }
}

#[test]
fn bounds_are_those_that_are_checked() {
    let mut tried = 0;
    for row in rows() {
        let Some((least, most)) = row.allowed.split_once(" to ") else {
            continue;
        };
        let most = most.split(',').next().unwrap_or(most);
        let (Ok(least), Ok(most)) = (least.parse::<f64>(), most.parse::<f64>()) else {
            continue;
        };
        let scenario = with_fields_of(&row.heading);
        let set = |text: &str| scenario.with(&[(row.field.as_str(), text)]);
        let is_share = row.field.ends_with("share")
            || row.field.ends_with("factor")
            || row.field.ends_with("sigma");
        let beyond = if is_share {
            [format!("{}", least - 1e-8), format!("{}", most + 0.01)]
        } else {
            [format!("{:.0}", least - 1.0), format!("{:.0}", most + 1.0)]
        };
        for value in [least, most] {
            let text = if row.field == "seed" && value > 0.0 {
                i64::MAX.to_string()
            } else {
                value.to_string()
            };
            if let Err(error) = set(&text) {
                panic!("{}: {} is allowed but {error}", row.heading, row.field);
            }
        }
        for text in beyond {
            let error = set(&text).err().map(|error| error.to_string());
            let names = error
                .as_ref()
                .is_some_and(|error| error.contains(&row.field));
            let is_toml_limit = row.field == "seed";
            assert!(names || is_toml_limit, "{} = {text}: {error:?}", row.field);
        }
        tried += 1;
    }
    assert!(tried > 20, "only {tried} bounds were found");
}

#[test]
fn defaults_are_those_that_are_taken() {
    let text = "name = \"a\"\nabout = \"b\"\n[load]\nkind = \"pairs\"\npairs = 5\n";
    let whole = Scenario::parse(text, "text").expect("valid").to_toml();
    for row in rows() {
        let is_of_pairs = ["pairs", "2. Fields of every scenario"].contains(&row.heading.as_str());
        if !is_of_pairs || row.default == "none" {
            continue;
        }
        let field = row.field.trim_start_matches("load.");
        let plain = format!("{field} = {}", row.default);
        let quoted = format!("{field} = \"{}\"", row.default);
        assert!(
            whole.lines().any(|line| line == plain || line == quoted),
            "{plain}\n{whole}"
        );
    }
}

#[test]
fn every_field_kind_and_constant_is_there() {
    let rows = rows();
    for name in Scenario::built_in_names() {
        let scenario = Scenario::built_in(name).expect("built in");
        let table: toml::Table = scenario.to_toml().parse().expect("TOML");
        for (key, value) in &table {
            let keys: Vec<String> = match value.as_table() {
                Some(inner) => inner.keys().map(|field| format!("{key}.{field}")).collect(),
                None => vec![key.clone()],
            };
            for key in keys.iter().filter(|key| !key.ends_with(".kind")) {
                let is_under =
                    |row: &&Row| !key.contains('.') || row.heading == scenario.load.kind();
                let found = rows.iter().filter(is_under).any(|row| row.field == *key);
                assert!(found, "{key} of {name} is not there");
            }
        }
    }
    for kind in Load::KINDS.iter().chain(&Sizes::KINDS) {
        assert!(PAGE.contains(&format!("### `{kind}`")), "{kind}");
    }
    for region in world::REGIONS {
        let share = format!("| {:.0} % |", region.share * 100.0);
        let is_there = |line: &str| line.contains(region.name) && line.ends_with(&share);
        assert!(PAGE.lines().any(is_there), "{}", region.name);
    }
    let hours = world::MESSAGES_BY_HOUR
        .map(|value| format!("{value:.2}"))
        .join(" | ");
    assert!(PAGE.contains(&format!("| {hours} |")));
}
