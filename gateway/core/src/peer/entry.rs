//! `Entry`: what is remembered of one address, in 32 bytes, and how much it would cost to forget it.

use super::limits::{DOUBLINGS_MAX, Share};
use super::{PeerKey, PeerLimit};
use crate::Now;
use crate::rate_limit::RateLimit;

/// Time after which one failed sign-in is forgotten, counted from the end of the pause, in milliseconds.
const FORGET_MS: u64 = 60_000;
/// Unit of the time of tries, in milliseconds: 65,536 of them are more than an hour.
const TRY_UNIT_MS: u64 = 64;
/// Time between two tries in a pause, in those units: about a second.
const TRY_UNITS: u16 = 16;

const _: () = assert!(size_of::<Entry>() == 32);

/// What an address has done. The default is nobody's, and has done nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Entry {
    pub(super) key: PeerKey,
    connects: RateLimit,
    /// Connections that it has open, as far as they are remembered: never more than it has.
    open: u32,
    failures: u16,
    /// When a sign-in was looked at last that counts against its tries, in units of time that begin anew after an hour.
    tried: u16,
    /// The end of its pause, in ticks (milliseconds). From here on failures are forgotten.
    paused_until_ms: u64,
}

/// What makes an entry worth keeping, the least worth first: a pause, then connections and failures, then how lately it connected.
pub(super) type Worth = (bool, u32, u64);

impl Entry {
    pub(super) fn of(key: PeerKey) -> Self {
        Self {
            key,
            ..Self::default()
        }
    }

    /// Why it may not connect now, if so.
    pub(super) fn refusal(&self, share: &Share, now: Now) -> Option<PeerLimit> {
        if share.connections > 0 && self.open >= share.connections {
            return Some(PeerLimit::Connections);
        }
        let mut connects = self.connects;
        let taken = connects.take(share.connects, now.ticks_us);
        taken.is_err().then_some(PeerLimit::Connects)
    }

    /// It connects, which was allowed.
    pub(super) fn connect(&mut self, share: &Share, now: Now) {
        // Allowed by `refusal` at the same time: it cannot fail here.
        let _ = self.connects.take(share.connects, now.ticks_us);
        self.open = self.open.saturating_add(1);
    }

    /// One of its connections is over.
    pub(super) fn end(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// How long its pause still takes, in milliseconds.
    pub(super) fn pause_left_ms(&self, share: &Share, now: Now) -> Option<u64> {
        share.pause_ms(u32::from(self.failures))?;
        let left_ms = self.paused_until_ms.saturating_sub(now.ticks_ms());
        (left_ms > 0).then_some(left_ms)
    }

    /// Whether a sign-in may be looked at though it pauses: one a second, so that whoever shares the address is not shut out for good.
    pub(super) fn takes_try(&mut self, now: Now) -> bool {
        let is_time = try_time(now).wrapping_sub(self.tried) >= TRY_UNITS;
        if is_time {
            self.tried = try_time(now);
        }
        is_time
    }

    /// It failed to sign in: a pause may follow.
    pub(super) fn fail(&mut self, share: &Share, now: Now) {
        self.forget(now);
        // A limit leaves room for the doublings.
        let most = (share.failed_sign_ins + DOUBLINGS_MAX) as u16;
        self.failures = self.failures.saturating_add(1).min(most);
        self.tried = try_time(now);
        if let Some(pause_ms) = share.pause_ms(u32::from(self.failures)) {
            self.paused_until_ms = self.paused_until_ms.max(now.ticks_ms() + pause_ms);
        }
    }

    /// It signed in.
    pub(super) fn succeed(&mut self) {
        self.failures = self.failures.saturating_sub(1);
    }

    /// Forgets failures whose time is over.
    fn forget(&mut self, now: Now) {
        let times = now.ticks_ms().saturating_sub(self.paused_until_ms) / FORGET_MS;
        self.failures = self
            .failures
            .saturating_sub(times.min(u64::from(u16::MAX)) as u16);
        self.paused_until_ms += times * FORGET_MS;
    }

    /// What it is worth; `None` when forgetting it changes nothing.
    pub(super) fn worth(&mut self, now: Now) -> Option<Worth> {
        self.forget(now);
        let full_at_us = self.connects.full_at_us();
        let weight = self.open.saturating_add(u32::from(self.failures));
        let is_paused = self.paused_until_ms > now.ticks_ms();
        (weight > 0 || full_at_us > now.ticks_us).then_some((is_paused, weight, full_at_us))
    }
}

/// `now` in units of tries.
fn try_time(now: Now) -> u16 {
    (now.ticks_ms() / TRY_UNIT_MS) as u16
}
