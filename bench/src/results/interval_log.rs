//! `StageLog`: a stage's interval log read back, as one histogram of all and a few figures of each interval.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{
    IntervalLogHistogram, IntervalLogIterator, LogEntry,
};

use super::{Fault, Why};
use crate::record::Stage;

/// Latencies of one interval, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Where it ends, in seconds since counting began.
    pub end_s: f64,
    /// Median.
    pub p50_ns: u64,
    /// 99th percentile.
    pub p99_ns: u64,
    /// Maximum.
    pub max_ns: u64,
}

/// One stage of a run.
pub struct StageLog {
    /// The stage.
    pub stage: Stage,
    /// All values, in nanoseconds.
    pub total: Histogram<u64>,
    /// The intervals, by time.
    pub intervals: Vec<Interval>,
}

impl StageLog {
    /// Reads the bytes of an interval log.
    ///
    /// # Errors
    /// The first fault, with the number of the interval.
    pub fn read(file: &str, stage: Stage, bytes: &[u8]) -> Result<Self, Fault> {
        let malformed = |number: usize, what: String| {
            Fault::of(file, format!("interval {number}"), Why::Malformed(what))
        };
        let mut decoder = Deserializer::new();
        let mut total: Option<Histogram<u64>> = None;
        let mut intervals: Vec<Interval> = Vec::new();
        for entry in IntervalLogIterator::new(bytes) {
            let number = intervals.len() + 1;
            let entry = entry.map_err(|error| malformed(number, format!("{error:?}")))?;
            let LogEntry::Interval(line) = entry else {
                continue;
            };
            let part = decode(&mut decoder, &line).map_err(|what| malformed(number, what))?;
            let interval = figures(&line, &part);
            if intervals
                .last()
                .is_some_and(|last| interval.end_s <= last.end_s)
            {
                let what = "does not end after the one before".to_owned();
                return Err(malformed(number, what));
            }
            intervals.push(interval);
            match &mut total {
                None => total = Some(part),
                Some(total) => total
                    .add(&part)
                    .map_err(|error| malformed(number, error.to_string()))?,
            }
        }
        let total =
            total.ok_or_else(|| Fault::whole(file, Why::Malformed("no interval".to_owned())))?;
        Ok(Self {
            stage,
            total,
            intervals,
        })
    }
}

fn decode(
    decoder: &mut Deserializer,
    line: &IntervalLogHistogram<'_>,
) -> Result<Histogram<u64>, String> {
    let bytes = STANDARD
        .decode(line.encoded_histogram())
        .map_err(|error| format!("base64: {error}"))?;
    let part: Histogram<u64> = decoder
        .deserialize(&mut bytes.as_slice())
        .map_err(|error| format!("histogram: {error}"))?;
    let told = format!("{:.3}", line.max());
    let found = format!("{:.3}", part.max() as f64);
    if told != found {
        return Err(format!("says a maximum of {told}, but holds {found}"));
    }
    Ok(part)
}

fn figures(line: &IntervalLogHistogram<'_>, part: &Histogram<u64>) -> Interval {
    Interval {
        end_s: (line.start_timestamp() + line.duration()).as_secs_f64(),
        p50_ns: part.value_at_quantile(0.5),
        p99_ns: part.value_at_quantile(0.99),
        max_ns: part.max(),
    }
}
