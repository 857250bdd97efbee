//! The steps that courses are made of: bring devices up, open chats, run a schedule, settle.
//!
//! Each is bounded: one that makes no progress for a while ends in an error that says how far it came.

use std::time::Duration;

use super::engine::Engine;
use super::error::RunError;
use crate::record::Stage;
use crate::schedule::{Action, Planned, Schedule};

/// A step that makes no progress for so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// Devices that open chats at a time.
const OPENING_MAX: u32 = 1024;
/// After the load, answers and deliveries may take so long.
const SETTLE: Duration = Duration::from_secs(20);

/// How devices connect.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Connects a second; 0 for no limit.
    pub per_second: u32,
    /// Connections that are being made at a time.
    pub joining_max: u32,
}

/// The pace of steps that are not measured.
pub const QUICK: Pace = Pace {
    per_second: 0,
    joining_max: 512,
};

/// A schedule that is read one action ahead.
pub struct Timetable {
    schedule: Schedule,
    next: Option<Planned>,
    origin_ns: i64,
}

impl Timetable {
    /// A schedule of which `skipped_ns` are over at `now_ns`; what it wanted until then is left out.
    pub fn after(mut schedule: Schedule, skipped_ns: u64, now_ns: u64) -> Self {
        let next = schedule.find(|planned| planned.at_ns >= skipped_ns);
        let origin_ns = now_ns as i64 - skipped_ns as i64;
        Self {
            schedule,
            next,
            origin_ns,
        }
    }

    fn next_ns(&self) -> Option<u64> {
        self.next
            .as_ref()
            .map(|planned| planned.at_ns.saturating_add_signed(self.origin_ns))
    }
}

impl Engine {
    /// Waits until `done` of `wanted` is reached.
    pub(super) fn wait_for(
        &mut self,
        step: &'static str,
        wanted: u64,
        done: impl Fn(&Self) -> u64,
    ) -> Result<(), RunError> {
        let (mut best, mut best_ns) = (done(self), self.clock.now_ns());
        while best < wanted {
            self.turn(None)?;
            if self.is_stopped() {
                return Err(RunError::Stopped);
            }
            let now = done(self);
            if now > best {
                (best, best_ns) = (now, self.clock.now_ns());
            } else if self.clock.since(best_ns) > PATIENCE {
                return Err(self.stuck(step, now, wanted));
            }
            self.progress.say(step, || format!("{now} of {wanted}"));
        }
        Ok(())
    }

    fn stuck(&self, step: &'static str, done: u64, wanted: u64) -> RunError {
        let counts = self.fleet.recorder.errors.counts();
        let kinds = counts
            .iter()
            .map(|error| format!("{} {} ({})", error.count, error.kind, error.example));
        let errors: Vec<String> = kinds.collect();
        let errors = if errors.is_empty() {
            "no errors".to_owned()
        } else {
            errors.join("; ")
        };
        RunError::Stuck {
            step,
            seconds: PATIENCE.as_secs(),
            done,
            wanted,
            errors,
        }
    }

    /// Connects devices and waits until all are signed in.
    pub(super) fn bring_up(
        &mut self,
        step: &'static str,
        devices: impl Iterator<Item = u32>,
        pace: Pace,
    ) -> Result<(), RunError> {
        self.connects.pace(pace.per_second, pace.joining_max);
        let mut wanted = u64::from(self.fleet.live());
        for device in devices {
            if !self.fleet.is_wanted(device) {
                self.fleet.want(device);
                self.connects.add(device);
                wanted += 1;
            }
        }
        self.wait_for(step, wanted, |engine| u64::from(engine.fleet.live()))
    }

    /// Takes devices down for good.
    pub(super) fn take_down(&mut self, devices: impl Iterator<Item = u32>) -> Result<(), RunError> {
        for device in devices {
            self.fleet.leave(device);
            self.cut(device);
        }
        while self.is_cutting() {
            self.turn(None)?;
        }
        Ok(())
    }

