//! Progress on standard error: one line that is written over on a terminal, plain lines otherwise.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// Plain lines come so often.
const PLAIN_INTERVAL: Duration = Duration::from_secs(5);
/// A terminal's line is written over so often.
const TERMINAL_INTERVAL: Duration = Duration::from_millis(200);

/// Tells how far a run is.
pub struct Progress {
    is_terminal: bool,
    is_quiet: bool,
    has_line: bool,
    said: Option<Instant>,
    step: String,
}

impl Progress {
    /// Progress of a run; `is_quiet` says nothing at all.
    pub fn new(is_quiet: bool) -> Self {
        Self {
            is_terminal: stderr().is_terminal(),
            is_quiet,
            has_line: false,
            said: None,
            step: String::new(),
        }
    }

    /// Says the text about `step`, when it is time to say something; a new step is said at once.
    pub fn say(&mut self, step: &str, text: impl FnOnce() -> String) {
        let interval = if self.is_terminal {
            TERMINAL_INTERVAL
        } else {
            PLAIN_INTERVAL
        };
        let is_new = self.step != step;
        let is_due = self.said.is_none_or(|said| said.elapsed() >= interval);
        if self.is_quiet || !(is_new || is_due) {
            return;
        }
        self.said = Some(Instant::now());
        let text = text();
        // Whoever reads standard error may be gone; the run goes on.
        if self.is_terminal {
            if is_new && self.has_line {
                let _ = writeln!(stderr());
            }
            let _ = write!(stderr(), "\r\x1b[K{step}: {text}");
            let _ = stderr().flush();
            self.has_line = true;
        } else {
            let _ = writeln!(stderr(), "{step}: {text}");
        }
        if is_new {
            step.clone_into(&mut self.step);
        }
    }

    /// Ends the line.
    pub fn end(&mut self) {
        if core::mem::take(&mut self.has_line) {
            let _ = writeln!(stderr());
        }
    }
}
