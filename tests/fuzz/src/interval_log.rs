//! Interval logs of histograms, as recorded runs hold them.

use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram;
use ringpost_bench::record::{IntervalLog, Stage};
use ringpost_bench::results::StageLog;

use crate::target::Verdict;

/// A file's bytes.
pub(crate) fn run(bytes: &[u8]) -> Verdict {
    let Ok(log) = StageLog::read("fuzz", Stage::SendToSent, bytes) else {
        return Verdict::Refused;
    };
    assert!(!log.intervals.is_empty(), "an empty log is refused");
    assert!(
        log.intervals
            .windows(2)
            .all(|pair| pair[0].end_s < pair[1].end_s)
    );
    let most = log.intervals.iter().map(|interval| interval.max_ns).max();
    assert_eq!(most, Some(log.total.max()));
    Verdict::Taken
}

/// Logs as the load generator writes them: of one interval, of several, with an empty one.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("seed.hlog");
    let written = |intervals: &[&[u64]]| {
        let mut log = IntervalLog::create(&path, SystemTime::UNIX_EPOCH).expect("can be written");
        for (number, values) in intervals.iter().enumerate() {
            let mut histogram = Histogram::new(2).expect("two digits are possible");
            for value in *values {
                histogram.record(*value).expect("it grows as it must");
            }
            let begin = Duration::from_secs(number as u64);
            let line = log.append(&histogram, begin, Duration::from_secs(1));
            line.expect("can be written");
        }
        drop(log);
        std::fs::read(&path).expect("it was written")
    };
    vec![
        written(&[&[1, 2, 1_000_000]]),
        written(&[&[5], &[], &[7, 7, 80_000]]),
        written(&[]),
    ]
}
