//! The command line: which node, how many pairs, how many sends in flight, how long.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;

/// Pairs of devices: one sends, the other receives and acknowledges. Closed loop: each sender keeps its sends in flight.
#[derive(Debug, Parser)]
#[command(name = "ringpost-bench", version, about)]
pub struct Arguments {
    /// The node's native door.
    #[arg(long, default_value = "127.0.0.1:7400")]
    pub server: SocketAddr,
    /// The node's HTTP address, for its counts of syncs and its backlog.
    #[arg(long, default_value = "127.0.0.1:7480")]
    pub http: SocketAddr,
    /// The node's data directory: its token secret signs the sessions.
    #[arg(long, default_value = "ringpost-data")]
    pub data: PathBuf,
    /// Process id of the node, for its processor time and memory.
    #[arg(long)]
    pub server_pid: Option<u32>,
    /// Pairs.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=4000))]
    pub pairs: u32,
    /// Sends in flight a sender, 1 to 16.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=16))]
    pub in_flight: u32,
    /// Sends a second of all senders together; 0 is as fast as the answers come.
    #[arg(long, default_value_t = 0)]
    pub rate: u64,
    /// Bytes of a payload, from 8.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(8..=60_000))]
    pub payload_bytes: u32,
    /// Seconds of load that are not counted, first.
    #[arg(long, default_value_t = 5)]
    pub warm_up_s: u64,
    /// Seconds of load that are counted.
    #[arg(long, default_value_t = 30)]
    pub seconds: u64,
    /// Prefix of the users' names, so that runs on one node do not meet.
    #[arg(long, default_value = "bench")]
    pub prefix: String,
    /// Core that the load is pinned to.
    #[arg(long)]
    pub pin: Option<usize>,
}
