//! Lays the sources over each other and turns them into `Settings`; remembers where each value came from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::arguments::Arguments;
use super::settings::Settings;
use super::validate::validate;

const FILE_NAME: &str = "ringpost.toml";
const VARIABLE_PREFIX: &str = "RINGPOST_";

/// Why the configuration was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The file cannot be read.
    #[error("configuration file {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("configuration file {path} is not valid TOML: {message}")]
    NotToml {
        /// The file.
        path: PathBuf,
        /// Where and what.
        message: String,
    },
    /// A value is wrong.
    #[error("{key} (from {origin}): {message}")]
    Value {
        /// The key, as in the file.
        key: String,
        /// The file, variable or flag.
        origin: String,
        /// What is wrong with it.
        message: String,
    },
}

#[derive(Default)]
struct Layers {
    values: Table,
    origins: BTreeMap<String, String>,
}

/// Values by key (`limits.sends_burst`).
pub type Values = BTreeMap<String, Value>;

/// Every value of `settings`.
pub fn values_of(settings: &Settings) -> Values {
    let table = Table::try_from(settings).unwrap_or_default();
    flatten("", table).into_iter().collect()
}

/// Loads the configuration from `arguments`, `environment` (all variables of the process) and the file, with what an
/// administrator has `ordered` over all of them.
///
/// # Errors
/// The first source that cannot be read or value that is wrong.
pub fn load(
    arguments: &Arguments,
    environment: impl Iterator<Item = (String, String)>,
    ordered: &Values,
) -> Result<Settings, ConfigurationError> {
    let mut layers = Layers::default();
    let defaults = Table::try_from(Settings::default()).unwrap_or_default();
    if let Some(path) = file_of(arguments) {
        layers.add_file(&path)?;
    }
    for (name, value) in environment {
        if let Some(key) = key_of_variable(&name) {
            layers.set(&key, parse_text(&defaults, &key, &value), &name)?;
        }
    }
    for (key, flag, value) in arguments.given() {
        layers.set(key, parse_text(&defaults, key, value), flag)?;
    }
    for (key, value) in ordered {
        layers.set(key, value.clone(), "the administrator")?;
    }
    layers.into_settings()
}

fn file_of(arguments: &Arguments) -> Option<PathBuf> {
    let default = Path::new(FILE_NAME);
    arguments
        .config
        .clone()
        .or_else(|| default.exists().then(|| default.to_owned()))
}

/// `RINGPOST_LISTEN__NATIVE` is `listen.native`.
fn key_of_variable(name: &str) -> Option<String> {
    let key = name.strip_prefix(VARIABLE_PREFIX)?;
    Some(key.to_ascii_lowercase().replace("__", "."))
}

/// A flag's or variable's text as the type that its key has by default; what does not read as that stays a text, and is
/// refused by name later.
fn parse_text(defaults: &Table, key: &str, text: &str) -> Value {
    let (groups, name) = key.rsplit_once('.').unwrap_or(("", key));
    let mut groups = groups.split('.').filter(|group| !group.is_empty());
    let table = groups.try_fold(defaults, |table, group| table.get(group)?.as_table());
    let default = table.and_then(|table| table.get(name));
    let typed = match default {
        Some(Value::Integer(_)) => text.parse().ok().map(Value::Integer),
        Some(Value::Boolean(_)) => text.parse().ok().map(Value::Boolean),
        Some(Value::Array(_)) => Some(Value::Array(parse_list(text))),
        _ => None,
    };
    typed.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// A list's texts, separated by commas.
fn parse_list(text: &str) -> Vec<Value> {
    let parts = text.split(',').map(str::trim);
    let parts = parts.filter(|part| !part.is_empty());
    parts.map(|part| Value::String(part.to_owned())).collect()
}

impl Layers {
    fn add_file(&mut self, path: &Path) -> Result<(), ConfigurationError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigurationError::Unreadable {
                path: path.to_owned(),
                source,
            })?;
        let table: Table =
            text.parse()
                .map_err(|error: toml::de::Error| ConfigurationError::NotToml {
                    path: path.to_owned(),
                    message: without_text(&error, &text),
                })?;
        let origin = path.display().to_string();
        for (key, value) in flatten("", table) {
            self.set(&key, value, &origin)?;
        }
        Ok(())
    }

    fn set(&mut self, key: &str, value: Value, origin: &str) -> Result<(), ConfigurationError> {
        let mut table = &mut self.values;
        let (path, last) = key.rsplit_once('.').unwrap_or(("", key));
        for part in path.split('.').filter(|part| !part.is_empty()) {
            let inner = table
                .entry(part)
                .or_insert_with(|| Value::Table(Table::new()));
            table = inner
                .as_table_mut()
                .ok_or_else(|| ConfigurationError::Value {
                    key: key.to_owned(),
                    origin: origin.to_owned(),
                    message: format!("{part} is a value, not a group"),
                })?;
        }
        table.insert(last.to_owned(), value);
        self.origins.insert(key.to_owned(), origin.to_owned());
        Ok(())
    }

    fn into_settings(self) -> Result<Settings, ConfigurationError> {
        let origins = self.origins;
        let wrong = |key: String, message: String| ConfigurationError::Value {
            origin: origin_of(&origins, &key),
            key,
            message,
        };
        let settings: Settings = serde_path_to_error::deserialize(Value::Table(self.values))
            .map_err(|error| {
                let key = error.path().to_string();
                let message = without_value(&key, error.inner().message());
                wrong(key, message)
            })?;
        validate(&settings)
            .map_err(|error| wrong(error.key.to_owned(), format!("expected {}", error.expected)))?;
        Ok(settings)
    }
}

