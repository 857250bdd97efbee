//! `compare`: starts a fresh node for each run, puts the scenario on it, and hands the figures on.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::arguments::{CompareCommand, SetupArguments};
use super::command_line::command_line;
use super::execute::{CommandError, INVALID, run_pinned, stop_flag};
use super::node::{machine_circumstances, options, root};
use super::scenario::scenario_of;
use super::terminal::tell;
use crate::compare::{DeliveryLatency, Figures, Origin, Program, SideSettings, compare, table};
use crate::node::{Machine, NodeBinary, StartedNode};
use crate::record::Stage;
use crate::run::{Finished, RunOptions};
use crate::schedule::Population;

/// Compares, tells the table, and writes every run to a file.
///
/// # Errors
/// A run could not be made.
pub fn execute_compare(arguments: &CompareCommand) -> Result<ExitCode, CommandError> {
    let mut comparison = arguments.compare.comparison();
    for side in [&mut comparison.a, &mut comparison.b] {
        scenario_of(&comparison.scenario, &settings(side))?;
        let binary = NodeBinary::find(side.ringpost.as_deref())?;
        side.program = Some(Program::of(&binary)?);
    }
    let stop = stop_flag()?;
    let sides = [comparison.a.clone(), comparison.b.clone()];
    let name = comparison.scenario.clone();
    let ran = compare(&mut comparison, |side, round| {
        let settings = &sides[side as usize];
        eprintln!("round {round}: {}", settings.name);
        one_run(&name, settings, &arguments.setup, &stop)
    });
    let origin = Origin {
        command: command_line(&root()),
        machine: Machine::read()?,
    };
    comparison.write(&arguments.compare.json, &origin)?;
    tell(&format!("{}\n", table(&comparison)));
    ran.map_err(Box::new)?;
    Ok(if comparison.is_valid() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(INVALID)
    })
}

fn settings(side: &SideSettings) -> Vec<String> {
    side.scenario_values
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect()
}

fn one_run(
    name: &str,
    side: &SideSettings,
    setup: &SetupArguments,
    stop: &Arc<AtomicBool>,
) -> Result<Figures, CommandError> {
    let scenario = scenario_of(name, &settings(side))?;
    let shared = options(setup, Population::new(&scenario).devices);
    let node = StartedNode::start(&side.node_options(&shared))?;
    let options = RunOptions {
        scenario,
        node: node.handle().clone(),
        tls: None,
        runs: None,
        command: String::new(),
        commit: (String::new(), false),
        circumstances: machine_circumstances(setup)?,
        table: None,
        stop: stop.clone(),
        is_quiet: true,
    };
    let finished = run_pinned(options, setup.pin)?;
    if stop.load(Ordering::Relaxed) {
        return Err(CommandError::Stopped);
    }
    Ok(figures(&finished))
}

fn figures(finished: &Finished) -> Figures {
    let run = &finished.run;
    let count = |name: &str| run.counts.get(name).copied().unwrap_or_default();
    let deliveries = finished
        .latencies
        .iter()
        .find(|latency| latency.stage == Stage::SendToDeliver);
    let metric = |name: &str| {
        run.server
            .as_ref()
            .and_then(|server| server.metrics.get(name))
            .copied()
    };
    Figures {
        seconds: run.seconds,
        delivered: count("delivered"),
        server_cpu_s: run.server.as_ref().map_or(0.0, |server| server.cpu_s),
        send_to_deliver: deliveries.map(|latency| DeliveryLatency {
            p50_ms: latency.p50_ms,
            p99_ms: latency.p99_ms,
            p999_ms: latency.p999_ms,
        }),
        wire_bytes: count("bytes_out") + count("bytes_in"),
        wire_frames: count("frames_out") + count("frames_in"),
        resident_bytes: run
            .server
            .as_ref()
            .map_or(0, |server| server.resident_bytes_end),
        syncs: metric("ringpost_store_sync_seconds_count").unwrap_or_default() as u64,
        invalid: run.invalid_because.clone(),
    }
}
