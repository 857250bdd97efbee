//! What a day is expected to be: rates and shares of the world at each moment, and their sums over the counted time.

use std::ops::Range;

use crate::scenario::{Day, Scenario};

use super::curve::{Curve, SLOT_S, SLOTS};
use super::expected::Expected;
use super::online::Online;
use super::payload_sizes::PayloadSizes;
use super::world::{self, REGIONS};

const DAY_S: f64 = 86_400.0;

/// The world's load at each moment of world time, in seconds from midnight UTC; constant within slots but for the sessions.
#[derive(Clone, Debug)]
pub struct WorldView {
    curve: Curve,
    online: Online,
    users: [f64; REGIONS.len()],
}

/// Means over a stretch within one slot; rates in seconds of world time.
#[derive(Clone, Copy, Debug, Default)]
struct Moment {
    messages: f64,
    messages_to_absent: f64,
    sessions: f64,
    connects: f64,
}

impl WorldView {
    /// The world with `users` users whose messages follow `by_hour` of local time.
    pub fn new(users: u32, by_hour: &[f64; 24], new_year: bool) -> Self {
        let curve = Curve::new(by_hour, new_year);
        let mut begin = 0;
        let users = world::region_ends(users)
            .map(|end| f64::from(end - std::mem::replace(&mut begin, end)));
        Self {
            online: Online::new(&Curve::new(by_hour, false), &curve),
            curve,
            users,
        }
    }

    /// Messages sent from `from_s` to `to_s`.
    pub fn messages(&self, from_s: f64, to_s: f64) -> f64 {
        let pieces = pieces(from_s..to_s).map(|piece| self.mean(&piece).messages * length(&piece));
        pieces.sum()
    }

    /// Messages sent from `from_s` to `to_s` to users that are not connected.
    pub fn messages_to_absent(&self, from_s: f64, to_s: f64) -> f64 {
        let pieces =
            pieces(from_s..to_s).map(|piece| self.mean(&piece).messages_to_absent * length(&piece));
        pieces.sum()
    }

    /// Sessions begun from `from_s` to `to_s`.
    pub fn connects(&self, from_s: f64, to_s: f64) -> f64 {
        let pieces = pieces(from_s..to_s).map(|piece| self.mean(&piece).connects * length(&piece));
        pieces.sum()
    }

    /// Sessions at a moment.
    pub fn sessions(&self, at_s: f64) -> f64 {
        self.regions(at_s)
            .map(|(users, slot, into_s)| users * self.online.share(slot, into_s))
            .sum()
    }

    fn mean(&self, piece: &Range<f64>) -> Moment {
        let mut mean = Moment::default();
        for (users, slot, into_s) in self.regions(piece.start) {
            let share = self.online.mean_share(slot, into_s, into_s + length(piece));
            let rate = world::MESSAGES_PER_USER_AND_DAY / DAY_S * self.curve.rate(slot);
            mean.messages += users * rate;
            mean.messages_to_absent += users * rate * (1.0 - share);
            mean.sessions += users * share;
            mean.connects += users * self.online.hazard(slot) * (1.0 - share);
        }
        mean
    }

    /// Each region's users, slot of local time, and seconds into it.
    fn regions(&self, at_s: f64) -> impl Iterator<Item = (f64, usize, f64)> {
        let slot_s = f64::from(SLOT_S);
        REGIONS.iter().zip(self.users).map(move |(region, users)| {
            let local_s = at_s + f64::from(region.ahead_min) * 60.0;
            let slots = (local_s / slot_s + 1e-6).floor();
            let slot = slots.rem_euclid(SLOTS as f64) as usize;
            (users, slot, (local_s - slots * slot_s).max(0.0))
        })
    }
}

/// What to expect of a day.
pub(super) fn expected_day(scenario: &Scenario, day: &Day) -> Expected {
    let users = world::users(day.factor);
    let view = WorldView::new(users, &world::MESSAGES_BY_HOUR, day.new_year);
    let (compress, seconds) = (f64::from(day.compress), scenario.seconds as f64);
    let begin_s = f64::from(day.begin_hour) * 3600.0;
    let mut sums = Moment::default();
    let mut peaks = Moment::default();
    for piece in pieces(begin_s..begin_s + seconds * compress) {
        let mean = view.mean(&piece);
        sums.messages += mean.messages * length(&piece);
        sums.messages_to_absent += mean.messages_to_absent * length(&piece);
        sums.sessions += mean.sessions * length(&piece);
        sums.connects += mean.connects * length(&piece);
        peaks.messages = peaks.messages.max(mean.messages);
        peaks.connects = peaks.connects.max(mean.connects);
        peaks.sessions = peaks.sessions.max(mean.sessions);
    }
    let per_side = world::CHATS_PER_SIDE.min((users - 1) / 2);
    let typed = 1.0 - world::VOICE_SHARE - world::PICTURE_SHARE;
    Expected {
        users,
        devices: users,
        chats: u64::from(users) * u64::from(per_side),
        messages: Some(sums.messages),
        messages_per_second: Some(sums.messages / seconds),
        peak_messages_per_second: Some(peaks.messages * compress),
        sessions_mean: sums.sessions / (seconds * compress),
        sessions_peak: peaks.sessions,
        connects_per_second: sums.connects / seconds,
        peak_connects_per_second: Some(peaks.connects * compress),
        offline_share: sums.messages_to_absent / sums.messages,
        payload_bytes_mean: PayloadSizes::new(scenario).mean_bytes(),
        typing: sums.messages * typed * f64::from(world::TYPING_PER_TEXT),
        reads_at_most: sums.messages * world::READ_RECEIPT_SHARE,
    }
}

/// Cuts a stretch of time at the slots' ends.
fn pieces(whole: Range<f64>) -> impl Iterator<Item = Range<f64>> {
    let slot_s = f64::from(SLOT_S);
    let mut from = whole.start;
    std::iter::from_fn(move || {
        if from >= whole.end {
            return None;
        }
        let slot_end = ((from / slot_s + 1e-6).floor() + 1.0) * slot_s;
        let piece = from..slot_end.min(whole.end);
        from = piece.end;
        Some(piece)
    })
}

fn length(piece: &Range<f64>) -> f64 {
    piece.end - piece.start
}
