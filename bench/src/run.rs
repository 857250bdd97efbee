//! `run`: one run of a scenario, from the node's start to the run's folder.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::calendar::rfc3339;
use crate::drive::{Engine, EngineOptions, Measured, RunError};
use crate::fleet::{Fleet, World};
use crate::node::{NodeHandle, Reading, TlsMode};
use crate::record::{
    Circumstances, GeneratorUse, RUN_FORMAT, Recorder, RunFile, ServerTotals, Stage, TableRow,
};
use crate::scenario::{IN_FLIGHT_MAX, Load, Scenario};
use crate::schedule::{PayloadSizes, Population};
use crate::token::Issuer;
use crate::verdict::{Facts, reasons};

/// What is to be run, and what a reader of the result must know.
pub struct RunOptions {
    /// The scenario.
    pub scenario: Scenario,
    /// The node.
    pub node: NodeHandle,
    /// How devices make handshakes, if they connect with TLS.
    pub tls: Option<TlsMode>,
    /// Where the run's folder is made; none records nothing.
    pub runs: Option<PathBuf>,
    /// The command, from the repository's root.
    pub command: String,
    /// The commit of the generator: its id, and whether the work tree was that commit.
    pub commit: (String, bool),
    /// The machine and the node's settings.
    pub circumstances: Circumstances,
    /// The run's place in a table of costs.
    pub table: Option<TableRow>,
    /// Set to end the run early.
    pub stop: Arc<AtomicBool>,
    /// Say nothing on standard error.
    pub is_quiet: bool,
}

/// A run that came to its end.
pub struct Finished {
    /// What it was.
    pub run: RunFile,
    /// Where it is recorded.
    pub folder: Option<PathBuf>,
    /// Of each stage that was measured.
    pub latencies: Vec<Latency>,
}

