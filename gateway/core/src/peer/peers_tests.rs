//! What addresses may do, one by one and when there are more of them than places.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::limits::{PEERS_AT_ONCE, PEERS_MAX};

const LIMITS: PeerLimits = PeerLimits {
    connects_per_second: 10,
    connects_burst: 20,
    connections: 30,
    failed_sign_ins: 5,
    pause_ms_max: 60_000,
    ipv6_prefix_bits: 64,
};

fn at_ms(ticks_ms: u64) -> Now {
    Now {
        clock_ms: 0,
        ticks_us: ticks_ms * 1_000,
    }
}

fn peers(limits: PeerLimits) -> Peers {
    Peers::new(limits, 1, 7)
}

fn key(number: u64) -> PeerKey {
    let first = 0x2001_0db8_u128 << 96;
    PeerKey::of(
        IpAddr::from((first | u128::from(number) << 64).to_be_bytes()),
        64,
    )
}

#[test]
fn a_burst_of_connects_then_the_rate_and_never_more_than_may_be_open() {
    let mut peers = peers(LIMITS);
    let (one, other) = (key(1), key(2));
    for _ in 0..20 {
        assert_eq!(peers.connect(one, at_ms(0)), Ok(()));
    }
    assert_eq!(peers.refusal(one, at_ms(0)), Some(PeerLimit::Connects));
    assert_eq!(peers.connect(one, at_ms(99)), Err(PeerLimit::Connects));
    assert_eq!(peers.connect(other, at_ms(99)), Ok(()));
    for tenth in 1..=10 {
        assert_eq!(peers.connect(one, at_ms(100 * tenth)), Ok(()));
    }
    let later = at_ms(60_000);
    assert_eq!(peers.connect(one, later), Err(PeerLimit::Connections));
    peers.end(one);
    assert_eq!(peers.refusal(one, later), None);
    assert_eq!(peers.connect(one, later), Ok(()));
    assert_eq!(peers.connect(one, later), Err(PeerLimit::Connections));
}

#[test]
fn failures_bring_pauses_that_grow_and_good_sign_ins_or_time_end_them() {
    let mut peers = peers(LIMITS);
    let one = key(1);
    for _ in 0..5 {
        peers.sign_in_failed(one, at_ms(1_000));
    }
    assert_eq!(peers.pause_ms(one, at_ms(1_000)), None);
    let mut now_ms = 1_000;
    for pause_ms in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
        peers.sign_in_failed(one, at_ms(now_ms));
        assert_eq!(peers.pause_ms(one, at_ms(now_ms)), Some(pause_ms));
        assert_eq!(peers.pause_ms(key(2), at_ms(now_ms)), None);
        now_ms += pause_ms;
        assert_eq!(peers.pause_ms(one, at_ms(now_ms)), None);
    }
    for _ in 0..8 {
        peers.signed_in(one);
    }
    peers.sign_in_failed(one, at_ms(now_ms));
    assert_eq!(peers.pause_ms(one, at_ms(now_ms)), Some(1_000));
    now_ms += 1_000 + 6 * 60_000;
    for _ in 0..5 {
        peers.sign_in_failed(one, at_ms(now_ms));
        assert_eq!(peers.pause_ms(one, at_ms(now_ms)), None);
    }
}

#[test]
fn one_sign_in_a_second_is_looked_at_in_a_pause() {
    let mut peers = peers(LIMITS);
    let one = key(1);
    (0..20).for_each(|_| peers.sign_in_failed(one, at_ms(0)));
    assert_eq!(peers.pause_ms(one, at_ms(0)), Some(60_000));
    let tries = |peers: &mut Peers, from_ms: u64, fails: bool| {
        let at = (from_ms..from_ms + 50_000).filter(|&ms| {
            let takes = peers.takes_try(one, at_ms(ms));
            if takes && fails {
                peers.sign_in_failed(one, at_ms(ms));
            }
            takes
        });
        at.count()
    };
    assert!((48..=49).contains(&tries(&mut peers, 0, false)));
    assert!((48..=49).contains(&tries(&mut peers, 50_000, true)));
    assert!(peers.pause_ms(one, at_ms(100_000)).is_some());
    assert!(peers.takes_try(key(2), at_ms(0)), "nothing is known of it");
}

#[test]
fn the_largest_limit_does_not_overflow() {
    let limits = PeerLimits {
        failed_sign_ins: u32::MAX,
        ..LIMITS
    };
    let mut peers = peers(limits);
    (0..70_000).for_each(|_| peers.sign_in_failed(key(1), at_ms(0)));
    assert_eq!(peers.pause_ms(key(1), at_ms(0)), Some(60_000));
}

#[test]
fn a_failure_a_minute_brings_no_pause() {
    let mut peers = peers(LIMITS);
    for minute in 0..1_000 {
        let now = at_ms(minute * 60_000);
        peers.sign_in_failed(key(1), now);
        assert_eq!(peers.pause_ms(key(1), now), None);
    }
}

