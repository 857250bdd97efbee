//! The command line of `ringpost-bench`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::compare::CompareArguments;
use crate::node::{CoreList, TlsMode};

/// Puts the load of a scenario on a node, records what it took, and shows it.
#[derive(Debug, Parser)]
#[command(name = "ringpost-bench", version, about)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a scenario and record it. Starts a node of its own unless --server names one.
    Run(Box<RunArguments>),
    /// The built-in scenarios, or one in full with the load that is to be expected.
    Scenarios {
        /// Name of a built-in scenario, or a file.
        scenario: Option<String>,
        /// Lay a setting over the scenario, for example load.pairs=100.
        #[arg(long = "set", value_name = "FIELD=VALUE")]
        settings: Vec<String>,
    },
    /// Put a scenario on A and on B in turns, and compare.
    Compare(Box<CompareCommand>),
    /// Make the index and the HTML report of all recorded runs.
    Report {
        /// Folder of the recorded runs.
        #[arg(long, default_value = "perf-results")]
        results: PathBuf,
        /// The report; by default report.html in that folder.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Check that every summary is what its raw data give.
    Check {
        /// Folder of the recorded runs.
        #[arg(long, default_value = "perf-results")]
        results: PathBuf,
    },
}

/// One run.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// Name of a built-in scenario, or a file.
    pub scenario: String,
    /// Lay a setting over the scenario, for example load.pairs=100.
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    pub settings: Vec<String>,
    /// Folder of the recorded runs.
    #[arg(long, default_value = "perf-results")]
    pub results: PathBuf,
    /// Record nothing: only say what came out.
    #[arg(long)]
    pub no_record: bool,
    /// Say nothing while the run goes on.
    #[arg(long)]
    pub quiet: bool,
    /// Place of the run in a table of costs: sessions=1000, chats=..., stored-messages=... or cores=...
    #[arg(long, value_name = "AXIS=VALUE")]
    pub table: Option<String>,
    /// Anything a reader of the result must know.
    #[arg(long = "note", value_name = "TEXT")]
    pub notes: Vec<String>,
    /// A node that runs already.
    #[command(flatten)]
    pub running: RunningArguments,
    /// Program to start as the node.
    #[arg(long, conflicts_with = "server")]
    pub ringpost: Option<PathBuf>,
    /// Connect with TLS to the node that is started, which gets a certificate for the run; sessions after a device's first are resumed, or in
    /// full too.
    #[arg(
        long,
        value_name = "HANDSHAKES",
        value_enum,
        conflicts_with = "server",
        num_args = 0..=1,
        default_missing_value = "resumed"
    )]
    pub tls: Option<TlsMode>,
    /// Further argument of the node that is started.
    #[arg(
        long = "node-arg",
        value_name = "ARGUMENT",
        conflicts_with = "server",
        allow_hyphen_values = true
    )]
    pub node_arguments: Vec<String>,
    /// Further setting of the node that is started, for example RINGPOST_STORE__OVERLAY_MIB=128.
    #[arg(
        long = "node-env",
        value_name = "NAME=VALUE",
        conflicts_with = "server"
    )]
    pub node_variables: Vec<String>,
    /// How both are set up.
    #[command(flatten)]
    pub setup: SetupArguments,
}

/// A comparison.
#[derive(Debug, Args)]
pub struct CompareCommand {
    /// What is compared.
    #[command(flatten)]
    pub compare: CompareArguments,
    /// How node and load are set up, on both sides.
    #[command(flatten)]
    pub setup: SetupArguments,
}

/// A node that runs already.
#[derive(Clone, Debug, Args)]
pub struct RunningArguments {
    /// Native door of a node that runs already; wants --http, --data and --server-pid too.
    #[arg(long, requires_all = ["http", "data", "server_pid"])]
    pub server: Option<SocketAddr>,
    /// HTTP address of that node.
    #[arg(long, requires = "server")]
    pub http: Option<SocketAddr>,
    /// Data directory of that node: its secret signs the devices' tokens.
    #[arg(long, requires = "server")]
    pub data: Option<PathBuf>,
    /// Process of that node.
    #[arg(long, requires = "server")]
    pub server_pid: Option<u32>,
}

/// How node and load are set up. For a node that runs already, what it was started with.
#[derive(Clone, Debug, Args)]
pub struct SetupArguments {
    /// Processor that the load is bound to.
    #[arg(long, value_name = "PROCESSOR")]
    pub pin: Option<usize>,
    /// Cores of the node.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub node_cores: u32,
    /// Processors that the node is bound to, for example 0 or 0-3.
    #[arg(long)]
    pub node_pin: Option<CoreList>,
    /// Real-time priority of the node, 1 to 99.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=99))]
    pub node_real_time: Option<u8>,
    /// Days that the node keeps messages; 0 keeps each until it is delivered.
    #[arg(long, default_value_t = 0)]
    pub retention_days: u32,
}
