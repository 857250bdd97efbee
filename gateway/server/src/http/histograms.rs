//! `GET /admin/histograms.hlog`: every stage's histogram since the start, in the format of HdrHistogram's logs (version 1.3,
//! compressed V2), one line a stage, tagged with its name. Values are nanoseconds.
//!
//! Cores count in buckets of a sixteenth of their value and the store in doublings: each count is written at the middle.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use super::admin::{Refusal, refusal};
use super::stages::{STAGES, merged};
use crate::view::{NodeView, Published};

/// Significant digits of the values; the buckets are coarser.
const DIGITS: u8 = 3;

/// The log.
pub(super) async fn histograms(
    State(view): State<Arc<NodeView>>,
) -> Result<([(HeaderName, &'static str); 1], Vec<u8>), Refusal> {
    let cores: Vec<Published> = view.cores().collect();
    let ours = STAGES.iter().map(|stage| {
        let histogram = merged(&cores, stage.of);
        (stage.name, histogram.middles_ns().collect())
    });
    let stages = ours.chain(view.store_numbers().stages());
    let log = log_of(stages, view.uptime(), SystemTime::now()).map_err(|reason| {
        let message = format!("the log cannot be written: {reason}");
        refusal(StatusCode::INTERNAL_SERVER_ERROR, &message)
    })?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], log))
}

/// A stage's name and how often each value, in nanoseconds, was counted.
pub type StageCounts = (&'static str, Vec<(u64, u64)>);

/// The text for stages that were counted for `uptime` until `now`.
fn log_of(
    stages: impl Iterator<Item = StageCounts>,
    uptime: Duration,
    now: SystemTime,
) -> Result<Vec<u8>, String> {
    let mut text = b"#[Histogram log format version 1.3]\n".to_vec();
    let mut serializer = V2DeflateSerializer::new();
    let mut writer = IntervalLogWriterBuilder::new()
        .add_comment("values in nanoseconds, since the node's start")
        .with_start_time(now - uptime)
        .begin_log_with(&mut text, &mut serializer)
        .map_err(|error| error.to_string())?;
    for (name, counts) in stages {
        let mut histogram = Histogram::<u64>::new(DIGITS).map_err(|error| error.to_string())?;
        for (value_ns, count) in counts {
            let recorded = histogram.record_n(value_ns, count);
            recorded.map_err(|error| error.to_string())?;
        }
        let tag = Tag::new(name);
        let written = writer.write_histogram(&histogram, Duration::ZERO, uptime, tag);
        written.map_err(|error| format!("{error:?}"))?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;

    #[test]
    fn a_log_reads_as_it_was_written() {
        let stages = [
            ("commit", vec![(1_000, 3), (2_000_000, 1)]),
            ("turn", Vec::new()),
        ];
        let uptime = Duration::from_secs(60);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let log = log_of(stages.into_iter(), uptime, now).expect("is written");
        let mut read = Vec::new();
        for entry in IntervalLogIterator::new(&log) {
            match entry.expect("is well formed") {
                LogEntry::Interval(interval) => {
                    let tag = interval.tag().map(|tag| tag.as_str().to_owned());
                    assert_eq!(interval.duration(), uptime);
                    let bytes = base64(interval.encoded_histogram());
                    let histogram: Histogram<u64> = Deserializer::new()
                        .deserialize(&mut bytes.as_slice())
                        .expect("is a histogram");
                    read.push((tag, histogram.len(), histogram.max()));
                }
                LogEntry::StartTime(since) => assert_eq!(since, Duration::from_secs(940)),
                LogEntry::BaseTime(_) => {}
            }
        }
        let (commit, turn) = (Some("commit".to_owned()), Some("turn".to_owned()));
        assert_eq!(read.len(), 2);
        assert_eq!((&read[0].0, read[0].1), (&commit, 4));
        assert!(read[0].2.abs_diff(2_000_000) < 2_000, "{read:?}");
        assert_eq!(read[1], (turn, 0, 0));
    }

    fn base64(text: &str) -> Vec<u8> {
        let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let value = |digit: u8| digits.iter().position(|known| *known == digit);
        let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
        for digit in text.bytes().filter_map(value) {
            bits = bits << 6 | digit as u32;
            count += 6;
            if count >= 8 {
                count -= 8;
                bytes.push((bits >> count) as u8);
            }
        }
        bytes
    }
}
