//! What the server process used: processor time and memory from `/proc`, syncs and backlog from its metrics.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde::Serialize;

/// Use of the server process between two readings.
#[derive(Clone, Debug, Serialize)]
pub struct ServerUse {
    /// User and system time, in seconds.
    pub cpu_s: f64,
    /// Resident memory at the end, in MiB.
    pub resident_mib: f64,
    /// Metrics at the end, and how much the counters among them grew.
    pub metrics: BTreeMap<String, f64>,
}

/// One reading.
pub struct Reading {
    cpu_s: f64,
    resident_mib: f64,
    metrics: BTreeMap<String, f64>,
}

impl Reading {
    /// Reads process `pid` and the metrics at `http`. What cannot be read is left out.
    pub fn take(pid: u32, http: SocketAddr) -> Option<Self> {
        let (cpu_s, resident_mib) = process(pid)?;
        Some(Self {
            cpu_s,
            resident_mib,
            metrics: metrics(http).unwrap_or_default(),
        })
    }

    /// User and system seconds of this process.
    pub fn own_cpu_s() -> f64 {
        process(std::process::id()).map_or(0.0, |(cpu_s, _)| cpu_s)
    }

    /// The use between an earlier reading and this one.
    pub fn since(self, earlier: &Self) -> ServerUse {
        let grown = |(name, value): (String, f64)| {
            let is_counter =
                name.contains("_total") || name.contains("_count") || name.contains("_sum");
            let before = earlier.metrics.get(&name).copied().unwrap_or_default();
            (name, if is_counter { value - before } else { value })
        };
        ServerUse {
            cpu_s: self.cpu_s - earlier.cpu_s,
            resident_mib: self.resident_mib,
            metrics: self
                .metrics
                .into_iter()
                .filter(|(name, _)| !name.contains("_bucket"))
                .map(grown)
                .collect(),
        }
    }
}

/// User and system seconds, resident MiB. `/proc/PID/stat` counts in ticks of 10 ms; fields after the name's parenthesis.
fn process(pid: u32) -> Option<(f64, f64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib = resident
        .trim()
        .trim_end_matches(" kB")
        .trim()
        .parse::<f64>()
        .ok()?;
    Some((ticks / 100.0, kib / 1024.0))
}

fn metrics(http: SocketAddr) -> Option<BTreeMap<String, f64>> {
    let mut stream = TcpStream::connect_timeout(&http, Duration::from_secs(2)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n")
        .ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let body = text.split_once("\r\n\r\n")?.1;
    let samples = body
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        });
    Some(samples.collect())
}
