//! The course of each kind of scenario: which devices come up when, what is counted, what must have come about.

use std::ops::Range;

use super::engine::Engine;
use super::error::RunError;
use super::measure::Measured;
use super::steps::{Pace, QUICK, Timetable};
use crate::scenario::{
    HotChat, IdleMillion, Load, OfflineDrain, Pairs, ReconnectStorm, Scenario, SlowReaders,
};
use crate::schedule::{Population, Schedule};

/// Connections that a storm makes at a time: as many as come.
const STORM: Pace = Pace {
    per_second: 0,
    joining_max: u32::MAX,
};
/// Connections that are being made at a time where the pace is given.
const JOINING_MAX: u32 = 4096;
/// After their return devices may take so long to catch up.
const CATCH_UP_NS: u64 = 300_000_000_000;
/// How long a slow reader reads.
const READ_NS: u64 = 20_000_000;
const SECOND_NS: u64 = 1_000_000_000;

impl Engine {
    /// Runs a scenario to its end.
    ///
    /// # Errors
    /// The devices could not be made ready, or the reactor failed.
    pub fn run(&mut self, scenario: &Scenario) -> Result<Measured, RunError> {
        let measured = match &scenario.load {
            Load::Pairs(pairs) => self.pairs(scenario, pairs),
            Load::HotChat(hot) => self.hot_chat(scenario, hot),
            Load::SlowReaders(slow) => self.slow_readers(scenario, slow),
            Load::Overload(overload) => self.overload(scenario, overload),
            Load::OfflineDrain(drain) => self.offline_drain(drain),
            Load::ReconnectStorm(storm) => self.reconnect_storm(scenario, storm),
            Load::IdleMillion(idle) => self.idle_million(scenario, idle),
            Load::Day(_) => self.day(scenario),
        };
        self.progress.end();
        measured
    }

    fn all(&self) -> Range<u32> {
        0..self.fleet.world().devices()
    }

    pub(super) fn ready(&mut self) -> Result<(), RunError> {
        self.bring_up("sign in", self.all(), QUICK)?;
        self.open_chats()
    }

    /// Warms up and counts: an open loop if there is a rate, else a closed one of `senders`.
    fn steady(
        &mut self,
        scenario: &Scenario,
        senders: Range<u32>,
        in_flight: Option<u32>,
        mut each_turn: impl FnMut(&mut Self, u64),
    ) -> Result<Measured, RunError> {
        let (timetable, counted_ns) = self.timetable(scenario)?;
        let mut timetable = in_flight.is_none().then_some(timetable);
        if let Some(in_flight) = in_flight {
            let now_ns = self.clock.now_ns();
            for device in senders {
                self.fleet
                    .begin_closed_loop(device, in_flight, u64::MAX, now_ns);
            }
        }
        self.run_until(counted_ns.start, timetable.as_mut(), &mut each_turn)?;
        let is_open = timetable.is_some();
        let measured = self.measure(|engine| {
            engine.run_until(counted_ns.end, timetable.as_mut(), &mut each_turn)?;
            // In an open loop what is late at the end counts with its whole latency.
            if is_open {
                engine.settle()?;
            }
            Ok(Vec::new())
        })?;
        self.settle()?;
        Ok(measured)
    }

    /// The scenario's schedule from now on, and when it counts.
    pub(super) fn timetable(
        &self,
        scenario: &Scenario,
    ) -> Result<(Timetable, Range<u64>), RunError> {
        let schedule = Schedule::new(scenario)?;
        let (begin_ns, counted_ns) = (self.clock.now_ns(), schedule.counted_ns());
        let counted_ns = begin_ns + counted_ns.start..begin_ns + counted_ns.end;
        Ok((Timetable::after(schedule, 0, begin_ns), counted_ns))
    }

    fn pairs(&mut self, scenario: &Scenario, pairs: &Pairs) -> Result<Measured, RunError> {
        self.ready()?;
        let in_flight = (pairs.rate == 0).then_some(pairs.in_flight);
        self.steady(scenario, 0..pairs.pairs, in_flight, |_, _| {})
    }

    fn hot_chat(&mut self, scenario: &Scenario, hot: &HotChat) -> Result<Measured, RunError> {
        self.ready()?;
        let in_flight = (hot.rate == 0).then_some(hot.in_flight);
        self.steady(scenario, self.all(), in_flight, |_, _| {})
    }

    fn slow_readers(
        &mut self,
        scenario: &Scenario,
        slow: &SlowReaders,
    ) -> Result<Measured, RunError> {
        self.ready()?;
        let population = Population::new(scenario);
        let slow_devices: Vec<u32> = self
            .all()
            .filter(|&device| population.reads_slowly(device))
            .collect();
        slow_devices
            .iter()
            .for_each(|&device| self.set_reading(device, false));
        let every_ns = slow.read_every_ms * 1_000_000;
        let mut next_ns = self.clock.now_ns() + every_ns;
        let mut is_reading = false;
        let in_flight = (slow.rate == 0).then_some(slow.in_flight);
        self.steady(scenario, 0..slow.pairs, in_flight, |engine, now_ns| {
            if every_ns == 0 || now_ns < next_ns {
                return;
            }
            is_reading = !is_reading;
            next_ns = now_ns + if is_reading { READ_NS } else { every_ns };
            slow_devices
                .iter()
                .for_each(|&device| engine.set_reading(device, is_reading));
        })
    }

