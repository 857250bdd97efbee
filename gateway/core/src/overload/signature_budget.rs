//! How much of its time a core spends on the signatures of tokens: costs by algorithm instead of a clock, so that the same inputs are
//! answered alike. Whatever floods a core with tokens leaves the rest of it to those who are signed in.
//!
//! Invariant: what is verified at one moment costs at most `SIGNATURES_AT_ONCE_US` for each use.

use crate::Algorithm;
use crate::limits::{
    EDDSA_US, ES256_US, HS256_US, RENEWALS_CORE_PART, SIGN_INS_CORE_PART, SIGNATURES_AT_ONCE_US,
};
use crate::rate_limit::{Rate, RateLimit};

/// What a token is verified for. A flood of the one takes nothing from the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// A stranger's `Hello`.
    SignIn,
    /// A `Reauthenticate` of a session.
    Renewal,
}

/// The time of one core that is left for signatures.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SignatureBudget {
    sign_ins: RateLimit,
    renewals: RateLimit,
}

impl SignatureBudget {
    /// Takes the time of one signature; otherwise tells in how many milliseconds there will be enough.
    pub(crate) fn take(
        &mut self,
        purpose: Use,
        algorithm: Algorithm,
        ticks_us: u64,
    ) -> Result<(), u64> {
        let (bucket, core_part) = match purpose {
            Use::SignIn => (&mut self.sign_ins, SIGN_INS_CORE_PART),
            Use::Renewal => (&mut self.renewals, RENEWALS_CORE_PART),
        };
        let rate = Rate::new(1_000_000 / core_part, 1_000_000, SIGNATURES_AT_ONCE_US);
        bucket.take_many(rate, cost_us(algorithm), ticks_us)
    }
}

/// What it costs to verify one signature, in microseconds of a core.
fn cost_us(algorithm: Algorithm) -> u32 {
    match algorithm {
        Algorithm::Hs256 => HS256_US,
        Algorithm::EdDsa => EDDSA_US,
        Algorithm::Es256 => ES256_US,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::HANDSHAKES_PER_SECOND_MAX;

    /// Those taken of `count` that come evenly in a second.
    fn taken(budget: &mut SignatureBudget, algorithm: Algorithm, count: u64) -> u64 {
        let at_us = |place: u64| 1_000_000 + place * 1_000_000 / count;
        let take = |place| budget.take(Use::SignIn, algorithm, at_us(place)).is_ok();
        (0..count).map(take).filter(|&is_taken| is_taken).count() as u64
    }

    #[test]
    fn a_flood_takes_its_part_of_a_core_and_no_more() {
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
            let taken = taken(&mut SignatureBudget::default(), algorithm, 100_000);
            let spent_us = taken * u64::from(cost_us(algorithm));
            let part_us = 1_000_000 / u64::from(SIGN_INS_CORE_PART);
            let most_us = part_us + u64::from(SIGNATURES_AT_ONCE_US);
            assert!((part_us..=most_us).contains(&spent_us), "{spent_us}");
        }
    }

    #[test]
    fn at_one_moment_there_is_a_bound_and_what_is_cheap_finds_room_beside_what_is_dear() {
        let mut budget = SignatureBudget::default();
        let mut take = |purpose, algorithm| budget.take(purpose, algorithm, 7).is_ok();
        let dear = (0..10_000).filter(|_| take(Use::SignIn, Algorithm::Es256));
        assert_eq!(dear.count(), (SIGNATURES_AT_ONCE_US / ES256_US) as usize);
        let cheap = (0..10_000).filter(|_| take(Use::SignIn, Algorithm::Hs256));
        assert_eq!(cheap.count(), (SIGNATURES_AT_ONCE_US % ES256_US) as usize);
        assert!(take(Use::Renewal, Algorithm::Es256), "has its own part");
    }

    #[test]
    fn as_many_secrets_are_compared_as_sign_ins_are_begun() {
        let most = u64::from(HANDSHAKES_PER_SECOND_MAX);
        let mut budget = SignatureBudget::default();
        assert_eq!(taken(&mut budget, Algorithm::Hs256, most), most);
    }

    #[test]
    fn who_must_wait_is_told_for_how_long() {
        let mut budget = SignatureBudget::default();
        while budget.take(Use::SignIn, Algorithm::Es256, 0).is_ok() {}
        let wait_ms = budget.take(Use::SignIn, Algorithm::Es256, 0);
        let wait_ms = wait_ms.expect_err("nothing is left");
        assert_eq!(
            budget.take(Use::SignIn, Algorithm::Es256, wait_ms * 1_000),
            Ok(())
        );
    }
}
