//! `Record`: every measurement of a run, and the median and spread of each figure. Written as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::case::Case;
use crate::load::Measured;
use crate::machine::Machine;
use crate::server::Kind;

/// One server under one case in one round.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Measurement {
    pub(crate) round: u32,
    pub(crate) server: Kind,
    pub(crate) case: Case,
    pub(crate) round_trips: u64,
    pub(crate) elapsed_s: f64,
    pub(crate) round_trips_per_second: f64,
    /// User and system time of the server's process.
    pub(crate) cpu_ns_per_round_trip: f64,
    /// Share of its core that the server took; well below 1 the load was the limit.
    pub(crate) server_busy: f64,
    pub(crate) latency_ns: Latency,
}

/// From a frame's write to its whole echo.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50: u64,
    pub(crate) p90: u64,
    pub(crate) p99: u64,
    pub(crate) p99_9: u64,
    pub(crate) max: u64,
}

/// Resident memory of a server for each connection that has made a round trip and is idle.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct IdleMemory {
    pub(crate) round: u32,
    pub(crate) server: Kind,
    pub(crate) connections: usize,
    pub(crate) bytes_per_connection: f64,
}

/// The middle of the rounds and their outermost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

/// One server under one case over all rounds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) server: Kind,
    pub(crate) case: Case,
    pub(crate) cpu_ns_per_round_trip: Spread,
    pub(crate) round_trips_per_second: Spread,
    pub(crate) latency_p50_ns: Spread,
    pub(crate) latency_p99_ns: Spread,
    pub(crate) server_busy: Spread,
}

/// One server's memory over all rounds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MemorySummary {
    pub(crate) server: Kind,
    pub(crate) connections: usize,
    pub(crate) bytes_per_connection: Spread,
}

/// A whole run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Record {
    pub(crate) command: String,
    pub(crate) commit: Option<String>,
    pub(crate) machine: Machine,
    pub(crate) versions: BTreeMap<String, Vec<String>>,
    pub(crate) frame_bytes: usize,
    pub(crate) summary: Vec<Summary>,
    pub(crate) idle_memory_summary: Vec<MemorySummary>,
    pub(crate) measurements: Vec<Measurement>,
    pub(crate) idle_memory: Vec<IdleMemory>,
}

impl Measurement {
    pub(crate) fn new(
        round: u32,
        server: Kind,
        case: Case,
        measured: &Measured,
        cpu_s: f64,
    ) -> Self {
        let elapsed_s = measured.elapsed.as_secs_f64();
        let round_trips = measured.round_trips as f64;
        let at = |quantile| measured.latency_ns.value_at_quantile(quantile);
        Self {
            round,
            server,
            case,
            round_trips: measured.round_trips,
            elapsed_s,
            round_trips_per_second: round_trips / elapsed_s,
            cpu_ns_per_round_trip: cpu_s * 1e9 / round_trips.max(1.0),
            server_busy: cpu_s / elapsed_s,
            latency_ns: Latency {
                p50: at(0.5),
                p90: at(0.9),
                p99: at(0.99),
                p99_9: at(0.999),
                max: measured.latency_ns.max(),
            },
        }
    }
}

impl Record {
    /// Fills both summaries from the measurements.
    pub(crate) fn summarise(&mut self, servers: &[Kind], cases: &[Case]) {
        for &server in servers {
            for &case in cases {
                self.summary.extend(self.summary_of(server, case));
            }
            let of_server = self.idle_memory.iter().filter(|one| one.server == server);
            let connections = of_server.clone().map(|one| one.connections).max();
            let bytes = of_server.map(|one| one.bytes_per_connection).collect();
            if let (Some(connections), Some(bytes_per_connection)) = (connections, spread(bytes)) {
                self.idle_memory_summary.push(MemorySummary {
                    server,
                    connections,
                    bytes_per_connection,
                });
            }
        }
    }

    fn summary_of(&self, server: Kind, case: Case) -> Option<Summary> {
        let of_case = self
            .measurements
            .iter()
            .filter(|one| one.server == server && one.case == case);
        let over = |figure: fn(&Measurement) -> f64| spread(of_case.clone().map(figure).collect());
        Some(Summary {
            server,
            case,
            cpu_ns_per_round_trip: over(|one| one.cpu_ns_per_round_trip)?,
            round_trips_per_second: over(|one| one.round_trips_per_second)?,
            latency_p50_ns: over(|one| one.latency_ns.p50 as f64)?,
            latency_p99_ns: over(|one| one.latency_ns.p99 as f64)?,
            server_busy: over(|one| one.server_busy)?,
        })
    }
}

/// `None` without values.
pub(crate) fn spread(mut values: Vec<f64>) -> Option<Spread> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = values[(values.len() - 1) / 2];
    Some(Spread {
        median: f64::midpoint(lower, upper),
        least: values[0],
        most: values[values.len() - 1],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_middle_and_the_outermost() {
        let odd = spread(vec![3.0, 1.0, 9.0]).unwrap();
        assert_eq!((odd.least, odd.median, odd.most), (1.0, 3.0, 9.0));
        assert_eq!(spread(vec![4.0, 2.0]).unwrap().median, 3.0);
        assert_eq!(spread(Vec::new()), None);
    }
}
