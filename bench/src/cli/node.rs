//! The node of a run: found as the command line says, or started; and what a reader must know of it.

use std::path::{Path, PathBuf};

use super::arguments::{RunArguments, RunningArguments, SetupArguments};
use crate::node::{
    Machine, NodeHandle, NodeOptions, ReadMachineError, StartNodeError, StartedNode,
};
use crate::record::Circumstances;

/// Limits that stand between a generator and the load it wants to make; a node that is started has them off.
const UNLIMITED: [(&str, &str); 3] = [
    ("RINGPOST_LIMITS__OPENS_PER_MINUTE", "0"),
    ("RINGPOST_LIMITS__SENDS_PER_SECOND", "1000000"),
    ("RINGPOST_LIMITS__SENDS_BURST", "1000000"),
];
/// Sessions a core that a node takes by default.
const SESSIONS_PER_CORE: u32 = 16_000;
/// Sessions a core that a node takes at most.
const SESSIONS_PER_CORE_MAX: u32 = 1_000_000;
/// Sessions beside the devices', while connections end.
const SPARE_SESSIONS: u32 = 1024;

/// The node of a run. One that was started ends with it.
pub enum Node {
    /// It runs already.
    Running(NodeHandle),
    /// It was started.
    Started(Box<StartedNode>),
}

impl Node {
    /// Finds or starts the node for `sessions` sessions.
    ///
    /// # Errors
    /// It could not be started.
    pub fn get(arguments: &RunArguments, sessions: u32) -> Result<Self, StartNodeError> {
        if let Some(handle) = running(&arguments.running) {
            return Ok(Self::Running(handle));
        }
        let mut options = options(&arguments.setup, sessions);
        options.ringpost.clone_from(&arguments.ringpost);
        options.with_tls = arguments.tls.is_some();
        options
            .arguments
            .extend_from_slice(&arguments.node_arguments);
        options
            .variables
            .extend(arguments.node_variables.iter().filter_map(|variable| {
                let (name, value) = variable.split_once('=')?;
                Some((name.to_owned(), value.to_owned()))
            }));
        Ok(Self::Started(Box::new(StartedNode::start(&options)?)))
    }

    /// Where it is.
    pub fn handle(&self) -> &NodeHandle {
        match self {
            Self::Running(handle) => handle,
            Self::Started(node) => node.handle(),
        }
    }
}

fn running(arguments: &RunningArguments) -> Option<NodeHandle> {
    Some(NodeHandle {
        native: arguments.server?,
        tls: None,
        http: arguments.http?,
        data: arguments.data.clone()?,
        pid: arguments.server_pid?,
    })
}

/// How a node for `sessions` sessions is started.
pub fn options(setup: &SetupArguments, sessions: u32) -> NodeOptions {
    let per_core =
        (sessions.div_ceil(setup.node_cores) + SPARE_SESSIONS).min(SESSIONS_PER_CORE_MAX);
    let own = |name: &str, value: String| (name.to_owned(), value);
    let mut variables: Vec<(String, String)> = UNLIMITED
        .iter()
        .map(|(name, value)| own(name, (*value).to_owned()))
        .collect();
    variables.push(own(
        "RINGPOST_LIMITS__SESSIONS_PER_CORE",
        per_core.max(SESSIONS_PER_CORE).to_string(),
    ));
    variables.push(own(
        "RINGPOST_STORE__RETENTION_DAYS",
        setup.retention_days.to_string(),
    ));
    NodeOptions {
        cores: Some(setup.node_cores as usize),
        variables,
        pin: setup.node_pin.clone(),
        real_time_priority: setup.node_real_time,
        ..NodeOptions::default()
    }
}

/// What a reader must know of machine and node.
///
/// # Errors
/// The machine cannot be read.
pub fn circumstances(arguments: &RunArguments) -> Result<Circumstances, ReadMachineError> {
    let mut circumstances = machine_circumstances(&arguments.setup)?;
    if let Some(mode) = arguments.tls {
        let mode = format!("{mode:?}").to_lowercase();
        let note = format!("TLS 1.3 on every connection, handshakes: {mode}");
        circumstances.notes.push(note);
    }
    if arguments.running.server.is_none() {
        circumstances.store = Some(store_of(arguments).to_owned());
        let limits = UNLIMITED
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        circumstances.notes.extend(limits);
        circumstances
            .notes
            .extend(arguments.node_variables.iter().cloned());
    }
    circumstances.notes.extend(arguments.notes.iter().cloned());
    Ok(circumstances)
}

/// The engine of the node that is started: its flag wins over its variable, as in the node itself.
fn store_of(arguments: &RunArguments) -> &str {
    let flags = &arguments.node_arguments;
    let separate = flags.iter().position(|flag| flag == "--store");
    let separate = separate.and_then(|at| flags.get(at + 1));
    let joined = flags.iter().find_map(|flag| flag.strip_prefix("--store="));
    let variable = || {
        let named = arguments.node_variables.iter();
        let mut named =
            named.filter_map(|variable| variable.strip_prefix("RINGPOST_STORE__ENGINE="));
        named.next()
    };
    separate
        .map(String::as_str)
        .or(joined)
        .or_else(variable)
        .unwrap_or("embedded")
}

/// What a reader must know of the machine and how it was used.
///
/// # Errors
/// The machine cannot be read.
pub fn machine_circumstances(setup: &SetupArguments) -> Result<Circumstances, ReadMachineError> {
    let machine = Machine::read()?;
    let mut notes = Vec::new();
    if let Some(processor) = setup.pin {
        notes.push(format!("the load bound to processor {processor}"));
    }
    if let Some(processors) = &setup.node_pin {
        notes.push(format!("the node bound to processors {processors}"));
    }
    if let Some(priority) = setup.node_real_time {
        notes.push(format!("the node with real-time priority {priority}"));
    }
    Ok(Circumstances {
        processor: machine.processor,
        cores: machine.cores as u32,
        memory_bytes: machine.memory_bytes,
        kernel: machine.kernel,
        virtualised: machine.virtualised,
        server_cores: Some(setup.node_cores),
        retention_days: Some(setup.retention_days),
        store: None,
        notes,
    })
}

/// The repository's root: the nearest folder above the working directory that holds `Cargo.lock`, else that directory.
pub fn root() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let root = here
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").exists());
    root.map_or_else(|| here.clone(), Path::to_owned)
}
