//! `Script`: the schedule of every kind but the day: a few segments, one after the other.

use std::collections::VecDeque;
use std::ops::Range;

use crate::scenario::{Load, Scenario};

use super::action::{Action, Planned};
use super::arrivals::Arrivals;
use super::draw::Draw;
use super::payload_sizes::PayloadSizes;
use super::population::Population;
use super::spread::{Spread, What};

const SECOND_NS: u64 = 1_000_000_000;
const FIRST_ARRIVALS: u64 = 2;
const SECOND_ARRIVALS: u64 = 3;

/// What is still to come.
#[derive(Clone, Debug)]
pub(super) struct Script {
    segments: VecDeque<Segment>,
    sizes: PayloadSizes,
}

#[derive(Clone, Debug)]
enum Segment {
    /// All of these connect, or disconnect, at one moment.
    All {
        at_ns: u64,
        devices: Range<u32>,
        is_connect: bool,
    },
    /// All of these connect, evenly.
    Paced {
        devices: Range<u32>,
        per_second: u32,
    },
    /// Sends from one or two sources, by time.
    Sends {
        arrivals: Option<Arrivals>,
        spread: Option<Spread>,
    },
}

impl Script {
    /// The script of a scenario that is no day; `counted_ns` is when it counts.
    pub(super) fn new(
        scenario: &Scenario,
        population: &Population,
        counted_ns: &Range<u64>,
    ) -> Self {
        let everyone = all(0, 0..population.devices, true);
        let at_rate = |rate: u64, period_ns: Range<u64>, stream: u64| {
            let draw = Draw::new(scenario.seed, stream);
            Arrivals::new(scenario.arrivals, rate, period_ns, draw)
        };
        let steady = |rate: u64| {
            let whole = at_rate(rate, 0..counted_ns.end, FIRST_ARRIVALS);
            vec![everyone.clone(), sends(Some(whole), None)]
        };
        let segments = match &scenario.load {
            Load::Pairs(load) => steady(load.rate),
            Load::SlowReaders(load) => steady(load.rate),
            Load::HotChat(load) => steady(load.rate),
            // Its rate comes of the top that a run finds.
            Load::Overload(_) => steady(0),
            Load::OfflineDrain(_) => vec![all(0, population.senders(), true)],
            Load::ReconnectStorm(load) => {
                let cut_ns = counted_ns.start + load.cut_after_s * SECOND_NS;
                let back_ns = cut_ns + load.away_s * SECOND_NS;
                let what = What::Backlog {
                    first_chat: load.pairs_active,
                    chats: load.sessions,
                };
                let count = u64::from(load.sessions) * u64::from(load.backlog);
                let before = at_rate(load.rate, 0..cut_ns, FIRST_ARRIVALS);
                let after = at_rate(load.rate, back_ns..counted_ns.end, SECOND_ARRIVALS);
                let has_pairs = load.pairs_active > 0;
                vec![
                    everyone,
                    sends(has_pairs.then_some(before), None),
                    all(cut_ns, 0..load.sessions, false),
                    sends(None, Some(Spread::new(what, cut_ns..back_ns, count))),
                    all(back_ns, 0..load.sessions, true),
                    sends(has_pairs.then_some(after), None),
                ]
            }
            Load::IdleMillion(load) => {
                let ramp_ns = counted_ns.start - scenario.warm_up_s * SECOND_NS;
                let what = What::OneEach {
                    half: load.sessions / 2,
                };
                let one_each = Spread::new(what, counted_ns.clone(), u64::from(load.sessions));
                let active = at_rate(load.rate, ramp_ns..counted_ns.end, FIRST_ARRIVALS);
                vec![
                    Segment::Paced {
                        devices: 0..load.sessions,
                        per_second: load.connects_per_second,
                    },
                    sends(Some(active), Some(one_each)),
                ]
            }
            Load::Day(_) => Vec::new(),
        };
        Self {
            segments: segments.into(),
            sizes: PayloadSizes::new(scenario),
        }
    }

    /// The next action.
    pub(super) fn next(&mut self, population: &Population) -> Option<Planned> {
        loop {
            let planned = self.segments.front_mut()?.next(population, &mut self.sizes);
            if planned.is_some() {
                return planned;
            }
            self.segments.pop_front();
        }
    }
}

impl Segment {
    fn next(&mut self, population: &Population, sizes: &mut PayloadSizes) -> Option<Planned> {
        match self {
            Self::All {
                at_ns,
                devices,
                is_connect,
            } => {
                let device = devices.next()?;
                let action = if *is_connect {
                    Action::Connect { device }
                } else {
                    Action::Disconnect { device }
                };
                Some(Planned {
                    at_ns: *at_ns,
                    action,
                })
            }
            Self::Paced {
                devices,
                per_second,
            } => {
                let device = devices.next()?;
                Some(Planned {
                    at_ns: u64::from(device) * SECOND_NS / u64::from(*per_second),
                    action: Action::Connect { device },
                })
            }
            Self::Sends { arrivals, spread } => {
                let (at_ns, (device, chat)) = earliest(arrivals, spread, population)?;
                let payload_bytes = sizes.next_bytes();
                Some(Planned {
                    at_ns,
                    action: Action::Send {
                        device,
                        chat,
                        payload_bytes,
                    },
                })
            }
        }
    }
}

fn earliest(
    arrivals: &mut Option<Arrivals>,
    spread: &mut Option<Spread>,
    population: &Population,
) -> Option<(u64, (u32, u32))> {
    let of_arrivals = arrivals.as_ref().and_then(Arrivals::peek);
    let of_spread = spread.as_ref().and_then(Spread::peek);
    let is_spread = match (of_arrivals, of_spread) {
        (Some(a), Some(b)) => b < a,
        (_, b) => b.is_some(),
    };
    if is_spread {
        Some((of_spread?, spread.as_mut()?.take(population)))
    } else {
        Some((of_arrivals?, arrivals.as_mut()?.take(population)))
    }
}

fn all(at_ns: u64, devices: Range<u32>, is_connect: bool) -> Segment {
    Segment::All {
        at_ns,
        devices,
        is_connect,
    }
}

fn sends(arrivals: Option<Arrivals>, spread: Option<Spread>) -> Segment {
    Segment::Sends { arrivals, spread }
}
