//! One pass over a schedule: who is connected, and what was sent; every action is checked against what may happen then.

use ringpost_bench::scenario::Scenario;
use ringpost_bench::schedule::{Action, Planned, Population, Schedule};

/// A built-in scenario with settings.
pub fn scenario(name: &str, settings: &[(&str, &str)]) -> Scenario {
    let scenario = Scenario::built_in(name).expect("built in");
    scenario
        .with(settings)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// A schedule's actions with what is known when each happens.
pub struct Watched {
    schedule: Schedule,
    connected: Vec<bool>,
    /// Devices that are connected, after the last action.
    pub sessions: u32,
    last_ns: u64,
}

impl Watched {
    pub fn new(scenario: &Scenario) -> Self {
        let schedule = Schedule::new(scenario).expect("not too large");
        let devices = schedule.population().devices as usize;
        Self {
            schedule,
            connected: vec![false; devices],
            sessions: 0,
            last_ns: 0,
        }
    }

    pub fn population(&self) -> Population {
        self.schedule.population().clone()
    }

    pub fn counted_ns(&self) -> std::ops::Range<u64> {
        self.schedule.counted_ns()
    }

    pub fn is_connected(&self, device: u32) -> bool {
        self.connected[device as usize]
    }

    /// The user of a chat that a device is not of.
    pub fn other_user(&self, device: u32, chat: u32) -> u32 {
        let population = self.schedule.population();
        let (a, b) = population.members(chat);
        let user = population.user_of(device);
        assert!(user == a || user == b, "{device} is not in {chat}");
        if user == a { b } else { a }
    }

    fn check(&mut self, planned: Planned) {
        assert!(planned.at_ns >= self.last_ns, "time runs back");
        assert!(planned.at_ns < self.counted_ns().end, "after the end");
        self.last_ns = planned.at_ns;
        match planned.action {
            Action::Connect { device } => {
                assert!(!std::mem::replace(
                    &mut self.connected[device as usize],
                    true
                ));
                self.sessions += 1;
            }
            Action::Disconnect { device } => {
                assert!(std::mem::replace(
                    &mut self.connected[device as usize],
                    false
                ));
                self.sessions -= 1;
            }
            Action::Send { device, chat, .. }
            | Action::Read { device, chat }
            | Action::Typing { device, chat } => {
                assert!(self.is_connected(device), "{planned:?} without a session");
                self.other_user(device, chat);
            }
        }
    }
}

impl Iterator for Watched {
    type Item = Planned;

    fn next(&mut self) -> Option<Planned> {
        let planned = self.schedule.next()?;
        self.check(planned);
        Some(planned)
    }
}