/// The latencies of a stage.
#[derive(Clone, Copy, Debug)]
pub struct Latency {
    /// The stage.
    pub stage: Stage,
    /// How many were measured.
    pub count: u64,
    /// Half took at most so long.
    pub p50_ms: f64,
    /// 99 of a hundred.
    pub p99_ms: f64,
    /// 999 of a thousand.
    pub p999_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

/// Runs a scenario against a node that takes messages.
///
/// # Errors
/// The devices could not be made ready, the reactor failed, or the run could not be written down.
pub fn run(options: RunOptions) -> Result<Finished, RunError> {
    let scenario = &options.scenario;
    let now = SystemTime::now();
    let fleet = fleet_of(scenario, Recorder::create(None, now)?, now);
    let empty = Reading::take(&options.node).ok();
    let engine_options = EngineOptions {
        server: options.node.native,
        tls: options.tls.zip(options.node.tls.clone()),
        node: Some(options.node.clone()),
        issuer: Issuer::of_data_directory(&options.node.data)?,
        runs: options.runs.clone(),
        scenario_name: scenario.name.clone(),
        stop: options.stop.clone(),
        is_quiet: options.is_quiet,
        seed: scenario.seed,
    };
    let mut engine = Engine::new(fleet, engine_options)?;
    let measured = match engine.run(scenario) {
        Ok(measured) => measured,
        Err(error) => {
            // A folder without a run's file is no record.
            if let (_, _, Some(folder)) = engine.end() {
                let _ = fs::remove_dir_all(folder);
            }
            return Err(error);
        }
    };
    let is_partial = engine.is_stopped();
    let (fleet, started, folder) = engine.end();
    let resident_bytes_empty = empty.map_or(0, |empty| empty.process.resident_bytes);
    let run = RunFile {
        started_at: rfc3339(started),
        is_partial,
        ..run_file(&options, &measured, &fleet, resident_bytes_empty)
    };
    let latencies = latencies(&fleet.recorder);
    fleet.recorder.finish(&run, &scenario.to_toml())?;
    Ok(Finished {
        run,
        folder,
        latencies,
    })
}

fn run_file(
    options: &RunOptions,
    measured: &Measured,
    fleet: &Fleet,
    resident_bytes_empty: u64,
) -> RunFile {
    let scenario = &options.scenario;
    let server = measured.server.as_ref().map(|server| ServerTotals {
        cpu_s: server.used.cpu_s,
        resident_bytes_empty,
        resident_bytes_begin: server.resident_bytes_begin,
        resident_bytes_end: server.used.resident_bytes,
        metrics: server.used.metrics.clone(),
    });
    let lag = fleet.recorder.total(Stage::Lag);
    let generator = GeneratorUse {
        cpu_s: measured.generator_cpu_s,
        lag_p99_ms: lag.value_at_quantile(0.99) as f64 / 1e6,
        lag_max_ms: lag.max() as f64 / 1e6,
    };
    let facts = Facts {
        counts: &measured.counts,
        seconds: measured.seconds,
        missing: fleet.missing(),
        unanswered: fleet.unanswered_live(),
        generator: generator.clone(),
        server_cpu_s: server.as_ref().map(|server| server.cpu_s),
        server_cores: options.circumstances.server_cores,
        may_lose_connections: matches!(
            scenario.load,
            Load::SlowReaders(_) | Load::ReconnectStorm(_)
        ),
        unmet: measured.unmet.clone(),
    };
    let mut counts = measured.counts.by_name();
    counts.insert("missing".to_owned(), facts.missing);
    counts.insert("sessions_peak".to_owned(), measured.sessions_peak);
    counts.extend(measured.figures.clone());
    RunFile {
        format: RUN_FORMAT,
        scenario_name: scenario.name.clone(),
        started_at: String::new(),
        seconds: measured.seconds,
        warm_up_s: scenario.warm_up_s,
        seed: scenario.seed,
        commit: options.commit.0.clone(),
        commit_is_clean: options.commit.1,
        command: options.command.clone(),
        node_version: fleet.node_version().to_owned(),
        circumstances: options.circumstances.clone(),
        is_partial: false,
        invalid_because: reasons(&facts),
        errors: measured.errors.clone(),
        counts,
        server,
        generator,
        table: options.table.clone(),
    }
}

fn fleet_of(scenario: &Scenario, recorder: Recorder, started: SystemTime) -> Fleet {
    let population = Population::new(scenario);
    let members = (0..population.chats)
        .map(|chat| population.members(chat))
        .collect();
    // Runs on one node do not meet: their users have other names.
    let since = started
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis());
    let prefix = format!("{}-{since}", scenario.name);
    let users = population.users();
    let world = World::new(&prefix, users, population.devices / users, members);
    let mut sampler = PayloadSizes::new(scenario);
    let sizes = Box::new(move || sampler.next_bytes());
    Fleet::new(
        world,
        recorder,
        sizes,
        in_flight_max(&scenario.load),
        scenario.seed,
    )
}

fn latencies(recorder: &Recorder) -> Vec<Latency> {
    let stages = Stage::ALL
        .into_iter()
        .map(|stage| (stage, recorder.total(stage)));
    let recorded = stages.filter(|(_, histogram)| !histogram.is_empty());
    let latencies = recorded.map(|(stage, histogram)| {
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1e6;
        Latency {
            stage,
            count: histogram.len(),
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: at(1.0),
        }
    });
    latencies.collect()
}

/// Unanswered sends that one device may have in one chat.
fn in_flight_max(load: &Load) -> u32 {
    match load {
        Load::Pairs(load) => load.in_flight,
        Load::HotChat(load) => load.in_flight,
        Load::SlowReaders(load) => load.in_flight,
        Load::Overload(load) => load.in_flight,
        Load::OfflineDrain(load) => load.in_flight,
        Load::ReconnectStorm(_) | Load::IdleMillion(_) | Load::Day(_) => IN_FLIGHT_MAX,
    }
}
