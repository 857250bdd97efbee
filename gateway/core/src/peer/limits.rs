//! `PeerLimits`: what one address may do, as an operator says it for the whole node and as one core holds it.
//!
//! The kernel spreads the connections of an address over the cores by chance, so a core's share is more than its part: an address
//! that keeps to the limits of the node is refused by no core.

use crate::rate_limit::Rate;

/// How many deviations of chance a core's share is above its part.
const DEVIATIONS: u64 = 4;
/// The first pause after a failed sign-in too many, in milliseconds; each further one doubles it.
const PAUSE_MS_MIN: u64 = 1_000;
/// Most failures that a limit allows: an entry counts these and the doublings after them.
const FAILURES_MAX: u32 = u16::MAX as u32 - DOUBLINGS_MAX;
/// Doublings that are counted.
pub(super) const DOUBLINGS_MAX: u32 = 16;

/// What one address may do. 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeerLimits {
    /// Connections that it may make a second in the long run.
    pub connects_per_second: u32,
    /// Connections that it may make at once after a rest.
    pub connects_burst: u32,
    /// Connections that it may have open.
    pub connections: u32,
    /// Sign-ins that it may fail before it must pause; one is forgotten a minute, and one for each that is good.
    pub failed_sign_ins: u32,
    /// Longest such pause, in milliseconds.
    pub pause_ms_max: u32,
    /// Bits of an IPv6 address that make one peer, at most 64.
    pub ipv6_prefix_bits: u8,
}

/// A limit of one address, past which it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeerLimit {
    /// It connects too often.
    Connects,
    /// It has too many connections.
    Connections,
    /// It failed too often to sign in, and its pause is not over.
    SignIns,
}

impl PeerLimit {
    /// All, in the order of metrics.
    pub const ALL: [Self; 3] = [Self::Connects, Self::Connections, Self::SignIns];

    /// Its name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connects => "connects",
            Self::Connections => "connections",
            Self::SignIns => "sign_ins",
        }
    }
}

/// How often addresses were refused, by limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeerRefusals([u64; PeerLimit::ALL.len()]);

impl PeerRefusals {
    /// How often for this limit.
    pub fn of(&self, limit: PeerLimit) -> u64 {
        self.0[limit as usize]
    }

    pub(crate) fn add(&mut self, limit: PeerLimit) {
        self.0[limit as usize] += 1;
    }
}

/// A core's share of the limits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) connects: Option<Rate>,
    pub(super) connections: u32,
    pub(super) failed_sign_ins: u32,
    pause_ms_max: u64,
}

impl Share {
    /// That of one of `cores`.
    pub(super) fn of(limits: &PeerLimits, cores: u16) -> Self {
        let part = |limit| part(limit, cores);
        Self {
            connects: Rate::new(
                part(limits.connects_per_second),
                1_000_000,
                part(limits.connects_burst),
            ),
            connections: part(limits.connections),
            failed_sign_ins: part(limits.failed_sign_ins).min(FAILURES_MAX),
            pause_ms_max: u64::from(limits.pause_ms_max),
        }
    }

    /// The pause after so many failures that are remembered, in milliseconds; `None` while there are not too many.
    pub(super) fn pause_ms(&self, failures: u32) -> Option<u64> {
        if self.failed_sign_ins == 0 {
            return None;
        }
        let further = failures.checked_sub(self.failed_sign_ins + 1)?;
        let pause_ms = PAUSE_MS_MIN << further.min(DOUBLINGS_MAX);
        Some(pause_ms.min(self.pause_ms_max))
    }
}

/// A core's part of a limit with what chance may add to it: `DEVIATIONS` of a sum of that many independent choices.
fn part(limit: u32, cores: u16) -> u32 {
    if cores <= 1 {
        return limit;
    }
    let mean = u64::from(limit).div_ceil(u64::from(cores));
    let root = mean.isqrt() + u64::from(mean.isqrt().pow(2) < mean);
    (mean + DEVIATIONS * root).min(u64::from(limit)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn chance_makes_no_core_refuse_an_address_within_the_limit_of_the_node() {
        let mut random = Random::new(5);
        for (limit, cores) in [(1, 8), (20, 4), (300, 2), (300, 64), (4_000, 3)] {
            let share = part(limit, cores);
            for _ in 0..200 {
                let mut taken = vec![0; usize::from(cores)];
                (0..limit).for_each(|_| taken[random.draw() as usize % usize::from(cores)] += 1);
                let most = taken.into_iter().max().unwrap_or(0);
                assert!(
                    most <= share,
                    "{most} of {limit} on one of {cores}: {share}"
                );
            }
        }
    }

    #[test]
    fn shares_are_neither_nothing_nor_much_more_than_the_limit() {
        assert_eq!([part(0, 4), part(7, 1), part(1, 64)], [0, 7, 1]);
        assert_eq!(part(4_000, 2), 2_000 + 4 * 45);
        assert_eq!(part(20, 64), 5);
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let limits = PeerLimits {
            failed_sign_ins: 3,
            pause_ms_max: 5_000,
            ..PeerLimits::default()
        };
        let share = Share::of(&limits, 1);
        let pauses: Vec<_> = (2..9).map(|failures| share.pause_ms(failures)).collect();
        let expected = [0, 0, 1, 2, 4, 5, 5].map(|s| (s > 0).then_some(s * 1_000));
        assert_eq!(pauses, expected);
        assert_eq!(Share::of(&PeerLimits::default(), 1).pause_ms(100), None);
    }
}
