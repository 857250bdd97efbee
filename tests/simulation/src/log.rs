//! What happened, line by line: a digest over all of it, and the last lines for whoever must understand a failure.

use std::collections::VecDeque;
use std::fmt::{Arguments, Write};

use xxhash_rust::xxh3::xxh3_64_with_seed;

const LINES_KEPT: usize = 300;

/// The log of a run.
#[derive(Default)]
pub struct Log {
    digest: u64,
    lines: VecDeque<String>,
    count: u64,
    is_printed: bool,
}

impl Log {
    /// An empty log; with `is_printed` each line goes to the standard output too.
    pub fn new(is_printed: bool) -> Self {
        Self {
            is_printed,
            ..Self::default()
        }
    }

    /// Adds a line. Times are microseconds.
    pub fn note(&mut self, now_us: u64, what: Arguments<'_>) {
        let is_full = self.lines.len() >= LINES_KEPT;
        let oldest = if is_full {
            self.lines.pop_front()
        } else {
            None
        };
        let mut line = oldest.unwrap_or_default();
        line.clear();
        let (milliseconds, rest) = (now_us / 1_000, now_us % 1_000);
        // Writing to a string cannot fail.
        let _ = write!(line, "{milliseconds:>7}.{rest:03}  {what}");
        self.digest = xxh3_64_with_seed(line.as_bytes(), self.digest);
        self.count += 1;
        if self.is_printed {
            println!("{line}");
        }
        self.lines.push_back(line);
    }

    /// A digest of every line so far.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// How many lines there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The last lines, oldest first.
    pub fn tail(&self, lines: usize) -> Vec<String> {
        let skipped = self.lines.len().saturating_sub(lines);
        self.lines.iter().skip(skipped).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_depends_on_every_line_and_the_tail_is_bounded() {
        let digest = |last: &str| {
            let mut log = Log::new(false);
            (0..1_000).for_each(|number| log.note(number, format_args!("{number}")));
            log.note(1_000, format_args!("{last}"));
            assert_eq!(log.tail(10_000).len(), LINES_KEPT);
            assert_eq!(log.count(), 1_001);
            log.digest()
        };
        assert_eq!(digest("a"), digest("a"));
        assert_ne!(digest("a"), digest("b"));
    }
}
