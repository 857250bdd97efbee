//! From TOML to a checked `Scenario`: takes text or a table, gives the scenario or the first wrong field, by its full name.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::check::check;
use super::error::ScenarioError;
use super::kind::Load;
use super::scenario_file::{Arrivals, Scenario};
use super::sizes::Sizes;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    about: String,
    #[serde(default = "one")]
    seed: u64,
    #[serde(default = "warm_up_s")]
    warm_up_s: u64,
    #[serde(default = "seconds")]
    seconds: u64,
    #[serde(default)]
    arrivals: Arrivals,
    payload: Option<Table>,
    load: Table,
}

/// A field that is wrong: its full name, and what is wrong with it.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) key: String,
    pub(super) message: String,
}

impl Wrong {
    fn at(self, origin: &str) -> ScenarioError {
        ScenarioError::Field {
            origin: origin.to_owned(),
            key: self.key,
            message: self.message,
        }
    }
}

/// Reads and checks a text.
pub(super) fn from_text(text: &str, origin: &str) -> Result<Scenario, ScenarioError> {
    let table: Table = text
        .parse()
        .map_err(|error: toml::de::Error| ScenarioError::NotToml {
            origin: origin.to_owned(),
            message: error.to_string(),
        })?;
    from_table(table).map_err(|wrong| wrong.at(origin))
}

/// Lays `settings` over a scenario.
pub(super) fn with(
    scenario: &Scenario,
    settings: &[(&str, &str)],
) -> Result<Scenario, ScenarioError> {
    let mut table =
        Table::try_from(scenario).expect("within TOML's range: checked when it was made");
    for (key, text) in settings {
        set(&mut table, key, text).map_err(|wrong| wrong.at(&format!("--set {key}={text}")))?;
    }
    from_table(table).map_err(|wrong| {
        let setting = settings.iter().rfind(|(key, _)| *key == wrong.key);
        let origin = setting.map_or(scenario.name.clone(), |(key, text)| {
            format!("--set {key}={text}")
        });
        wrong.at(&origin)
    })
}

fn from_table(table: Table) -> Result<Scenario, Wrong> {
    let file: File = read(Value::Table(table), "")?;
    let scenario = Scenario {
        name: file.name,
        about: file.about,
        seed: file.seed,
        warm_up_s: file.warm_up_s,
        seconds: file.seconds,
        arrivals: file.arrivals,
        payload: file.payload.map_or(Ok(Sizes::Ciphertext {}), payload)?,
        load: load(file.load)?,
    };
    check(&scenario)?;
    Ok(scenario)
}

