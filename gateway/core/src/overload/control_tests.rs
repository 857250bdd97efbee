//! The control with a model of a home in virtual time: sends come at a rate, a lane takes them by the batch, who is refused comes again.

use std::collections::{BTreeMap, VecDeque};

use super::{Control, Step};

const TARGET_MS: u64 = 100;
/// Messages of a batch at most.
const BATCH_MAX: usize = 100;
/// Time that a commit takes, and each of its messages adds: a top of 8,000 a second.
const COMMIT_US: u64 = 2_500;
const MESSAGE_US: u64 = 100;
const TOP_PER_MS: f64 = 8.0;
const TURN_US: u64 = 1_000;

struct Home {
    control: Control,
    now_us: u64,
    queue: VecDeque<u64>,
    closed_us: u64,
    busy_until_us: u64,
    /// Sends that come again, by the time.
    again: BTreeMap<u64, u64>,
    due: f64,
    seen: Seen,
    chance: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    wanted: u64,
    taken: u64,
    refusals: u64,
    longest_wait_us: u64,
    level_max: u8,
}

impl Home {
    fn new() -> Self {
        Self {
            control: Control::new(TARGET_MS, 0, 0),
            now_us: 0,
            queue: VecDeque::new(),
            closed_us: 0,
            busy_until_us: 0,
            again: BTreeMap::new(),
            due: 0.0,
            seen: Seen::default(),
            chance: 1,
        }
    }

    /// Lets `ms` pass in which sends come at `load` times the top. Answers what was seen in that time.
    fn run(&mut self, ms: u64, load: f64) -> Seen {
        self.seen = Seen::default();
        for _ in 0..ms {
            self.now_us += TURN_US;
            self.due += load * TOP_PER_MS;
            let fresh = self.due as u64;
            self.due -= fresh as f64;
            self.seen.wanted += fresh;
            let later = self.again.split_off(&(self.now_us + 1));
            let again: u64 = core::mem::replace(&mut self.again, later).values().sum();
            (0..fresh + again).for_each(|_| self.send());
            self.commit();
            self.seen.level_max = self.seen.level_max.max(self.control.level());
        }
        self.seen
    }

    fn left_out_us(&self) -> u64 {
        let first = self.queue.front();
        first.map_or(0, |since_us| self.closed_us.saturating_sub(*since_us))
    }

    fn send(&mut self) {
        self.control.advance(self.now_us, self.queue.is_empty());
        if !self.control.refuses_send(self.queue.len() as u64) {
            return self.queue.push_back(self.now_us);
        }
        let wait_ms = self.control.advice.refused();
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005) + 1;
        let wait_us = wait_ms * 1_000 + (self.chance >> 33) % (wait_ms * 500);
        *self.again.entry(self.now_us + wait_us).or_default() += 1;
        self.seen.refusals += 1;
    }

    fn commit(&mut self) {
        while self.busy_until_us <= self.now_us && !self.queue.is_empty() {
            let left_out_us = self.left_out_us();
            self.closed_us = self.now_us;
            let count = self.queue.len().min(BATCH_MAX);
            let taken = count as u64;
            self.control
                .dequeued(left_out_us, (taken, taken), self.now_us);
            let begin_us = self.busy_until_us.max(self.now_us - TURN_US);
            self.busy_until_us = begin_us + COMMIT_US + count as u64 * MESSAGE_US;
            let first = self.queue.drain(..count).next().unwrap_or(self.now_us);
            let waited_us = self.busy_until_us - first;
            self.seen.longest_wait_us = self.seen.longest_wait_us.max(waited_us);
            self.seen.taken += count as u64;
        }
    }

    fn left(&self) -> u64 {
        self.queue.len() as u64 + self.again.values().sum::<u64>()
    }
}

#[test]
fn a_load_below_the_top_sheds_nothing() {
    let mut home = Home::new();
    for load in [0.1, 0.5, 0.9] {
        let seen = home.run(5_000, load);
        assert_eq!((seen.level_max, seen.refusals), (0, 0), "{load}");
    }
}

#[test]
fn a_burst_that_is_worked_off_refuses_nothing() {
    let mut home = Home::new();
    for _ in 0..10 {
        assert_eq!(home.run(60, 2.0).refusals, 0);
        assert_eq!(home.run(440, 0.3).refusals, 0);
    }
}

#[test]
fn a_slow_store_whose_batches_take_all_is_no_overload() {
    let mut control = Control::new(TARGET_MS, 0, 0);
    for second in 1..60 {
        control.dequeued(0, (1, 1), second * 1_000_000);
        assert_eq!(control.level(), 0);
    }
}

#[test]
fn three_times_the_top_is_stored_at_the_top_and_what_is_taken_does_not_wait() {
    let mut home = Home::new();
    let first = home.run(1_000, 3.0);
    assert_eq!(first.level_max, 5);
    assert!(first.longest_wait_us < 700_000, "{first:?}");
    for _ in 0..10 {
        let seen = home.run(1_000, 3.0);
        assert!(seen.taken as f64 > 0.95 * 1_000.0 * TOP_PER_MS, "{seen:?}");
        assert!(seen.longest_wait_us < 250_000, "{seen:?}");
        assert!(seen.refusals < 6 * seen.taken, "{seen:?}");
    }
}

#[test]
fn all_that_was_refused_is_taken_when_the_load_ends() {
    let mut home = Home::new();
    home.run(5_000, 3.0);
    let left = home.left();
    assert!(left > 40_000, "{left}");
    let at_best_ms = (left as f64 / TOP_PER_MS) as u64;
    home.run(2 * at_best_ms, 0.0);
    assert_eq!(home.left(), 0, "half of the top at least");
    home.run(1_000, 0.0);
    home.send();
    assert_eq!(home.control.level(), 0);
    assert_eq!(home.control.advice.refused(), 100, "all load is forgotten");
}

#[test]
fn a_square_wave_is_followed() {
    let mut home = Home::new();
    for _ in 0..5 {
        let high = home.run(1_000, 2.0);
        assert!(high.taken as f64 > 0.9 * 1_000.0 * TOP_PER_MS, "{high:?}");
        assert!(high.longest_wait_us < 700_000, "{high:?}");
        let low = home.run(4_000, 0.2);
        assert!(low.longest_wait_us < 700_000, "{low:?}");
    }
    assert_eq!(home.run(5_000, 0.2).refusals, 0);
    assert_eq!(home.left(), 0);
}

#[test]
fn steps_go_in_the_order_of_the_contract_and_come_back_one_by_one() {
    let mut control = Control::new(TARGET_MS, 0, 0);
    let mut now_us = 0;
    let mut interval = |control: &mut Control, delay_ms: u64| {
        now_us += 100_000;
        control.dequeued(delay_ms * 1_000, (1, 1), now_us - 1);
        control.advance(now_us, false);
        control.level()
    };
    let rising = [10, 20, 40, 60, 80, 100].map(|delay_ms| interval(&mut control, delay_ms));
    assert_eq!(rising, [0, 1, 2, 3, 4, 5]);
    assert!(Step::ALL[..5].iter().all(|step| control.sheds(*step)));
    assert!(!control.sheds(Step::Stored) && !control.sheds(Step::Acks));
    assert_eq!(interval(&mut control, 60), 5, "near the target it stays");
    let falling = [0; 6].map(|delay_ms| interval(&mut control, delay_ms));
    assert_eq!(falling, [4, 3, 2, 1, 0, 0]);
    assert_eq!(interval(&mut control, 500), 5, "at once");
}
