//! The rounds: every server once a round, each in a process of its own for each number of connections.
//! Invariant: one server runs at a time.

use std::path::Path;
use std::time::Duration;

use crate::arguments::RunArguments;
use crate::case::Case;
use crate::load::{Load, LoadError};
use crate::process::{ServerError, ServerProcess};
use crate::record::{IdleMemory, Measurement, Record};
use crate::server::Kind;

/// A measurement failed.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// The server.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The load.
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// A server failed under measurement.
#[derive(Debug, thiserror::Error)]
#[error("round {round}, {server:?} with {connections} connections: {source}")]
pub struct RoundError {
    round: u32,
    server: Kind,
    connections: usize,
    source: MeasureError,
}

/// Measures all servers in turns; every other round in reversed order, so that a drift of the machine cancels.
pub(crate) fn measure_all(
    program: &Path,
    arguments: &RunArguments,
    record: &mut Record,
) -> Result<(), RoundError> {
    for round in 1..=arguments.rounds {
        let mut servers = arguments.servers.clone();
        if round % 2 == 0 {
            servers.reverse();
        }
        for server in servers {
            for cases in by_connections(&arguments.cases, server) {
                let visit = Visit {
                    round,
                    server,
                    cases,
                };
                visit
                    .measure(program, arguments, record)
                    .map_err(|source| RoundError {
                        round,
                        server,
                        connections: visit.connections(),
                        source,
                    })?;
            }
        }
    }
    Ok(())
}

/// One process of a server.
struct Visit {
    round: u32,
    server: Kind,
    /// All with the same number of connections.
    cases: Vec<Case>,
}

impl Visit {
    fn connections(&self) -> usize {
        self.cases.first().map_or(0, |case| case.connections)
    }

    fn measure(
        &self,
        program: &Path,
        arguments: &RunArguments,
        record: &mut Record,
    ) -> Result<(), MeasureError> {
        record
            .idle_memory
            .extend(self.idle_memory(arguments, program)?);
        let process = ServerProcess::start(program, self.server, arguments.server_core)?;
        let mut load = Load::connect(process.address(), self.connections())?;
        for &case in &self.cases {
            let wanted = Duration::from_secs(arguments.seconds);
            let mut cpu_s = Vec::with_capacity(2);
            let measured = load.measure(case.in_flight, wanted, || {
                cpu_s.push(process.cpu()?.as_secs_f64());
                Ok::<(), MeasureError>(())
            })?;
            let taken_s = cpu_s.last().unwrap_or(&0.0) - cpu_s.first().unwrap_or(&0.0);
            let one = Measurement::new(self.round, self.server, case, &measured, taken_s);
            eprintln!(
                "round {} of {}: {} {case}: {:.0} ns of CPU a round trip, {:.0} a second",
                self.round,
                arguments.rounds,
                self.server.name(),
                one.cpu_ns_per_round_trip,
                one.round_trips_per_second
            );
            record.measurements.push(one);
        }
        Ok(())
    }

    /// In a process of its own, that no load has grown; only at the largest number of connections.
    fn idle_memory(
        &self,
        arguments: &RunArguments,
        program: &Path,
    ) -> Result<Option<IdleMemory>, MeasureError> {
        let most = arguments.cases.iter().map(|case| case.connections).max();
        let connections = self.connections();
        if Some(connections) != most || connections == 1 {
            return Ok(None);
        }
        let process = ServerProcess::start(program, self.server, arguments.server_core)?;
        // The first round trip touches code and tables that all connections share.
        let _first = Load::connect(process.address(), 1)?;
        let before = process.resident_bytes()?;
        let _load = Load::connect(process.address(), connections)?;
        let grown = process.resident_bytes()?.saturating_sub(before);
        Ok(Some(IdleMemory {
            round: self.round,
            server: self.server,
            connections,
            bytes_per_connection: grown as f64 / connections as f64,
        }))
    }
}

/// The cases that the server takes, in groups of one number of connections.
fn by_connections(cases: &[Case], server: Kind) -> Vec<Vec<Case>> {
    let mut sorted: Vec<Case> = cases
        .iter()
        .copied()
        .filter(|&case| server.takes(case))
        .collect();
    sorted.sort();
    sorted.dedup();
    sorted
        .chunk_by(|one, next| one.connections == next.connections)
        .map(<[Case]>::to_vec)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_grouped_by_their_connections() {
        let cases: Vec<Case> = ["5x1", "1x1", "5x2", "5x1"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        let sizes = |server| -> Vec<usize> {
            by_connections(&cases, server)
                .iter()
                .map(Vec::len)
                .collect()
        };
        assert_eq!(sizes(Kind::Ring), [1, 2]);
        assert_eq!(sizes(Kind::Blocking), [1]);
    }
}
