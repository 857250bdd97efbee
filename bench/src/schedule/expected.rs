//! `Expected`: what load a scenario is, computed from its model without drawing anything.

use crate::scenario::{Load, Scenario};

use super::expected_day;
use super::payload_sizes::PayloadSizes;
use super::population::Population;

/// What to expect in the counted time. Rates are in seconds of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// Users.
    pub users: u32,
    /// Devices.
    pub devices: u32,
    /// Chats.
    pub chats: u64,
    /// Messages sent; absent in a closed loop, where the node decides.
    pub messages: Option<f64>,
    /// The same a second.
    pub messages_per_second: Option<f64>,
    /// The most a second, over five minutes of a day or the busiest phase of the other kinds.
    pub peak_messages_per_second: Option<f64>,
    /// Sessions, mean.
    pub sessions_mean: f64,
    /// Sessions, most.
    pub sessions_peak: f64,
    /// Connects a second, mean.
    pub connects_per_second: f64,
    /// Connects a second, most, over five minutes of a day; absent where all come at once.
    pub peak_connects_per_second: Option<f64>,
    /// Share of the messages whose recipient is not connected when they are sent.
    pub offline_share: f64,
    /// Mean payload, in bytes.
    pub payload_bytes_mean: f64,
    /// Typing signals.
    pub typing: f64,
    /// Read receipts, at most: a receipt stands for all that was read before it.
    pub reads_at_most: f64,
}

/// What to expect of a scenario; of a day also where it is too large to run.
pub fn expected(scenario: &Scenario) -> Expected {
    if let Load::Day(day) = &scenario.load {
        return expected_day::expected_day(scenario, day);
    }
    let population = Population::new(scenario);
    let rates = rates(scenario);
    let devices = f64::from(population.devices);
    Expected {
        users: population.users(),
        devices: population.devices,
        chats: u64::from(population.chats),
        messages: rates.messages,
        messages_per_second: rates.messages.map(|count| count / scenario.seconds as f64),
        peak_messages_per_second: rates.peak,
        sessions_mean: rates.sessions_mean.unwrap_or(devices),
        sessions_peak: devices,
        connects_per_second: rates.connects / scenario.seconds as f64,
        peak_connects_per_second: None,
        offline_share: rates.offline_share,
        payload_bytes_mean: PayloadSizes::new(scenario).mean_bytes(),
        typing: 0.0,
        reads_at_most: 0.0,
    }
}

struct Rates {
    messages: Option<f64>,
    peak: Option<f64>,
    sessions_mean: Option<f64>,
    connects: f64,
    offline_share: f64,
}

impl Rates {
    /// A rate for a time, or a closed loop.
    fn steady(rate: u64, seconds: u64) -> Self {
        let open = (rate > 0).then_some(rate as f64);
        Self {
            messages: open.map(|rate| rate * seconds as f64),
            peak: open,
            sessions_mean: None,
            connects: 0.0,
            offline_share: 0.0,
        }
    }
}

fn rates(scenario: &Scenario) -> Rates {
    let seconds = scenario.seconds;
    match &scenario.load {
        Load::Pairs(load) => Rates::steady(load.rate, seconds),
        Load::SlowReaders(load) => Rates::steady(load.rate, seconds),
        Load::HotChat(load) => Rates::steady(load.rate, seconds),
        Load::OfflineDrain(load) => Rates {
            messages: Some(f64::from(load.devices) * f64::from(load.messages)),
            peak: None,
            connects: f64::from(load.devices),
            offline_share: 1.0,
            ..Rates::steady(0, seconds)
        },
        Load::ReconnectStorm(load) => {
            let stored = f64::from(load.sessions) * f64::from(load.backlog);
            let rate = if load.pairs_active > 0 { load.rate } else { 0 };
            let sent = rate as f64 * (seconds - load.away_s) as f64;
            let storing = stored / (load.away_s as f64).max(1.0);
            let away = f64::from(load.sessions) * load.away_s as f64 / seconds as f64;
            let senders = if load.backlog == 0 { 0 } else { load.senders };
            Rates {
                messages: Some(sent + stored),
                peak: Some(storing.max(rate as f64)),
                sessions_mean: Some(f64::from(load.sessions + senders) - away),
                connects: f64::from(load.sessions),
                offline_share: if stored > 0.0 {
                    stored / (sent + stored)
                } else {
                    0.0
                },
            }
        }
        Load::IdleMillion(load) => {
            let each = f64::from(load.sessions);
            let rate = load.rate as f64 + each / seconds as f64;
            Rates {
                messages: Some(rate * seconds as f64),
                peak: Some(rate),
                ..Rates::steady(0, seconds)
            }
        }
        Load::Overload(_) | Load::Day(_) => Rates::steady(0, seconds),
    }
}
