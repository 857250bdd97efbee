//! Progress on standard error: a bar that is written over on a terminal, a line every tenth or every few seconds otherwise.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// A terminal's bar is written over so often.
const TERMINAL_INTERVAL: Duration = Duration::from_millis(200);
/// Plain lines come at least so often.
const PLAIN_INTERVAL: Duration = Duration::from_secs(5);
/// Signs of a bar.
const BAR_SIGNS: usize = 24;

/// Tells how far a long task is.
#[derive(Debug)]
pub struct Progress {
    is_terminal: bool,
    is_quiet: bool,
    has_line: bool,
    step: &'static str,
    tenth: u8,
    said: Instant,
}

impl Progress {
    /// Of a task that begins; `is_quiet` says nothing at all.
    pub fn new(is_quiet: bool) -> Self {
        Self {
            is_terminal: stderr().is_terminal(),
            is_quiet,
            has_line: false,
            step: "",
            tenth: 0,
            said: Instant::now(),
        }
    }

    /// Says that `fraction` of `step` is done, when it is time to say something.
    pub fn say(&mut self, step: &'static str, fraction: f64, text: impl FnOnce() -> String) {
        let fraction = fraction.clamp(0.0, 1.0);
        let tenth = (fraction * 10.0) as u8;
        let is_new = self.step != step;
        let is_due = match self.is_terminal {
            true => self.said.elapsed() >= TERMINAL_INTERVAL,
            false => tenth != self.tenth || self.said.elapsed() >= PLAIN_INTERVAL,
        };
        if self.is_quiet || !(is_new || is_due) {
            return;
        }
        (self.step, self.tenth, self.said) = (step, tenth, Instant::now());
        let line = format!("{step} {:3.0} %  {}", fraction * 100.0, text());
        // Whoever reads standard error may be gone; the task goes on.
        if self.is_terminal {
            let full = (fraction * BAR_SIGNS as f64) as usize;
            let bar = format!("{}{}", "#".repeat(full), "-".repeat(BAR_SIGNS - full));
            let _ = write!(stderr(), "\r\x1b[K[{bar}] {line}");
            let _ = stderr().flush();
            self.has_line = true;
        } else {
            let _ = writeln!(stderr(), "{line}");
        }
    }

    /// Ends the bar, so that what is printed next begins a line.
    pub fn end(&mut self) {
        if std::mem::take(&mut self.has_line) {
            let _ = writeln!(stderr());
        }
    }
}