#[test]
fn nobody_is_not_limited_and_0_is_no_limit() {
    let mut limited = peers(LIMITS);
    let mut unlimited = peers(PeerLimits::default());
    for _ in 0..1_000 {
        assert_eq!(limited.connect(PeerKey::default(), at_ms(0)), Ok(()));
        limited.sign_in_failed(PeerKey::default(), at_ms(0));
        assert_eq!(unlimited.connect(key(1), at_ms(0)), Ok(()));
        unlimited.sign_in_failed(key(1), at_ms(0));
    }
    assert_eq!(limited.pause_ms(PeerKey::default(), at_ms(0)), None);
    assert_eq!(unlimited.pause_ms(key(1), at_ms(0)), None);
    assert_eq!(limited.count(), 0);
}

#[test]
fn other_limits_hold_for_what_was_done_before() {
    let mut peers = peers(PeerLimits::default());
    for _ in 0..100 {
        assert_eq!(peers.connect(key(1), at_ms(0)), Ok(()));
    }
    peers.change(LIMITS);
    assert_eq!(peers.connect(key(1), at_ms(0)), Err(PeerLimit::Connections));
    (0..100).for_each(|_| peers.end(key(1)));
    assert_eq!(peers.connect(key(1), at_ms(0)), Ok(()));
}

#[test]
fn few_addresses_take_no_more_room_than_at_the_start() {
    let mut peers = peers(LIMITS);
    for number in 0..1_000_000 {
        let peer = key(number % 8);
        let now = at_ms(number);
        if peers.connect(peer, now).is_ok() {
            peers.end(peer);
        }
    }
    assert_eq!(peers.count(), 8);
    assert_eq!(peers.table.places(), PEERS_AT_ONCE);
}

/// A flood from a million networks at once, each of which stays connected: a heavy attacker and one who failed too often are still
/// held, nobody who keeps to the limits is refused, and the table stays within its bound.
#[test]
fn a_million_addresses_harm_nobody_and_free_no_attacker() {
    let mut peers = peers(LIMITS);
    let (heavy, guessing) = (key(u64::MAX), key(u64::MAX - 1));
    let open = (0..1_000).filter(|_| peers.connect(heavy, at_ms(0)).is_ok());
    let mut open_of_heavy = open.count();
    (0..20).for_each(|_| peers.sign_in_failed(guessing, at_ms(0)));
    for number in 0..1_000_000 {
        let now = at_ms(number / 50);
        assert_eq!(peers.connect(key(number), now), Ok(()));
        peers.sign_in_failed(key(number), now);
        if number % 1_000 == 0 {
            open_of_heavy += usize::from(peers.connect(heavy, now).is_ok());
            assert!(peers.pause_ms(guessing, now).is_some());
        }
        if number % 1_000 == 500 {
            // One of those who behave comes back each second or so, and is let in as on the first day.
            let behaved = key(number / 2);
            assert_eq!(peers.connect(behaved, now), Ok(()));
            peers.end(behaved);
        }
    }
    assert_eq!(open_of_heavy, LIMITS.connections as usize);
    assert!(peers.count() <= PEERS_MAX && peers.table.places() == PEERS_MAX);
    assert!(peers.forgotten() > 900_000);
}

/// What a peer really has done, kept without a bound.
#[derive(Default)]
struct Told {
    open: u32,
    accepted_ms: Vec<u64>,
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    Connect,
    End,
    Fail,
    Succeed,
}

proptest! {
    /// Within its places the table is exact; beyond them it only forgets. In both, who keeps to the limits is not refused, and more than
    /// may be open is open only where something was forgotten.
    #[test]
    fn who_keeps_to_the_limits_is_never_refused(
        deeds in prop::collection::vec((0_u64..12, 0_u64..400, prop_oneof![
            4 => Just(Deed::Connect), 3 => Just(Deed::End), 1 => Just(Deed::Fail), 1 => Just(Deed::Succeed)
        ]), 1..400),
        seed: u64,
    ) {
        let limits = PeerLimits { connections: 4, connects_burst: 6, ..LIMITS };
        let mut peers = Peers::new(limits, 1, seed);
        let mut told: BTreeMap<u64, Told> = BTreeMap::new();
        let mut now_ms = 0;
        for (number, later_ms, deed) in deeds {
            now_ms += later_ms;
            let (peer, now) = (key(number), at_ms(now_ms));
            let own = told.entry(number).or_default();
            match deed {
                Deed::Connect => {
                    let expected = peers.refusal(peer, now);
                    let taken = peers.connect(peer, now);
                    prop_assert_eq!(taken.err(), expected);
                    let lately = own.accepted_ms.iter().filter(|&&ms| ms + 600 > now_ms).count();
                    if own.open < limits.connections && lately < 6 {
                        prop_assert_eq!(taken, Ok(()));
                    }
                    if taken.is_ok() {
                        prop_assert!(own.open < limits.connections);
                        own.open += 1;
                        own.accepted_ms.push(now_ms);
                    }
                }
                Deed::End if own.open > 0 => {
                    peers.end(peer);
                    own.open -= 1;
                }
                Deed::End => {}
                Deed::Fail => peers.sign_in_failed(peer, now),
                Deed::Succeed => peers.signed_in(peer),
            }
        }
        prop_assert!(peers.count() <= told.len());
        prop_assert_eq!(peers.forgotten(), 0);
    }
}
