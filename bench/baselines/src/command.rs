//! The command: measures, prints the table, writes the file.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use core_affinity::CoreId;

use crate::arguments::{Arguments, RunArguments, Verb};
use crate::case::Case;
use crate::frame::FRAME_BYTES;
use crate::machine::Machine;
use crate::record::Record;
use crate::rounds::{RoundError, measure_all};
use crate::server::{ServeError, serve};
use crate::table::table;
use crate::versions::versions;

/// The command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The server failed.
    #[error("serve: {0}")]
    Serve(String),
    /// The load cannot be bound to its core.
    #[error("the load cannot be bound to core {0}")]
    Core(usize),
    /// This program cannot be found again, to start servers from.
    #[error("this program cannot be found: {0}")]
    Program(io::Error),
    /// A measurement failed.
    #[error(transparent)]
    Round(#[from] RoundError),
    /// The record has no form as JSON.
    #[error(transparent)]
    Form(#[from] serde_json::Error),
    /// The file cannot be written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl From<ServeError> for CommandError {
    fn from(error: ServeError) -> Self {
        Self::Serve(error.to_string())
    }
}

/// Does what the command line says.
///
/// # Errors
/// As [`CommandError`] tells; a wrong echo ends the whole run.
pub fn run(arguments: &Arguments) -> Result<(), CommandError> {
    match &arguments.command {
        Verb::Run(arguments) => measure(arguments),
        Verb::Serve(arguments) => Ok(serve(arguments)?),
    }
}

fn measure(arguments: &RunArguments) -> Result<(), CommandError> {
    let program = std::env::current_exe().map_err(CommandError::Program)?;
    if !core_affinity::set_for_current(CoreId {
        id: arguments.load_core,
    }) {
        return Err(CommandError::Core(arguments.load_core));
    }
    ringpost_gateway_ring::raise_open_files();
    let mut record = empty_record(arguments);
    measure_all(&program, arguments, &mut record)?;
    record.summarise(&arguments.servers, &arguments.cases);
    println!("{}", table(&record, &arguments.servers, &arguments.cases));
    if let Some(path) = &arguments.out {
        let text = serde_json::to_string_pretty(&record)? + "\n";
        fs::write(path, text).map_err(|source| CommandError::File {
            path: path.clone(),
            source,
        })?;
    }
    Ok(())
}

fn empty_record(arguments: &RunArguments) -> Record {
    Record {
        command: command_line(arguments),
        commit: commit(),
        machine: Machine::read(),
        versions: BTreeMap::from_iter(versions()),
        frame_bytes: FRAME_BYTES,
        summary: Vec::new(),
        idle_memory_summary: Vec::new(),
        measurements: Vec::new(),
        idle_memory: Vec::new(),
    }
}

/// What makes the same run again, without the file.
fn command_line(arguments: &RunArguments) -> String {
    let cases: Vec<String> = arguments.cases.iter().map(Case::to_string).collect();
    let servers: Vec<&str> = arguments
        .servers
        .iter()
        .map(|server| server.name())
        .collect();
    format!(
        "baselines run --rounds {} --seconds {} --cases {} --servers {} --server-core {} --load-core {}",
        arguments.rounds,
        arguments.seconds,
        cases.join(","),
        servers.join(","),
        arguments.server_core,
        arguments.load_core
    )
}

/// The commit that is checked out here, if any.
fn commit() -> Option<String> {
    let output = Command::new("git")
        .args(["rev-parse", "HEAD"])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
