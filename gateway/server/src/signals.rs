//! Signals of the process: SIGTERM and SIGINT stop the node, SIGHUP makes it read its configuration anew.
//!
//! Invariant: a signal that comes before anyone asks is kept.

use std::io;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Signals that have come and were not yet asked for.
pub struct Signals {
    arrived: signal_hook::iterator::Signals,
    stops: u32,
    is_reload: bool,
}

impl Signals {
    /// From now on signals are kept instead of ending the process.
    ///
    /// # Errors
    /// The system gives no handler.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            arrived: signal_hook::iterator::Signals::new([SIGTERM, SIGINT, SIGHUP])?,
            stops: 0,
            is_reload: false,
        })
    }

    /// Whether an order to stop has come since this was last asked; each counts once.
    pub fn is_stop_asked(&mut self) -> bool {
        self.take_in();
        let is_asked = self.stops > 0;
        self.stops = self.stops.saturating_sub(1);
        is_asked
    }

    /// Whether an order to read the configuration anew has come since this was last asked.
    pub fn is_reload_asked(&mut self) -> bool {
        self.take_in();
        std::mem::take(&mut self.is_reload)
    }

    fn take_in(&mut self) {
        for signal in self.arrived.pending() {
            match signal {
                SIGHUP => self.is_reload = true,
                _ => self.stops += 1,
            }
        }
    }
}
