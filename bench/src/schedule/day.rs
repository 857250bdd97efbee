//! `DayPlan`: a part of the world over a part of a day. Within a slot of five minutes of world time every rate is constant, so that
//! the times between events are exponential and no event is drawn in vain but for users that already are what they would become.

use std::collections::VecDeque;

use crate::scenario::{Day, Scenario};

use super::action::{Action, Planned};
use super::curve::{Curve, SLOT_S, SLOTS};
use super::draw::Draw;
use super::online::Online;
use super::payload_sizes::PayloadSizes;
use super::population::Population;
use super::unread::Unread;
use super::world::{self, REGIONS};
use super::zipf::Zipf;

const SECOND_NS: f64 = 1e9;
const DAY_S: f64 = 86_400.0;
const TRIES: u32 = 64;
const EVENTS: u64 = 4;
const READS: u64 = 5;
const KINDS: usize = 3;

/// The day: rates, who is connected, and what is to come.
#[derive(Clone, Debug)]
pub(super) struct DayPlan {
    seconds_of_world: f64,
    begin_s: f64,
    end_ns: u64,
    curve: Curve,
    online_model: Online,
    region_ends: [u32; REGIONS.len()],
    zipf: Zipf,
    users: u32,
    per_side: u32,
    connected: Vec<u64>,
    first_unasked: u32,
    now_s: f64,
    slot_end_s: f64,
    sums: [f64; KINDS * REGIONS.len()],
    next_s: f64,
    unread: Unread,
    sizes: PayloadSizes,
    draw: Draw,
    ready: VecDeque<Planned>,
}

impl DayPlan {
    pub(super) fn new(
        scenario: &Scenario,
        day: &Day,
        population: &Population,
        end_ns: u64,
    ) -> Self {
        let ordinary = Curve::new(&world::MESSAGES_BY_HOUR, false);
        let curve = Curve::new(&world::MESSAGES_BY_HOUR, day.new_year);
        let compress = f64::from(day.compress);
        let warm_up_s = scenario.warm_up_s as f64 * compress;
        let delay_ns = world::READ_DELAY_S_MEAN / compress * SECOND_NS;
        let reads = Draw::new(scenario.seed, READS);
        let mut plan = Self {
            seconds_of_world: compress,
            begin_s: (f64::from(day.begin_hour) * 3600.0 - warm_up_s).rem_euclid(DAY_S),
            end_ns,
            online_model: Online::new(&ordinary, &curve),
            curve,
            region_ends: world::region_ends(population.devices),
            zipf: Zipf::new(world::CHAT_EXPONENT, 2 * population.chats_per_side()),
            users: population.devices,
            per_side: population.chats_per_side(),
            connected: vec![0; population.devices.div_ceil(64) as usize],
            first_unasked: 0,
            now_s: 0.0,
            slot_end_s: 0.0,
            sums: [0.0; KINDS * REGIONS.len()],
            next_s: 0.0,
            unread: Unread::new(population.devices, delay_ns, reads, scenario.seed),
            sizes: PayloadSizes::new(scenario),
            draw: Draw::new(scenario.seed, EVENTS),
            ready: VecDeque::new(),
        };
        plan.find_next();
        plan
    }

    pub(super) fn next(&mut self) -> Option<Planned> {
        loop {
            if let Some(planned) = self.ready.pop_front() {
                return Some(planned);
            }
            if self.first_unasked < self.users {
                self.ask_at_begin();
                continue;
            }
            let event_ns = self.in_run_ns(self.next_s);
            let read_ns = self.unread.next_ns().filter(|read_ns| *read_ns < event_ns);
            if read_ns.unwrap_or(event_ns) >= self.end_ns {
                return None;
            }
            match read_ns {
                Some(read_ns) => self.read(read_ns),
                None => {
                    self.event(event_ns);
                    self.find_next();
                }
            }
        }
    }

    /// Whether the next user is connected when the schedule begins.
    fn ask_at_begin(&mut self) {
        let user = self.first_unasked;
        self.first_unasked += 1;
        let region = self.region_ends.partition_point(|end| *end <= user);
        let (slot, seconds) = self.local_slot(region, 0.0);
        if self.draw.unit() <= self.online_model.share(slot, seconds) {
            self.connect(user, 0);
        }
    }

    /// Draws when the next event is; past the slot's end it is drawn again from there, which changes nothing as it is exponential.
    fn find_next(&mut self) {
        loop {
            let total = self.sums[self.sums.len() - 1];
            let next_s = self.now_s + self.draw.exponential() / total;
            if next_s < self.slot_end_s {
                self.now_s = next_s;
                self.next_s = next_s;
                return;
            }
            self.now_s = self.slot_end_s;
            self.enter_slot();
        }
    }