    fn offline_drain(&mut self, drain: &OfflineDrain) -> Result<Measured, RunError> {
        self.ready()?;
        let away = 0..drain.devices;
        let senders = drain.devices..drain.devices + drain.senders;
        self.take_down(away.clone())?;
        self.store(senders, drain.messages, drain.in_flight)?;
        let pace = Pace {
            per_second: drain.returns_per_second,
            joining_max: u32::MAX,
        };
        self.measure(|engine| engine.come_back(away, pace))
    }

    /// Each sender stores `messages` in each of its chats.
    fn store(
        &mut self,
        senders: Range<u32>,
        messages: u32,
        in_flight: u32,
    ) -> Result<(), RunError> {
        let (now_ns, stored) = (self.clock.now_ns(), self.fleet.counts.sent);
        let mut wanted = stored;
        for device in senders {
            let sends = u64::from(messages) * self.fleet.world().sides_of(device).len() as u64;
            self.fleet
                .begin_closed_loop(device, in_flight, sends, now_ns);
            wanted += sends;
        }
        self.wait_for("store the backlog", wanted, |engine| {
            engine.fleet.counts.sent
        })
    }

    /// Connects devices and waits until each has everything that was stored for it.
    fn come_back(&mut self, devices: Range<u32>, pace: Pace) -> Result<Vec<String>, RunError> {
        let wanted = self.fleet.caught_up() + devices.len() as u64;
        let now_ns = self.clock.now_ns();
        self.connects.pace(pace.per_second, pace.joining_max);
        for device in devices {
            self.fleet.want(device);
            self.fleet.resume_since(device, now_ns);
            self.connects.add(device);
        }
        self.catch_up(wanted)
    }

    fn catch_up(&mut self, wanted: u64) -> Result<Vec<String>, RunError> {
        let end_ns = self.clock.now_ns() + CATCH_UP_NS;
        while self.fleet.caught_up() < wanted && self.clock.now_ns() < end_ns && !self.is_stopped()
        {
            self.turn(None)?;
            let left = wanted - self.fleet.caught_up().min(wanted);
            let delivered = self.fleet.counts.delivered;
            self.progress.say("catch up", || {
                format!("{left} devices left, {delivered} delivered")
            });
        }
        let left = wanted.saturating_sub(self.fleet.caught_up());
        Ok(unmet(left, "devices did not catch up"))
    }

    /// Cut, backlog and return are the schedule's.
    fn reconnect_storm(
        &mut self,
        scenario: &Scenario,
        storm: &ReconnectStorm,
    ) -> Result<Measured, RunError> {
        self.ready()?;
        self.connects.pace(STORM.per_second, STORM.joining_max);
        let (mut timetable, counted_ns) = self.timetable(scenario)?;
        let wanted = self.fleet.caught_up() + u64::from(storm.sessions);
        self.run_until(counted_ns.start, Some(&mut timetable), |_, _| {})?;
        self.measure(|engine| {
            engine.run_until(counted_ns.end, Some(&mut timetable), |_, _| {})?;
            let unmet = engine.catch_up(wanted)?;
            engine.settle()?;
            Ok(unmet)
        })
    }

    /// The sessions are made before the schedule is followed, at its pace, so that their chats can be opened.
    fn idle_million(
        &mut self,
        scenario: &Scenario,
        idle: &IdleMillion,
    ) -> Result<Measured, RunError> {
        let pace = Pace {
            per_second: idle.connects_per_second,
            joining_max: JOINING_MAX,
        };
        self.bring_up("sign in", self.all(), pace)?;
        self.open_chats()?;
        let schedule = Schedule::new(scenario)?;
        let warm_up_ns = scenario.warm_up_s * SECOND_NS;
        let ramp_ns = schedule.counted_ns().start - warm_up_ns;
        let begin_ns = self.clock.now_ns();
        let mut timetable = Timetable::after(schedule, ramp_ns, begin_ns);
        let counted_ns = begin_ns + warm_up_ns;
        self.run_until(counted_ns, Some(&mut timetable), |_, _| {})?;
        let end_ns = counted_ns + scenario.seconds * SECOND_NS;
        let wanted = u64::from(idle.sessions);
        self.measure(|engine| {
            engine.run_until(end_ns, Some(&mut timetable), |_, _| {})?;
            engine.settle()?;
            let without = wanted.saturating_sub(engine.fleet.devices_reached());
            Ok(unmet(without, "sessions got no message"))
        })
    }

    /// All users sign in once, so that their chats can be opened; then those leave who are away when the day begins.
    fn day(&mut self, scenario: &Scenario) -> Result<Measured, RunError> {
        self.ready()?;
        self.take_down(self.all())?;
        self.steady(scenario, 0..0, None, |_, _| {})
    }
}

fn unmet(count: u64, what: &str) -> Vec<String> {
    if count == 0 {
        Vec::new()
    } else {
        vec![format!("{count} {what}")]
    }
}