fn load(mut table: Table) -> Result<Load, Wrong> {
    let kind = take_kind(&mut table, "load", &Load::KINDS)?;
    let rest = Value::Table(table);
    match kind.as_str() {
        "pairs" => read(rest, "load").map(Load::Pairs),
        "offline-drain" => read(rest, "load").map(Load::OfflineDrain),
        "reconnect-storm" => read(rest, "load").map(Load::ReconnectStorm),
        "idle-million" => read(rest, "load").map(Load::IdleMillion),
        "slow-readers" => read(rest, "load").map(Load::SlowReaders),
        "hot-chat" => read(rest, "load").map(Load::HotChat),
        "overload" => read(rest, "load").map(Load::Overload),
        "day" => read(rest, "load").map(Load::Day),
        _ => Err(unknown_kind("load", &kind, &Load::KINDS)),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixed {
    bytes: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogNormal {
    median_bytes: u32,
    sigma: f64,
    max_bytes: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ciphertext {}

fn payload(mut table: Table) -> Result<Sizes, Wrong> {
    let kind = take_kind(&mut table, "payload", &Sizes::KINDS)?;
    let rest = Value::Table(table);
    match kind.as_str() {
        "fixed" => read(rest, "payload").map(|Fixed { bytes }| Sizes::Fixed { bytes }),
        "log-normal" => read(rest, "payload").map(|sizes: LogNormal| Sizes::LogNormal {
            median_bytes: sizes.median_bytes,
            sigma: sizes.sigma,
            max_bytes: sizes.max_bytes,
        }),
        "ciphertext" => read(rest, "payload").map(|Ciphertext {}| Sizes::Ciphertext {}),
        _ => Err(unknown_kind("payload", &kind, &Sizes::KINDS)),
    }
}

fn take_kind(table: &mut Table, group: &str, kinds: &[&str]) -> Result<String, Wrong> {
    match table.remove("kind") {
        Some(Value::String(kind)) => Ok(kind),
        Some(other) => Err(unknown_kind(group, &other.to_string(), kinds)),
        None => Err(Wrong {
            key: format!("{group}.kind"),
            message: format!("is missing; it is one of {}", kinds.join(", ")),
        }),
    }
}

fn unknown_kind(group: &str, kind: &str, kinds: &[&str]) -> Wrong {
    Wrong {
        key: format!("{group}.kind"),
        message: format!("one of {}, not {kind}", kinds.join(", ")),
    }
}

/// Reads `value`, the table named `group` (empty for the whole file).
fn read<T: DeserializeOwned>(value: Value, group: &str) -> Result<T, Wrong> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { "" } else { &path };
        let text = error.inner().to_string();
        let text = text.lines().next().unwrap_or_default();
        let missing = text
            .strip_prefix("missing field `")
            .and_then(|rest| rest.strip_suffix('`'));
        let (last, message) = match missing {
            Some(field) => (field, "is missing".to_owned()),
            None => (path, plain(text)),
        };
        let key = [group, last];
        let key: Vec<&str> = key.into_iter().filter(|part| !part.is_empty()).collect();
        Wrong {
            key: key.join("."),
            message,
        }
    })
}

/// The reader's message with the names of types as words.
fn plain(text: &str) -> String {
    text.replace("expected u32", "expected a whole number from 0")
        .replace("expected u64", "expected a whole number from 0")
        .replace("expected f64", "expected a number")
        .replace("expected a map", "expected a table")
}

fn set(table: &mut Table, key: &str, text: &str) -> Result<(), Wrong> {
    let (group, field) = match key.split_once('.') {
        None => (table, key),
        Some((group, field)) => match table.get_mut(group).and_then(Value::as_table_mut) {
            Some(inner) => (inner, field),
            None => {
                return Err(Wrong {
                    key: key.to_owned(),
                    message: "unknown; a field is named as name, payload.FIELD or load.FIELD"
                        .to_owned(),
                });
            }
        },
    };
    if field == "kind" {
        group.clear();
    }
    let is_text = group.get(field).is_some_and(Value::is_str);
    let parsed = text_as_toml(text).filter(|value| value.is_str() || !is_text);
    let value = parsed.unwrap_or_else(|| Value::String(text.to_owned()));
    group.insert(field.to_owned(), value);
    Ok(())
}

fn text_as_toml(text: &str) -> Option<Value> {
    format!("value = {text}")
        .parse::<Table>()
        .ok()?
        .remove("value")
}

fn one() -> u64 {
    1
}

fn warm_up_s() -> u64 {
    5
}

fn seconds() -> u64 {
    30
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIRS: &str = "name = \"a\"\nabout = \"b\"\n[load]\nkind = \"pairs\"\npairs = 5\n";

    /// The message for a text that is refused.
    fn refusal(text: &str) -> String {
        let error = from_text(text, "file.toml").expect_err("wrong");
        error.to_string()
    }

    fn refusal_of_pairs(line: &str) -> String {
        refusal(&format!("{PAIRS}{line}\n"))
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let scenario = from_text(PAIRS, "file.toml").expect("valid");
        assert_eq!(
            (scenario.seed, scenario.warm_up_s, scenario.seconds),
            (1, 5, 30)
        );
        assert_eq!(scenario.payload, Sizes::Ciphertext {});
        assert_eq!(scenario.arrivals, Arrivals::Poisson);
        let Load::Pairs(load) = &scenario.load else {
            panic!("pairs, not {:?}", scenario.load);
        };
        assert_eq!(
            (load.in_flight, load.rate, load.chats_per_sender),
            (16, 0, 1)
        );
    }

    #[test]
    fn a_refusal_names_file_field_and_what_is_allowed() {
        for (line, expected) in [
            (
                "in_flight = 17",
                "file.toml: load.in_flight: a number from 1 to 16, not 17",
            ),
            (
                "in_flight = 0",
                "file.toml: load.in_flight: a number from 1 to 16, not 0",
            ),
            (
                "chats_per_sender = 6",
                "load.chats_per_sender: a number from 1 to 5, not 6",
            ),
            (
                "rate = -1",
                "load.rate: invalid value: integer `-1`, expected a whole number",
            ),
            (
                "rate = \"fast\"",
                "load.rate: invalid type: string \"fast\", expected a whole number",
            ),
            (
                "pears = 5",
                "load.pears: unknown field `pears`, expected one of `pairs`",
            ),
            (
                "[payload]",
                "payload.kind: is missing; it is one of fixed, log-normal, ciphertext",
            ),
            ("[payload]\nkind = \"fixed\"", "payload.bytes: is missing"),
            (
                "[payload]\nkind = \"large\"",
                "payload.kind: one of fixed, log-normal, ciphertext, not large",
            ),
            (
                "[payload]\nkind = \"fixed\"\nbytes = 61441",
                "payload.bytes: a number from 16 to 61440",
            ),
            ("[extra]", "extra: unknown field `extra`"),
        ] {
            let message = refusal_of_pairs(line);
            assert!(message.contains(expected), "{message}\n, not {expected}");
        }
    }

    #[test]
    fn files_that_are_no_scenarios_are_refused() {
        for (text, expected) in [
            ("name = ", "file.toml is not valid TOML"),
            ("", "file.toml: name: is missing"),
            (
                "name = \"a\"\nabout = \"b\"\nload = 3",
                "load: invalid type",
            ),
            (
                "name = \"a\"\nabout = \"b\"\n[load]\nkind = \"pears\"",
                "load.kind: one of pairs, offline-drain",
            ),
            (
                "name = \"A b\"\nabout = \"b\"\n[load]\nkind = \"pairs\"\npairs = 1",
                "name: 1 to 40 lower-case",
            ),
        ] {
            let message = refusal(text);
            assert!(message.contains(expected), "{message}\n, not {expected}");
        }
    }

    #[test]
    fn settings_lie_over_the_file_and_are_checked_alike() {
        let scenario = from_text(PAIRS, "file.toml").expect("valid");
        let settings = [
            ("load.pairs", "7"),
            ("about", "7"),
            ("arrivals", "even"),
            ("payload.kind", "fixed"),
            ("payload.bytes", "64"),
        ];
        let changed = with(&scenario, &settings).expect("valid");
        assert_eq!(changed.about, "7");
        assert_eq!(changed.arrivals, Arrivals::Even);
        assert_eq!(changed.payload, Sizes::Fixed { bytes: 64 });
        for (setting, expected) in [
            (
                ("load.pairs", "0"),
                "--set load.pairs=0: load.pairs: a number from 1 to 500000, not 0",
            ),
            (
                ("load.pairs", "many"),
                "--set load.pairs=many: load.pairs: invalid type",
            ),
            (
                ("load.pears", "1"),
                "--set load.pears=1: load.pears: unknown field",
            ),
            (
                ("lode.pairs", "1"),
                "--set lode.pairs=1: lode.pairs: unknown",
            ),
            (
                ("arrivals", "late"),
                "--set arrivals=late: arrivals: unknown variant `late`",
            ),
        ] {
            let message = with(&scenario, &[setting]).expect_err("wrong").to_string();
            assert!(message.contains(expected), "{message}\n, not {expected}");
        }
    }
}
