//! `Schedule`: the actions of a scenario, one after the other, drawn when asked for; nothing is listed beforehand.
//!
//! One scenario gives one schedule, on one platform: logarithms may be rounded otherwise on another.

use std::ops::Range;

use crate::scenario::{DEVICES_MAX, Load, Scenario};

use super::action::Planned;
use super::day::DayPlan;
use super::population::Population;
use super::script::Script;
use super::world;

const SECOND_NS: u64 = 1_000_000_000;

/// Why there is no schedule.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ScheduleError {
    /// A day of too many users to run.
    #[error(
        "load.factor: {factor} of the world is {users} users; a run has at most {DEVICES_MAX} (what is expected can be shown for all)"
    )]
    TooManyUsers {
        /// The factor.
        factor: f64,
        /// Its users.
        users: u32,
    },
}

/// The actions of a scenario. An iterator: time never runs back. What depends on answers (closed loops, the return in
/// `offline-drain`) is not in it.
#[derive(Clone, Debug)]
pub struct Schedule {
    population: Population,
    counted_ns: Range<u64>,
    plan: Plan,
}

#[derive(Clone, Debug)]
enum Plan {
    Script(Script),
    Day(Box<DayPlan>),
}

impl Schedule {
    /// The schedule of a scenario.
    ///
    /// # Errors
    /// A day of more users than a run may have.
    pub fn new(scenario: &Scenario) -> Result<Self, ScheduleError> {
        if let Load::Day(day) = &scenario.load {
            let users = world::users(day.factor);
            if users > DEVICES_MAX {
                let factor = day.factor;
                return Err(ScheduleError::TooManyUsers { factor, users });
            }
        }
        let population = Population::new(scenario);
        let counted_ns = counted_ns(scenario);
        let plan = match &scenario.load {
            Load::Day(day) => {
                let plan = DayPlan::new(scenario, day, &population, counted_ns.end);
                Plan::Day(Box::new(plan))
            }
            _ => Plan::Script(Script::new(scenario, &population, &counted_ns)),
        };
        Ok(Self {
            population,
            counted_ns,
            plan,
        })
    }

    /// Who there is.
    pub fn population(&self) -> &Population {
        &self.population
    }

    /// When it counts: from the end of the warm-up, `seconds` long. `idle-million` makes its sessions before the warm-up.
    pub fn counted_ns(&self) -> Range<u64> {
        self.counted_ns.clone()
    }
}

impl Iterator for Schedule {
    type Item = Planned;

    fn next(&mut self) -> Option<Planned> {
        match &mut self.plan {
            Plan::Script(script) => script.next(&self.population),
            Plan::Day(day) => day.next(),
        }
    }
}

fn counted_ns(scenario: &Scenario) -> Range<u64> {
    let ramp_s = match &scenario.load {
        Load::IdleMillion(load) => u64::from(load.sessions.div_ceil(load.connects_per_second)),
        _ => 0,
    };
    let begin_s = ramp_s + scenario.warm_up_s;
    begin_s * SECOND_NS..(begin_s + scenario.seconds) * SECOND_NS
}
