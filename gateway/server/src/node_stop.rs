//! Stopping a node: announce, drain, store what was handed over, end; and by when each of it must be done.
//!
//! Invariant: the process has ended when `drain.limit_ms` is over, whatever hangs.

use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ringpost_gateway_ring::Waker;

use crate::configuration::DrainSettings;
use crate::error::NodeError;
use crate::node::Node;
use crate::stop_order::Order;

/// Time between two looks at what is left to stop.
const STOP_INTERVAL: Duration = Duration::from_millis(5);
/// Part of the limit that is kept for the store to make durable what it was given.
const STORE_SHARE: u32 = 4;
/// Exit code of a process that hung until the limit was over (sysexits.h: EX_SOFTWARE).
const EXIT_HUNG: i32 = 70;

impl Node {
    /// Becomes not ready, lets sessions leave, makes durable what was handed over, as far as the store can be reached, and stops
    /// all threads. `is_hastened` says whether another order to stop has come: the first ends the announcement and closes all
    /// sessions at once.
    ///
    /// # Errors
    /// The first thread that ended badly, or that the drain took too long; the others are stopped all the same.
    pub fn stop(self, is_hastened: &mut dyn FnMut() -> bool) -> Result<(), NodeError> {
        let limits = self.drain;
        let _watchdog = Watchdog::start(Duration::from_millis(limits.limit_ms));
        let drained = self.drain(&limits, is_hastened);
        let ended = self.end();
        drained.and(ended)
    }

    /// Until every core has ended.
    fn drain(
        &self,
        limits: &DrainSettings,
        is_hastened: &mut dyn FnMut() -> bool,
    ) -> Result<(), NodeError> {
        let begun = Instant::now();
        let mut order = Order::Run;
        while !self.threads.iter().all(JoinHandle::is_finished) {
            let next = order_at(limits, begun.elapsed(), order, is_hastened());
            if next == Order::Hasten && order < next {
                tracing::warn!("asked to stop again: the remaining sessions are closed now");
            }
            if next > order {
                order = next;
                self.order(order);
            }
            self.watch();
            std::thread::sleep(STOP_INTERVAL);
        }
        if order < Order::End {
            return Ok(());
        }
        Err(NodeError::DrainTooLong {
            limit_ms: limits.limit_ms,
        })
    }

    fn order(&self, order: Order) {
        self.stopping.give(order);
        self.wakers.iter().for_each(Waker::wake);
    }

    fn end(self) -> Result<(), NodeError> {
        let mut result = Ok(());
        for (core, thread) in self.threads.into_iter().enumerate() {
            let ended = thread.join().unwrap_or_else(|_| {
                Err(NodeError::Core {
                    core,
                    reason: "its thread panicked".to_owned(),
                })
            });
            result = result.and(ended);
        }
        let stored = self.store.stop().map_err(NodeError::from);
        self.http.stop();
        result.and(stored)
    }
}

/// What is to be done so long after the beginning of a stop.
fn order_at(limits: &DrainSettings, elapsed: Duration, order: Order, is_hastened: bool) -> Order {
    let limit = Duration::from_millis(limits.limit_ms);
    let due = if elapsed >= limit - limit / STORE_SHARE {
        Order::End
    } else if is_hastened {
        Order::Hasten
    } else if elapsed >= Duration::from_millis(limits.notice_ms) {
        Order::Drain
    } else {
        Order::Announce
    };
    due.max(order)
}

/// Ends the process when the limit is over, unless dropped before.
struct Watchdog {
    _done: SyncSender<()>,
}

impl Watchdog {
    /// `None` where the system gives no thread: then the stop has no limit.
    fn start(limit: Duration) -> Option<Self> {
        let (done, is_done) = mpsc::sync_channel(1);
        let watch = move || {
            if is_done.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                tracing::error!(?limit, "the stop hangs: the process ends now");
                std::process::exit(EXIT_HUNG);
            }
        };
        let thread = std::thread::Builder::new().name("stop-limit".to_owned());
        thread.spawn(watch).ok().map(|_| Self { _done: done })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_goes_from_order_to_order() {
        let limits = DrainSettings {
            notice_ms: 100,
            limit_ms: 1_000,
            ..DrainSettings::default()
        };
        let at = |elapsed_ms, order, is_hastened| {
            order_at(
                &limits,
                Duration::from_millis(elapsed_ms),
                order,
                is_hastened,
            )
        };
        assert_eq!(at(0, Order::Run, false), Order::Announce);
        assert_eq!(at(99, Order::Announce, false), Order::Announce);
        assert_eq!(at(100, Order::Announce, false), Order::Drain);
        assert_eq!(at(50, Order::Announce, true), Order::Hasten);
        assert_eq!(at(200, Order::Hasten, false), Order::Hasten);
        assert_eq!(at(749, Order::Drain, false), Order::Drain);
        assert_eq!(at(750, Order::Hasten, true), Order::End);
        let default = DrainSettings::default();
        assert_eq!(
            order_at(&default, Duration::ZERO, Order::Run, false),
            Order::Drain
        );
    }

    #[test]
    fn a_stop_that_ends_in_time_is_left_alone() {
        let watchdog = Watchdog::start(Duration::from_secs(3_600));
        assert!(watchdog.is_some());
    }
}