/// What is wrong with a file, and in which line, without the line: it could hold a secret.
fn without_text(error: &toml::de::Error, text: &str) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map(|before| before.matches('\n').count() + 1);
    match line {
        Some(line) => format!("line {line}: {}", error.message()),
        None => error.message().to_owned(),
    }
}

/// The message about a value, without the value where someone could have put a secret.
fn without_value(key: &str, message: &str) -> String {
    let is_near_secrets = ["auth", "tls"]
        .iter()
        .any(|group| key.split('.').next() == Some(group));
    match message.split_once(", expected ") {
        Some((_, expected)) if is_near_secrets => format!("expected {expected}"),
        _ => message.to_owned(),
    }
}

fn origin_of(origins: &BTreeMap<String, String>, key: &str) -> String {
    let inside = |known: &&String| known.as_str() == key || known.starts_with(&format!("{key}."));
    let known = origins.keys().find(inside);
    known
        .and_then(|known| origins.get(known))
        .cloned()
        .unwrap_or_else(|| "the defaults".to_owned())
}

fn flatten(prefix: &str, table: Table) -> Vec<(String, Value)> {
    let mut flat = Vec::new();
    for (name, value) in table {
        let key = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            Value::Table(inner) => flat.extend(flatten(&key, inner)),
            value => flat.push((key, value)),
        }
    }
    flat
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::Engine;
    use crate::store::HAS_FOUNDATIONDB;

    fn load_from(
        file: &str,
        variables: &[(&str, &str)],
        arguments: Arguments,
    ) -> Result<Settings, String> {
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let path = directory.path().join(FILE_NAME);
        std::fs::write(&path, file).map_err(|error| error.to_string())?;
        let arguments = Arguments {
            config: Some(path),
            ..arguments
        };
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        load(&arguments, variables, &Values::new()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_flag_wins_over_a_variable_and_a_variable_over_the_file() {
        let file = "cores = 1\n[listen]\nnative = \"127.0.0.1:1\"\nhttp = \"127.0.0.1:2\"\n";
        let variables = [
            ("RINGPOST_LISTEN__NATIVE", "127.0.0.1:3"),
            ("RINGPOST_CORES", "2"),
            ("HOME", "/"),
        ];
        let arguments = Arguments {
            cores: Some("3".to_owned()),
            ..Arguments::default()
        };
        let settings = load_from(file, &variables, arguments).unwrap();
        assert_eq!(settings.cores, 3);
        assert_eq!(settings.listen.native.port(), 3);
        assert_eq!(settings.listen.http.port(), 2);
    }

    #[test]
    fn a_wrong_value_near_secrets_is_not_repeated() {
        let misplaced = "0123456789abcdef";
        for file in [
            format!("auth.local_secret = \"{misplaced}\"\n"),
            format!("auth.keys = \"{misplaced}\"\n"),
            format!("[[auth.keys]]\nkid = \"a\"\nalgorithm = \"{misplaced}\"\nfile = \"b\"\n"),
            format!("auth = \"{misplaced}\"\n"),
            format!("cores = 1\nauth.{misplaced}\n"),
            format!("[auth]\nlocal_secret = {misplaced}\n"),
        ] {
            let error = load_from(&file, &[], Arguments::default()).unwrap_err();
            assert!(!error.contains(misplaced), "{error}");
        }
        let variables = [("RINGPOST_AUTH__LOCAL_SECRET", misplaced)];
        let error = load_from("", &variables, Arguments::default()).unwrap_err();
        assert_eq!(
            error,
            "auth.local_secret (from RINGPOST_AUTH__LOCAL_SECRET): expected a boolean"
        );
    }

    #[test]
    fn a_wrong_value_names_itself_and_its_source() {
        let cores = Arguments {
            cores: Some("many".to_owned()),
            ..Arguments::default()
        };
        let error = load_from("", &[], cores).unwrap_err();
        assert!(error.starts_with("cores (from --cores): "), "{error}");

        let error = load_from(
            "",
            &[("RINGPOST_LISTEN__HTTP", "here")],
            Arguments::default(),
        )
        .unwrap_err();
        assert!(
            error.starts_with("listen.http (from RINGPOST_LISTEN__HTTP): "),
            "{error}"
        );

        let error = load_from("[store]\noverlay_mib = 1\n", &[], Arguments::default()).unwrap_err();
        assert!(error.starts_with("store.overlay_mib (from /"), "{error}");
        assert!(error.contains("8 to 65536"), "{error}");

        let days = [("RINGPOST_STORE__DEVICE_UNSEEN_DAYS", "0")];
        let error = load_from("", &days, Arguments::default()).unwrap_err();
        assert!(error.contains("1 to 3650"), "{error}");
    }

    #[test]
    fn a_store_is_refused_by_name_and_with_what_would_be_right() {
        let store = |name: &str| Arguments {
            store: Some(name.to_owned()),
            ..Arguments::default()
        };
        let settings = load_from("", &[], store("embedded")).unwrap();
        assert_eq!(settings.store.engine, Engine::Embedded);

        let error = load_from("", &[], store("files")).unwrap_err();
        assert!(
            error.starts_with("store.engine (from --store): "),
            "{error}"
        );
        let names_both = error.contains("embedded") && error.contains("foundationdb");
        assert!(names_both, "{error}");

        match load_from("", &[], store("foundationdb")) {
            Ok(settings) => {
                assert!(HAS_FOUNDATIONDB && settings.store.engine == Engine::FoundationDb)
            }
            Err(error) => {
                assert!(
                    !HAS_FOUNDATIONDB && error.contains("--features foundationdb"),
                    "{error}"
                );
            }
        }

        let error = load_from("[store]\nnode = 65536\n", &[], Arguments::default()).unwrap_err();
        assert!(
            error.contains("store.node") && error.contains("1 to 65535"),
            "{error}"
        );
        let threads = [("RINGPOST_STORE__CLIENT_THREADS", "0")];
        let error = load_from("", &threads, Arguments::default()).unwrap_err();
        assert!(error.contains("RINGPOST_STORE__CLIENT_THREADS"), "{error}");
    }

    #[test]
    fn a_text_that_reads_as_a_number_stays_a_text_where_one_belongs() {
        let variables = [
            ("RINGPOST_DATA_DIR", "2024"),
            ("RINGPOST_AUTH__ISSUER", "123"),
        ];
        let settings = load_from("", &variables, Arguments::default()).unwrap();
        assert_eq!(settings.data_dir, PathBuf::from("2024"));
        assert_eq!(settings.auth.issuer, "123");
    }

    #[test]
    fn a_list_is_read_from_one_text() {
        let from = |text: &'static str| {
            let variables = [("RINGPOST_LISTEN__PROXY_PROTOCOL_FROM", text)];
            load_from("", &variables, Arguments::default())
        };
        let settings = from("10.0.0.0/8, ::1").unwrap();
        assert_eq!(settings.listen.proxy_protocol_from, ["10.0.0.0/8", "::1"]);
        let error = from("10.0.0.1/8").unwrap_err();
        assert!(error.starts_with("listen.proxy_protocol_from"), "{error}");
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let error =
            load_from("[store]\nretention_dais = 3\n", &[], Arguments::default()).unwrap_err();
        assert!(error.contains("retention_dais"), "{error}");
        let error = load_from("", &[("RINGPOST_COARSE", "3")], Arguments::default()).unwrap_err();
        assert!(error.contains("coarse"), "{error}");
    }

    #[test]
    fn broken_files_are_refused() {
        assert!(
            load_from("cores = ", &[], Arguments::default())
                .unwrap_err()
                .contains("not valid TOML")
        );
        let missing = Arguments {
            config: Some(PathBuf::from("no/such.toml")),
            ..Arguments::default()
        };
        assert!(
            load(&missing, std::iter::empty(), &Values::new())
                .unwrap_err()
                .to_string()
                .contains("no/such.toml")
        );
    }
}
