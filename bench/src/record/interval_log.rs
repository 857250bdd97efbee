//! `IntervalLog`: one stage's histograms, an interval a line, in the format of HdrHistogram's logs (`.hlog`, version 1.3).
//!
//! Values are nanoseconds. Lines are appended as intervals end, so that an interrupted run leaves a readable file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, IntervalLogWriterError};

/// A log that is being written.
pub struct IntervalLog {
    file: BufWriter<File>,
    serializer: V2DeflateSerializer,
}

impl IntervalLog {
    /// Begins a log whose times count from `started`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(path: &Path, started: SystemTime) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        let mut serializer = V2DeflateSerializer::new();
        writeln!(file, "#[Histogram log format version 1.3]")?;
        IntervalLogWriterBuilder::new()
            .add_comment("values in nanoseconds")
            .with_start_time(started)
            .begin_log_with(&mut file, &mut serializer)?;
        writeln!(
            file,
            "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\""
        )?;
        Ok(Self { file, serializer })
    }

    /// Appends the interval that began `begin` after the start.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append(
        &mut self,
        histogram: &Histogram<u64>,
        begin: Duration,
        length: Duration,
    ) -> io::Result<()> {
        let lines = IntervalLogWriterBuilder::new();
        // Without a header of its own, the writer adds to the log that was begun.
        let line = lines.begin_log_with(&mut self.file, &mut self.serializer);
        line?
            .write_histogram(histogram, begin, length, None)
            .map_err(|error| match error {
                IntervalLogWriterError::IoError(error) => error,
                IntervalLogWriterError::SerializeError(error) => io::Error::other(error),
            })?;
        self.file.flush()
    }
}
