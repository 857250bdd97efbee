//! `Row`: one second of a run in `series.csv`. Counts are totals since the load began to count; times are seconds.

use std::fmt::Write;

/// The first line of `series.csv`.
pub const SERIES_HEADER: &str = "t_s,sent,delivered,refused,errors,sessions,server_cpu_s,server_resident_bytes,syncs,backlog_bytes,\
     generator_cpu_s,generator_lag_ms_max,bytes_out,bytes_in,frames_out,frames_in";

/// One row. What could not be read of the server stays empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Seconds since counting began.
    pub t_s: f64,
    /// Answers `Sent`.
    pub sent: u64,
    /// Messages delivered.
    pub delivered: u64,
    /// Sends refused.
    pub refused: u64,
    /// Errors of all kinds.
    pub errors: u64,
    /// Sessions that are signed in now.
    pub sessions: u64,
    /// User and system time of the server process, in seconds, since counting began.
    pub server_cpu_s: Option<f64>,
    /// Resident memory of the server process now.
    pub server_resident_bytes: Option<u64>,
    /// Syncs of the server's commit log since counting began.
    pub syncs: Option<u64>,
    /// Bytes of the commit log that are not yet in the tables now.
    pub backlog_bytes: Option<u64>,
    /// User and system time of the generator, in seconds, since counting began.
    pub generator_cpu_s: f64,
    /// The generator's largest lag since the row before, in milliseconds.
    pub generator_lag_ms_max: f64,
    /// Bytes written to sockets.
    pub bytes_out: u64,
    /// Bytes read from sockets.
    pub bytes_in: u64,
    /// Frames written.
    pub frames_out: u64,
    /// Frames read.
    pub frames_in: u64,
}

impl Row {
    /// Appends the row as a line of comma-separated values.
    pub fn write_to(&self, out: &mut String) {
        fn text<T: ToString>(value: Option<T>) -> String {
            value.map_or(String::new(), |value| value.to_string())
        }
        let _ = writeln!(
            out,
            "{:.3},{},{},{},{},{},{},{},{},{},{:.3},{:.3},{},{},{},{}",
            self.t_s,
            self.sent,
            self.delivered,
            self.refused,
            self.errors,
            self.sessions,
            self.server_cpu_s
                .map_or(String::new(), |cpu_s| format!("{cpu_s:.3}")),
            text(self.server_resident_bytes),
            text(self.syncs),
            text(self.backlog_bytes),
            self.generator_cpu_s,
            self.generator_lag_ms_max,
            self.bytes_out,
            self.bytes_in,
            self.frames_out,
            self.frames_in,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_value_for_each_column() {
        let mut line = String::new();
        Row::default().write_to(&mut line);
        assert_eq!(line.split(',').count(), SERIES_HEADER.split(',').count());
        assert!(line.contains(",,"), "what was not read stays empty: {line}");
    }
}
