//! The command line of `compare`: the scenario, how many rounds, and in what A and B differ.

use std::path::PathBuf;

use clap::Args;

use super::comparison::Comparison;
use super::settings::SideSettings;

/// A setting or variable: its name and its value.
type Assignment = (String, String);

/// Puts a scenario on A and on B in turns, and compares. A and B differ in their program, their node's settings, or the
/// scenario's values.
#[derive(Clone, Debug, Args)]
pub struct CompareArguments {
    /// The scenario: its name, or its file.
    pub scenario: String,
    /// Rounds; each runs A and B once. Under five no difference is claimed.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,
    /// What A is called.
    #[arg(long, default_value = "A", value_name = "NAME")]
    pub a: String,
    /// What B is called.
    #[arg(long, default_value = "B", value_name = "NAME")]
    pub b: String,
    /// A's `ringpost` [default: this checkout's].
    #[arg(long, value_name = "FILE")]
    pub a_ringpost: Option<PathBuf>,
    /// B's `ringpost` [default: this checkout's].
    #[arg(long, value_name = "FILE")]
    pub b_ringpost: Option<PathBuf>,
    /// An argument of A's node; may be repeated.
    #[arg(long, value_name = "ARGUMENT", allow_hyphen_values = true)]
    pub a_node_arg: Vec<String>,
    /// An argument of B's node; may be repeated.
    #[arg(long, value_name = "ARGUMENT", allow_hyphen_values = true)]
    pub b_node_arg: Vec<String>,
    /// An environment variable of A's node; may be repeated.
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
    pub a_node_env: Vec<Assignment>,
    /// An environment variable of B's node; may be repeated.
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
    pub b_node_env: Vec<Assignment>,
    /// A value of the scenario on both sides; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = assignment)]
    pub set: Vec<Assignment>,
    /// A value of the scenario for A, over those of both; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = assignment)]
    pub a_set: Vec<Assignment>,
    /// A value of the scenario for B, over those of both; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = assignment)]
    pub b_set: Vec<Assignment>,
    /// File for every run and the ratios, as JSON.
    #[arg(long, default_value = "comparison.json", value_name = "FILE")]
    pub json: PathBuf,
}

/// A text that sets nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not of the form NAME=VALUE")]
pub struct NotAnAssignment(String);

fn assignment(text: &str) -> Result<Assignment, NotAnAssignment> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(NotAnAssignment(text.to_owned())),
    }
}

impl CompareArguments {
    /// The comparison, without any run yet.
    pub fn comparison(&self) -> Comparison {
        let values = |own: &[Assignment]| [self.set.as_slice(), own].concat();
        Comparison {
            scenario: self.scenario.clone(),
            rounds: self.rounds,
            a: SideSettings {
                name: self.a.clone(),
                ringpost: self.a_ringpost.clone(),
                program: None,
                node_arguments: self.a_node_arg.clone(),
                node_variables: self.a_node_env.clone(),
                scenario_values: values(&self.a_set),
            },
            b: SideSettings {
                name: self.b.clone(),
                ringpost: self.b_ringpost.clone(),
                program: None,
                node_arguments: self.b_node_arg.clone(),
                node_variables: self.b_node_env.clone(),
                scenario_values: values(&self.b_set),
            },
            runs: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        arguments: CompareArguments,
    }

    fn parse(line: &str) -> Result<CompareArguments, String> {
        let words = std::iter::once("compare").chain(line.split(' '));
        match Line::try_parse_from(words) {
            Ok(line) => Ok(line.arguments),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn sides_differ_in_what_is_theirs_alone() {
        let line =
            "pairs --set rate=5 --b-set rate=6 --b-node-arg --retention-days=3 --a-node-env X=y=z";
        let comparison = parse(line).unwrap().comparison();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(comparison.a.scenario_values, [pair("rate", "5")]);
        assert_eq!(
            comparison.b.scenario_values,
            [pair("rate", "5"), pair("rate", "6")]
        );
        assert_eq!(comparison.a.node_variables, [pair("X", "y=z")]);
        assert_eq!(comparison.b.node_arguments, ["--retention-days=3"]);
        assert!(!comparison.a.is_same_as(&comparison.b));
        assert_eq!(comparison.rounds, 5);
    }

    #[test]
    fn without_a_difference_the_sides_are_the_same() {
        let comparison = parse("pairs --rounds 6").unwrap().comparison();
        assert!(comparison.a.is_same_as(&comparison.b));
        assert_eq!(comparison.rounds, 6);
    }

    #[test]
    fn bad_values_are_refused_by_name() {
        for (line, named) in [
            ("pairs --set rate", "NAME=VALUE"),
            ("pairs --set =5", "NAME=VALUE"),
            ("pairs --rounds 0", "--rounds"),
            ("--rounds 3", "SCENARIO"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }
}