    /// Computes the rates of the slot that begins, or for the first one goes on, at `now_s`.
    fn enter_slot(&mut self) {
        let slot_s = f64::from(SLOT_S);
        let passed = self.begin_s + self.now_s;
        let slots_passed = (passed / slot_s + 1e-6).floor();
        self.slot_end_s = (slots_passed + 1.0) * slot_s - self.begin_s;
        let mut sum = 0.0;
        let mut begin = 0;
        for (region, end) in self.region_ends.into_iter().enumerate() {
            let users = f64::from(end - begin);
            begin = end;
            let (slot, _) = self.local_slot(region, slots_passed * slot_s - self.begin_s);
            let sends = world::MESSAGES_PER_USER_AND_DAY / DAY_S * self.curve.rate(slot);
            let rates = [
                sends,
                self.online_model.hazard(slot),
                1.0 / world::SESSION_S_MEAN,
            ];
            for (kind, rate) in rates.into_iter().enumerate() {
                sum += users * rate;
                self.sums[region * KINDS + kind] = sum;
            }
        }
    }

    fn event(&mut self, at_ns: u64) {
        let total = self.sums[self.sums.len() - 1];
        let mark = self.draw.unit() * total;
        let place = self.sums.partition_point(|sum| *sum < mark);
        let place = place.min(self.sums.len() - 1);
        let region = place / KINDS;
        match place % KINDS {
            0 => self.send(region, at_ns),
            1 => {
                let user = self.any_user(region);
                if !self.is_connected(user) {
                    self.connect(user, at_ns);
                }
            }
            _ => {
                let user = self.any_user(region);
                if self.is_connected(user) {
                    self.connected[user as usize / 64] &= !(1 << (user % 64));
                    self.plan(at_ns, Action::Disconnect { device: user });
                }
            }
        }
    }

    fn send(&mut self, region: usize, at_ns: u64) {
        let sender = self.any_connected(region, at_ns);
        let rank = self.zipf.draw(&mut self.draw) - 1;
        let (step, is_ahead) = (rank / 2, rank.is_multiple_of(2));
        let (owner, receiver) = if is_ahead {
            (sender, (sender + step + 1) % self.users)
        } else {
            let owner = (sender + self.users - step - 1) % self.users;
            (owner, owner)
        };
        let chat = owner * self.per_side + step;
        let drawn = self.sizes.next_drawn();
        if drawn.is_typed {
            for _ in 0..world::TYPING_PER_TEXT {
                self.plan(
                    at_ns,
                    Action::Typing {
                        device: sender,
                        chat,
                    },
                );
            }
        }
        let payload_bytes = drawn.bytes;
        self.plan(
            at_ns,
            Action::Send {
                device: sender,
                chat,
                payload_bytes,
            },
        );
        let place = (2 * step + u32::from(is_ahead)) as u8;
        let is_online = self.is_connected(receiver);
        self.unread.arrived(receiver, place, at_ns, is_online);
    }

    fn read(&mut self, at_ns: u64) {
        let connected = &self.connected;
        let taken = self.unread.take(|user| bit(connected, user));
        let Some((device, place)) = taken else {
            return;
        };
        let step = u32::from(place / 2);
        let owner = if place.is_multiple_of(2) {
            device
        } else {
            (device + self.users - step - 1) % self.users
        };
        let chat = owner * self.per_side + step;
        self.plan(at_ns, Action::Read { device, chat });
    }

    /// A connected user of a region; where none is found, one that connects in order to send.
    fn any_connected(&mut self, region: usize, at_ns: u64) -> u32 {
        for _ in 0..TRIES {
            let user = self.any_user(region);
            if self.is_connected(user) {
                return user;
            }
        }
        let user = self.any_user(region);
        if !self.is_connected(user) {
            self.connect(user, at_ns);
        }
        user
    }

    fn any_user(&mut self, region: usize) -> u32 {
        let begin = region
            .checked_sub(1)
            .map_or(0, |before| self.region_ends[before]);
        begin + self.draw.below(self.region_ends[region] - begin)
    }

    fn connect(&mut self, user: u32, at_ns: u64) {
        self.connected[user as usize / 64] |= 1 << (user % 64);
        self.plan(at_ns, Action::Connect { device: user });
        self.unread.returned(user, at_ns);
    }

    fn is_connected(&self, user: u32) -> bool {
        bit(&self.connected, user)
    }

    fn plan(&mut self, at_ns: u64, action: Action) {
        self.ready.push_back(Planned { at_ns, action });
    }

    /// The slot of local time of a region `since_s` after the beginning, and how far into it that is.
    fn local_slot(&self, region: usize, since_s: f64) -> (usize, f64) {
        let slot_s = f64::from(SLOT_S);
        let passed = self.begin_s + since_s + f64::from(REGIONS[region].ahead_min) * 60.0;
        let slots = (passed / slot_s + 1e-6).floor();
        let slot = slots.rem_euclid(SLOTS as f64) as usize;
        (slot, (passed - slots * slot_s).max(0.0))
    }

    fn in_run_ns(&self, since_s: f64) -> u64 {
        (since_s / self.seconds_of_world * SECOND_NS) as u64
    }
}

fn bit(words: &[u64], user: u32) -> bool {
    words[user as usize / 64] >> (user % 64) & 1 == 1
}
