//! `Recorder`: takes latencies, errors and rows while a run goes on, and writes its folder.
//!
//! Memory is bounded by the histograms: intervals are written as they end. Without a folder it only keeps the totals.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram;

use super::{Errors, IntervalLog, Row, RunFile, SERIES_HEADER, Stage, percentile_distribution};

/// Smallest and largest latency that is told apart, in nanoseconds.
const LATENCY_NS_MIN: u64 = 1_000;
const LATENCY_NS_MAX: u64 = 3_600_000_000_000;

/// Why a run cannot be written down.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}")]
pub struct RecordError {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl RecordError {
    fn of(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self {
            path: path.to_owned(),
            source,
        }
    }
}

struct StageRecord {
    total: Histogram<u64>,
    interval: Histogram<u64>,
    log: Option<IntervalLog>,
}

/// What a run has recorded.
pub struct Recorder {
    folder: Option<PathBuf>,
    stages: [StageRecord; Stage::ALL.len()],
    interval_begin: Duration,
    series: Option<BufWriter<File>>,
    /// Errors by kind.
    pub errors: Errors,
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(LATENCY_NS_MIN, LATENCY_NS_MAX, 3)
        .expect("the bounds are valid constants")
}

impl Recorder {
    /// A recorder that writes to `folder`, which it makes; times count from `started`.
    ///
    /// # Errors
    /// The folder or a file cannot be written.
    pub fn create(folder: Option<&Path>, started: SystemTime) -> Result<Self, RecordError> {
        let mut series = None;
        if let Some(folder) = folder {
            fs::create_dir_all(folder).map_err(RecordError::of(folder))?;
            let path = folder.join("series.csv");
            let mut file = BufWriter::new(File::create(&path).map_err(RecordError::of(&path))?);
            writeln!(file, "{SERIES_HEADER}").map_err(RecordError::of(&path))?;
            series = Some(file);
        }
        let mut stages = Vec::with_capacity(Stage::ALL.len());
        for stage in Stage::ALL {
            let path = folder.map(|folder| folder.join(format!("{}.hlog", stage.name())));
            let log = match &path {
                Some(path) => {
                    Some(IntervalLog::create(path, started).map_err(RecordError::of(path))?)
                }
                None => None,
            };
            stages.push(StageRecord {
                total: histogram(),
                interval: histogram(),
                log,
            });
        }
        let Ok(stages) = stages.try_into() else {
            unreachable!("one record was made for each stage")
        };
        Ok(Self {
            folder: folder.map(Path::to_owned),
            stages,
            interval_begin: Duration::ZERO,
            series,
            errors: Errors::default(),
        })
    }

    /// Records a latency, clamped to 1 µs .. 1 h.
    pub fn record(&mut self, stage: Stage, latency_ns: u64) {
        self.stages[stage as usize]
            .interval
            .saturating_record(latency_ns.max(LATENCY_NS_MIN));
    }

    /// All latencies of a stage up to the last interval that ended.
    pub fn total(&self, stage: Stage) -> &Histogram<u64> {
        &self.stages[stage as usize].total
    }

    /// Largest latency of a stage in the interval that goes on, in nanoseconds.
    pub fn interval_max_ns(&self, stage: Stage) -> u64 {
        self.stages[stage as usize].interval.max()
    }

    /// Ends an interval at `now` after the start, and writes its histograms and `row`.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn end_interval(&mut self, now: Duration, row: &Row) -> Result<(), RecordError> {
        let begin = self.interval_begin;
        self.interval_begin = now;
        for (stage, record) in Stage::ALL.into_iter().zip(&mut self.stages) {
            if record.interval.is_empty() {
                continue;
            }
            if let Some(log) = &mut record.log {
                let length = now.saturating_sub(begin);
                log.append(&record.interval, begin, length)
                    .map_err(|source| RecordError {
                        path: PathBuf::from(stage.name()),
                        source,
                    })?;
            }
            record.total += &record.interval;
            record.interval.reset();
        }
        if let Some(series) = &mut self.series {
            let mut line = String::new();
            row.write_to(&mut line);
            let written = series
                .write_all(line.as_bytes())
                .and_then(|()| series.flush());
            written.map_err(RecordError::of(Path::new("series.csv")))?;
        }
        Ok(())
    }

    /// Writes the distributions, the run's file and its scenario. Stages without a value leave no file.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn finish(self, run: &RunFile, scenario: &str) -> Result<(), RecordError> {
        let Some(folder) = self.folder else {
            return Ok(());
        };
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).map_err(RecordError::of(&path))
        };
        for (stage, record) in Stage::ALL.into_iter().zip(&self.stages) {
            if record.total.is_empty() {
                let path = folder.join(format!("{}.hlog", stage.name()));
                fs::remove_file(&path).map_err(RecordError::of(&path))?;
                continue;
            }
            let name = format!("{}.hgrm", stage.name());
            write(&name, &percentile_distribution(&record.total))?;
        }
        let mut run = serde_json::to_string_pretty(run).expect("texts and numbers only");
        run.push('\n');
        write("run.json", &run)?;
        write("scenario.toml", scenario)
    }
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;

    #[test]
    fn a_log_gives_back_what_was_recorded() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut recorder =
            Recorder::create(Some(folder.path()), SystemTime::now()).expect("it is writable");
        for second in 1..=3u64 {
            recorder.record(Stage::SendToSent, second * 1_000_000);
            let now = Duration::from_secs(second);
            recorder
                .end_interval(now, &Row::default())
                .expect("it is writable");
        }
        assert_eq!(recorder.total(Stage::SendToSent).len(), 3);
        let bytes = fs::read(folder.path().join("send-to-sent.hlog")).expect("it was written");
        let mut total = histogram();
        let mut starts = Vec::new();
        for entry in IntervalLogIterator::new(&bytes) {
            if let LogEntry::Interval(interval) = entry.expect("the log is well-formed") {
                starts.push(interval.start_timestamp().as_secs());
                let bytes = base64::Engine::decode(
                    &base64::engine::general_purpose::STANDARD,
                    interval.encoded_histogram(),
                );
                let bytes = bytes.expect("base64");
                let part: Histogram<u64> = Deserializer::new()
                    .deserialize(&mut bytes.as_slice())
                    .expect("a histogram");
                total += part;
            }
        }
        assert_eq!(starts, [0, 1, 2]);
        assert_eq!(total, *recorder.total(Stage::SendToSent));
    }
}
