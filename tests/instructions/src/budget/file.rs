//! The file of the budget: read, checked, written. Costs are rounded to two decimals there.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Tools;
use crate::STAGES;
use crate::measure::Cost;

const HEADER: &str = "\
# What one operation of each stage may cost. Held by `.ci/instructions`; docs/benchmarks-micro.md tells how to read it.
# Figures are written by `instructions budget write`, percentages by hand.
";

/// What one operation of a stage may cost.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageBudget {
    /// Instructions.
    pub instructions: f64,
    /// Calls of the allocator that give memory.
    pub allocations: f64,
}

/// The file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// How far above its budget a stage may be, in percent.
    pub above_percent: f64,
    /// How far above where other tools built and ran the program, in percent.
    pub above_percent_other_tools: f64,
    /// How far below its budget a stage may be before the budget must be lowered, in percent.
    pub below_percent: f64,
    /// Those with which the stages were counted.
    pub tools: Tools,
    /// The stages, by name.
    pub stages: BTreeMap<String, StageBudget>,
}

/// Why there is no budget.
#[derive(Debug, thiserror::Error)]
pub enum BudgetError {
    /// The file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is no budget.
    #[error("the budget is not understood: {0}")]
    Text(#[from] toml::de::Error),
    /// It names other stages than there are.
    #[error("the budget has stages {found:?}, and these have one: {expected:?}")]
    Stages {
        /// What it names.
        found: Vec<String>,
        /// What there is.
        expected: Vec<&'static str>,
    },
    /// A percentage that is none.
    #[error("{name} is a percentage of 0 to 100, not {value}")]
    Percent {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
    },
}

impl Budget {
    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read, or is no budget.
    pub fn read(path: &Path) -> Result<Self, BudgetError> {
        let text = std::fs::read_to_string(path).map_err(|error| BudgetError::File {
            path: path.to_owned(),
            error,
        })?;
        Self::parse(&text)
    }

    /// Reads a budget from its text.
    ///
    /// # Errors
    /// The text is no budget, or a percentage is none.
    pub fn parse(text: &str) -> Result<Self, BudgetError> {
        let budget: Self = toml::from_str(text)?;
        let percents = [
            ("above_percent", budget.above_percent),
            (
                "above_percent_other_tools",
                budget.above_percent_other_tools,
            ),
            ("below_percent", budget.below_percent),
        ];
        let wrong = |(_, value): &(_, f64)| !(0.0..=100.0).contains(value);
        match percents.into_iter().find(wrong) {
            Some((name, value)) => Err(BudgetError::Percent { name, value }),
            None => Ok(budget),
        }
    }

    /// Checks that it names all stages and no other.
    ///
    /// # Errors
    /// `Stages`.
    pub fn check_stages(&self) -> Result<(), BudgetError> {
        let mut expected = STAGES.to_vec();
        expected.sort_unstable();
        if self.stages.keys().eq(expected.iter()) {
            return Ok(());
        }
        let found = self.stages.keys().cloned().collect();
        Err(BudgetError::Stages { found, expected })
    }

    /// The same rules with new figures: `costs`, counted with `tools`.
    pub fn renewed(&self, tools: Tools, costs: &[(&str, Cost)]) -> Self {
        let stage = |(name, cost): &(&str, Cost)| {
            let budget = StageBudget {
                instructions: cost.instructions,
                allocations: cost.allocations,
            };
            ((*name).to_owned(), budget)
        };
        Self {
            tools,
            stages: costs.iter().map(stage).collect(),
            ..self.clone()
        }
    }

    /// The text of the file.
    pub fn to_text(&self) -> String {
        let stage = |(name, stage): (&String, &StageBudget)| {
            format!(
                "\n[stages.{name}]\ninstructions = {:.2}\nallocations = {:.2}\n",
                stage.instructions, stage.allocations
            )
        };
        let stages: String = self.stages.iter().map(stage).collect();
        format!(
            "{HEADER}
# How far above its budget a stage may be; the same with another compiler or C library; and how far below it may be before
# the budget must be lowered.
above_percent = {:.1}
above_percent_other_tools = {:.1}
below_percent = {:.1}

# With what the stages were counted. For another target there is no budget.
[tools]
rustc = {:?}
target = {:?}
c_library = {:?}
{stages}",
            self.above_percent,
            self.above_percent_other_tools,
            self.below_percent,
            self.tools.rustc,
            self.tools.target,
            self.tools.c_library,
        )
    }

    /// Writes the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), BudgetError> {
        std::fs::write(path, self.to_text()).map_err(|error| BudgetError::File {
            path: path.to_owned(),
            error,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
above_percent = 3
above_percent_other_tools = 15
below_percent = 10
tools = { rustc = 'rustc 1.95.0', target = 'x86_64-unknown-linux-gnu', c_library = 'glibc 2.36' }
stages.splitter = { instructions = 20.5, allocations = 0 }
";

    #[test]
    fn what_is_written_is_read_again() {
        let budget = Budget::parse(TEXT).unwrap();
        assert_eq!(Budget::parse(&budget.to_text()).unwrap(), budget);
        let tools = Tools {
            rustc: "another".to_owned(),
            target: "here".to_owned(),
            c_library: "one".to_owned(),
        };
        let cost = Cost {
            instructions: 7.0,
            allocations: 2.25,
        };
        let renewed = budget.renewed(tools.clone(), &[("page", cost)]);
        let read = Budget::parse(&renewed.to_text()).unwrap();
        assert_eq!(read, renewed);
        assert_eq!((read.tools, read.above_percent), (tools, 3.0));
        assert_eq!(read.stages.into_iter().next().unwrap().0, "page");
    }

    #[test]
    fn a_wrong_text_is_refused() {
        let parse = |from: &str, to: &str| Budget::parse(&TEXT.replacen(from, to, 1));
        assert!(matches!(
            parse("percent = 3", "percent = 300"),
            Err(BudgetError::Percent {
                name: "above_percent",
                value: 300.0
            })
        ));
        assert!(matches!(
            parse("rustc", "compiler_name"),
            Err(BudgetError::Text(_))
        ));
        assert!(matches!(
            parse(", allocations = 0", ""),
            Err(BudgetError::Text(_))
        ));
    }

    #[test]
    fn stages_without_a_budget_are_told() {
        let budget = Budget::parse(TEXT).unwrap();
        let Err(BudgetError::Stages { found, expected }) = budget.check_stages() else {
            panic!("a budget of one stage is not all");
        };
        assert_eq!(found, ["splitter"]);
        assert_eq!(expected.len(), STAGES.len());
    }

    #[test]
    fn the_committed_budget_is_whole() {
        let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "budget.toml"].iter().collect();
        let budget = Budget::read(&path).unwrap();
        budget.check_stages().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, budget.to_text(), "it is as `budget write` leaves it");
    }
}