    /// Opens all chats; their openers must be signed in, and both users known to the node.
    pub(super) fn open_chats(&mut self) -> Result<(), RunError> {
        let wanted = u64::from(self.fleet.world().chats());
        let devices = self.fleet.world().devices();
        let (mut next, mut best, mut best_ns) = (0, 0, self.clock.now_ns());
        loop {
            while next < devices && self.fleet.opening() < OPENING_MAX {
                self.fleet.begin_opening(next);
                next += 1;
            }
            let done = self.fleet.counts.chats_opened;
            let refused = self.fleet.chats_not_opened();
            if done + refused >= wanted {
                return if refused == 0 {
                    Ok(())
                } else {
                    Err(self.stuck("open chats", done, wanted))
                };
            }
            if done > best {
                (best, best_ns) = (done, self.clock.now_ns());
            } else if self.clock.since(best_ns) > PATIENCE {
                return Err(self.stuck("open chats", done, wanted));
            }
            self.turn(None)?;
            if self.is_stopped() {
                return Err(RunError::Stopped);
            }
            self.progress
                .say("open chats", || format!("{done} of {wanted}"));
        }
    }

    /// Runs until `end_ns`, doing what the timetable says when it says so. Ends early when the user wants it.
    pub(super) fn run_until(
        &mut self,
        end_ns: u64,
        mut timetable: Option<&mut Timetable>,
        mut each_turn: impl FnMut(&mut Self, u64),
    ) -> Result<(), RunError> {
        loop {
            let now_ns = self.clock.now_ns();
            if now_ns >= end_ns || self.is_stopped() {
                return Ok(());
            }
            if let Some(timetable) = timetable.as_deref_mut() {
                self.follow(timetable, now_ns);
            }
            each_turn(self, now_ns);
            let next_ns = timetable.as_ref().and_then(|timetable| timetable.next_ns());
            self.turn(next_ns)?;
            self.say_load(end_ns);
        }
    }

    fn follow(&mut self, timetable: &mut Timetable, now_ns: u64) {
        while let Some(due_ns) = timetable.next_ns().filter(|due_ns| *due_ns <= now_ns) {
            let Some(planned) = timetable.next.take() else {
                return;
            };
            timetable.next = timetable.schedule.next();
            self.fleet.recorder.record(Stage::Lag, now_ns - due_ns);
            self.act(planned.action, due_ns);
        }
    }

    fn act(&mut self, action: Action, due_ns: u64) {
        match action {
            Action::Connect { device } => {
                if !self.fleet.is_wanted(device) {
                    self.fleet.want(device);
                    if self.fleet.was_live(device) {
                        self.fleet.resume_since(device, due_ns);
                    }
                    self.connects.add(device);
                }
            }
            Action::Disconnect { device } => {
                self.fleet.leave(device);
                self.cut(device);
            }
            Action::Send {
                device,
                chat,
                payload_bytes,
            } => {
                self.fleet.enqueue(device, chat, due_ns, payload_bytes);
            }
            Action::Read { device, chat } => self.fleet.mark_read(device, chat),
            Action::Typing { .. } => self.fleet.counts.typing_not_sent += 1,
        }
    }

    fn say_load(&mut self, end_ns: u64) {
        let counts = self.fleet.counts;
        let begin = self
            .counting
            .as_ref()
            .map(|counting| (counting.began_ns, counting.base));
        let (step, rate) = match begin {
            None => ("warm-up", 0.0),
            Some((began_ns, base)) => {
                let seconds = self.clock.since(began_ns).as_secs_f64().max(0.001);
                ("load", (counts.delivered - base.delivered) as f64 / seconds)
            }
        };
        let left_s = end_ns.saturating_sub(self.clock.now_ns()) / 1_000_000_000;
        let errors = self.fleet.recorder.errors.total();
        self.progress.say(step, || {
            format!(
                "{} sent, {} delivered, {rate:.0}/s, {errors} errors, {left_s} s left",
                counts.sent, counts.delivered
            )
        });
    }

    /// Waits until everything sent is answered and has arrived where a device is signed in, or gives up after a while.
    pub(super) fn settle(&mut self) -> Result<(), RunError> {
        self.fleet.end_closed_loops();
        self.read_again();
        let end_ns = self.clock.now_ns() + SETTLE.as_nanos() as u64;
        let mut next_look_ns = 0;
        while self.clock.now_ns() < end_ns {
            if self.clock.now_ns() >= next_look_ns {
                let left = self.fleet.unanswered_live() + self.fleet.missing();
                if left == 0 {
                    break;
                }
                next_look_ns = self.clock.now_ns() + 200_000_000;
                self.progress.say("settle", || format!("{left} left"));
            }
            self.turn(None)?;
        }
        Ok(())
    }
}
