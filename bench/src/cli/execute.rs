//! Does what the command line asks for.

use std::panic::resume_unwind;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use super::arguments::{Arguments, Command, RunArguments};
use super::command_line::command_line;
use super::compare::execute_compare;
use super::node::{Node, circumstances, root};
use super::scenario::{name_and_value, scenario_of};
use super::terminal::{summary, tell};
use crate::compare::{Stopped, WriteComparisonError};
use crate::drive::RunError;
use crate::node::{Commit, FindBinaryError, ReadMachineError, StartNodeError};
use crate::record::TableRow;
use crate::report::{self, ReportError};
use crate::results::{CheckError, Fault, check, write_index, write_summary};
use crate::run::{Finished, RunOptions, run};
use crate::scenario::{Scenario, ScenarioError};
use crate::schedule::{Population, describe};

/// Exit code of a run whose figures must not be used.
pub(super) const INVALID: u8 = 2;

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The scenario.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A text of the form `NAME=VALUE` was wanted.
    #[error("{text:?}: {wanted}")]
    Form {
        /// What was given.
        text: String,
        /// What was wanted.
        wanted: &'static str,
    },
    /// The node.
    #[error(transparent)]
    Node(#[from] StartNodeError),
    /// The machine.
    #[error(transparent)]
    Machine(#[from] ReadMachineError),
    /// The run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Signals cannot be caught.
    #[error("cannot wait for Ctrl-C: {0}")]
    Signals(#[from] std::io::Error),
    /// The load cannot be bound to its processor.
    #[error("the load cannot be bound to processor {0}")]
    Pin(usize),
    /// The load was stopped.
    #[error("stopped")]
    Stopped,
    /// A run of a comparison could not be made.
    #[error(transparent)]
    Compare(#[from] Box<Stopped<CommandError>>),
    /// A program that is compared.
    #[error(transparent)]
    Program(#[from] FindBinaryError),
    /// The comparison cannot be written.
    #[error(transparent)]
    WriteComparison(#[from] WriteComparisonError),
    /// The recorded runs.
    #[error(transparent)]
    Results(#[from] Fault),
    /// The report.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// Recorded runs that are not what their raw data give.
    #[error(transparent)]
    Check(#[from] CheckError),
}

/// Does it.
///
/// # Errors
/// It could not be done.
pub fn execute(arguments: &Arguments) -> Result<ExitCode, CommandError> {
    match &arguments.command {
        Command::Run(run) => execute_run(run),
        Command::Scenarios { scenario: None, .. } => {
            let mut out = String::new();
            for name in Scenario::built_in_names() {
                out.push_str(&format!("{name:<16} {}\n", Scenario::built_in(name)?.about));
            }
            tell(&out);
            Ok(ExitCode::SUCCESS)
        }
        Command::Scenarios {
            scenario: Some(scenario),
            settings,
        } => {
            let scenario = scenario_of(scenario, settings)?;
            tell(&describe(&scenario));
            Ok(ExitCode::SUCCESS)
        }
        Command::Compare(compare) => execute_compare(compare),
        Command::Report { results, out } => {
            let out = out.clone().unwrap_or_else(|| results.join("report.html"));
            write_index(results)?;
            report::write(results, &out)?;
            tell(&format!("{}\n", out.display()));
            Ok(ExitCode::SUCCESS)
        }
        Command::Check { results } => {
            let checked = check(results)?;
            tell(&format!(
                "{} runs: every summary is what its raw data give\n",
                checked.runs
            ));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn table_row(text: &str) -> Result<TableRow, CommandError> {
    let wanted = "a place in a table is sessions, chats, stored-messages or cores, =, and a number";
    let wrong = || CommandError::Form {
        text: text.to_owned(),
        wanted,
    };
    let (axis, value) = name_and_value(text, wanted)?;
    if !["sessions", "chats", "stored-messages", "cores"].contains(&axis) {
        return Err(wrong());
    }
    Ok(TableRow {
        axis: axis.to_owned(),
        value: value.parse().map_err(|_| wrong())?,
    })
}

fn execute_run(arguments: &RunArguments) -> Result<ExitCode, CommandError> {
    let scenario = scenario_of(&arguments.scenario, &arguments.settings)?;
    let table = arguments.table.as_deref().map(table_row).transpose()?;
    for text in &arguments.node_variables {
        name_and_value(text, "a setting of the node is NAME=VALUE")?;
    }
    let stop = stop_flag()?;
    let root = root();
    let commit = Commit::read(&root);
    let node = Node::get(arguments, Population::new(&scenario).devices)?;
    let options = RunOptions {
        node: node.handle().clone(),
        tls: arguments.tls,
        runs: (!arguments.no_record).then(|| arguments.results.join("runs")),
        command: command_line(&root),
        commit: (commit.id, commit.is_clean),
        circumstances: circumstances(arguments)?,
        table,
        stop,
        is_quiet: arguments.quiet,
        scenario,
    };
    let finished = run_pinned(options, arguments.setup.pin)?;
    drop(node);
    tell(&summary(&finished));
    if let Some(folder) = &finished.folder {
        write_summary(folder)?;
        write_index(&arguments.results)?;
        let out = arguments.results.join("report.html");
        report::write(&arguments.results, &out)?;
        tell(&format!(
            "  recorded in {}; open {}\n",
            folder.display(),
            out.display()
        ));
    }
    let is_valid = finished.run.invalid_because.is_empty();
    Ok(if is_valid {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(INVALID)
    })
}

/// Runs on a thread of its own that is bound to a processor: a node that this program starts is not bound with it.
pub(super) fn run_pinned(
    options: RunOptions,
    processor: Option<usize>,
) -> Result<Finished, CommandError> {
    let load = thread::spawn(move || match processor {
        Some(id) if !core_affinity::set_for_current(core_affinity::CoreId { id }) => {
            Err(CommandError::Pin(id))
        }
        _ => Ok(run(options)?),
    });
    load.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// A flag that Ctrl-C sets. Every step after it is bounded, so the run ends, is recorded, and its node ends with it.
pub(super) fn stop_flag() -> Result<Arc<AtomicBool>, CommandError> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        flag::register(signal, stop.clone())?;
    }
    Ok(stop)
}
