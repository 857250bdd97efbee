//! The course of an overload: find the top, want more than it, stop, and see that all gets in.
//!
//! Output: what was stored beside the top, how long what was taken waited, and how long it took until all was in.

use super::engine::Engine;
use super::error::RunError;
use super::measure::Measured;
use crate::record::Stage;
use crate::scenario::{Load, Overload, Pairs, Scenario};

const SECOND_NS: u64 = 1_000_000_000;
/// Least share of the top that must be stored under overload, in percent.
const KEPT_PERCENT_MIN: u64 = 80;
/// Longest that what is taken may wait for its answer at the 99th percentile, in milliseconds.
const TAKEN_P99_MS_MAX: u64 = 1_000;

impl Engine {
    /// Runs it. The counted part is the overload alone.
    pub(super) fn overload(
        &mut self,
        scenario: &Scenario,
        overload: &Overload,
    ) -> Result<Measured, RunError> {
        self.ready()?;
        let top = self.find_top(scenario, overload)?;
        let scenario = at_rate(scenario, overload, (top as f64 * overload.factor) as u64);
        let (mut timetable, counted_ns) = self.timetable(&scenario)?;
        self.fleet.times_transmissions = true;
        let mut measured = self.measure(|engine| {
            engine.run_until(counted_ns.end, Some(&mut timetable), |_, _| {})?;
            Ok(Vec::new())
        })?;
        self.fleet.times_transmissions = false;
        let stored = (measured.counts.sent as f64 / measured.seconds) as u64;
        let taken = self.fleet.recorder.total(Stage::TakenToSent);
        let taken_p99_ms = taken.value_at_quantile(0.99) / 1_000_000;
        let began_ns = self.clock.now_ns();
        let late = self.fleet.unanswered_live();
        self.get_all_in()?;
        let figures = [
            ("overload_top_per_second", top),
            ("overload_stored_per_second", stored),
            ("overload_kept_percent", stored * 100 / top.max(1)),
            ("overload_taken_p99_ms", taken_p99_ms),
            ("overload_late", late),
            (
                "overload_late_in_after_ms",
                self.clock.since(began_ns).as_millis() as u64,
            ),
        ];
        let figures = figures.map(|(name, figure)| (name.to_owned(), figure));
        measured.unmet = unmet(top, stored, taken_p99_ms);
        measured.figures = figures.into();
        Ok(measured)
    }

    /// What is stored a second in a closed loop, after the warm-up.
    fn find_top(&mut self, scenario: &Scenario, overload: &Overload) -> Result<u64, RunError> {
        let now_ns = self.clock.now_ns();
        for device in 0..overload.top_senders.min(overload.pairs) {
            self.fleet.begin_closed_loop(device, 1, u64::MAX, now_ns);
        }
        let warm_ns = now_ns + scenario.warm_up_s * SECOND_NS;
        self.run_until(warm_ns, None, |_, _| {})?;
        let (began_ns, before) = (self.clock.now_ns(), self.fleet.counts.sent);
        self.run_until(warm_ns + overload.top_s * SECOND_NS, None, |_, _| {})?;
        let seconds = self.clock.since(began_ns).as_secs_f64();
        let top = (self.fleet.counts.sent - before) as f64 / seconds;
        self.settle()?;
        Ok(top as u64)
    }

    /// No more sends come: those that wait, and those that were refused, must all be stored and delivered.
    fn get_all_in(&mut self) -> Result<(), RunError> {
        let wanted = self.fleet.counts.sent + self.fleet.unanswered_live();
        self.wait_for("get all in", wanted, |engine| engine.fleet.counts.sent)?;
        self.settle()
    }
}

/// The open loop, from its beginning.
fn at_rate(scenario: &Scenario, overload: &Overload, rate: u64) -> Scenario {
    Scenario {
        warm_up_s: 0,
        load: Load::Pairs(Pairs {
            pairs: overload.pairs,
            in_flight: overload.in_flight,
            rate,
            chats_per_sender: 1,
        }),
        ..scenario.clone()
    }
}

fn unmet(top: u64, stored: u64, taken_p99_ms: u64) -> Vec<String> {
    let mut unmet = Vec::new();
    if stored * 100 < top * KEPT_PERCENT_MIN {
        unmet.push(format!("{stored}/s were stored, of a top of {top}/s"));
    }
    if taken_p99_ms > TAKEN_P99_MS_MAX {
        unmet.push(format!(
            "what was taken waited {taken_p99_ms} ms at the 99th percentile"
        ));
    }
    unmet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_come_about_is_told_when_it_does_not() {
        assert_eq!(unmet(1_000, 800, 1_000), [""; 0]);
        assert_eq!(unmet(1_000, 799, 1_000).len(), 1);
        assert_eq!(unmet(1_000, 799, 1_001).len(), 2);
        assert_eq!(
            unmet(0, 0, 0),
            [""; 0],
            "nothing was stored: told elsewhere"
        );
    }
}
