//! Every row round-trips, and no bytes make a decoder panic: cut, changed or random ones are an error or another row.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use ringpost_wire::limits::SEQ_MAX;
use ringpost_wire::{DeviceAddress, ErrorCode, UserId};

use super::*;
use crate::limits::{DEVICES_MAX, HEAD_MEMBERS_MAX, HEAD_WINDOWS_MAX, WINDOW_RESULTS_MAX};
use crate::sequencer::{Kept, SendResult, Window};

fn check<R: Row + PartialEq + core::fmt::Debug>(row: &R) {
    let bytes = row.to_bytes();
    assert!(bytes.len() <= row.bytes_max(), "{row:?}");
    assert_eq!(R::decode(&bytes).as_ref(), Ok(row));
    for length in 0..bytes.len() {
        assert!(R::decode(&bytes[..length]).is_err(), "cut to {length}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(R::decode(&longer).is_err());
    let mut other_version = bytes.to_vec();
    other_version[0] += 1;
    assert_eq!(R::decode(&other_version), Err(Damage { what: "version" }));
}

fn decode_as_every_row(bytes: &[u8]) {
    let _ = Head::decode(bytes);
    let _ = Member::decode(bytes);
    let _ = Window::decode(bytes);
    let _ = Pending::decode(bytes);
    let _ = ReadCursor::decode(bytes);
    let _ = Membership::decode(bytes);
    let _ = User::decode(bytes);
    let _ = Device::decode(bytes);
    let _ = Fence::decode(bytes);
    let _ = LaneRecord::decode(bytes);
}

fn kept() -> impl Strategy<Value = Kept> {
    let stored =
        (1..=SEQ_MAX, any::<u64>()).prop_map(|(seq, time_ms)| SendResult::Stored { seq, time_ms });
    let refused = (proptest::sample::select(ErrorCode::ALL), any::<u32>())
        .prop_map(|(code, device_epoch)| SendResult::Refused { code, device_epoch });
    (any::<u64>(), prop_oneof![stored, refused])
        .prop_map(|(digest, result)| Kept { digest, result })
}

fn window() -> impl Strategy<Value = Window> {
    let results = vec(kept(), 0..=WINDOW_RESULTS_MAX);
    (results, 16..=SEQ_MAX).prop_map(|(results, last)| {
        Window::of(last, results).expect("the results are fewer than the numbers")
    })
}

fn sender() -> impl Strategy<Value = DeviceAddress> {
    (any::<[u8; 16]>(), any::<u32>()).prop_map(|(user, device)| DeviceAddress {
        user: UserId(user),
        device,
    })
}

fn head() -> impl Strategy<Value = Head> {
    let numbers = (1..=SEQ_MAX, any::<u64>(), any::<u64>(), any::<u32>());
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let members = vec(any::<[u8; 16]>().prop_map(UserId), 0..=HEAD_MEMBERS_MAX);
    let windows = vec((sender(), window()), 0..=HEAD_WINDOWS_MAX);
    (numbers, flags, members, windows).prop_map(|(numbers, flags, members, windows)| Head {
        next_seq: numbers.0,
        last_time_ms: numbers.1,
        trimmed_to: numbers.2 % numbers.0,
        device_epoch: numbers.3,
        fan_out: if flags.0 {
            FanOut::CompareHeads
        } else {
            FanOut::PendingRows
        },
        has_spilled_windows: flags.1,
        has_read_cursors: flags.2,
        members,
        windows,
    })
}

fn member() -> impl Strategy<Value = Member> {
    let bounds = proptest::collection::btree_set(1..=SEQ_MAX, 0..20);
    let devices = btree_map(any::<u32>(), any::<u64>(), 0..=DEVICES_MAX);
    (any::<[bool; 3]>(), bounds, devices).prop_map(|(flags, bounds, devices)| {
        let bounds: Vec<u64> = bounds.into_iter().collect();
        let interval = |pair: &[u64]| Interval {
            from: pair[0],
            to: pair[1],
        };
        let device = |(device, start)| MemberDevice { device, start };
        Member {
            rights: Rights {
                read: flags[0],
                write: flags[1],
            },
            blocks_others: flags[2],
            visible: bounds.chunks_exact(2).map(interval).collect(),
            devices: devices.into_iter().map(device).collect(),
        }
    })
}

fn pending() -> impl Strategy<Value = Pending> {
    btree_map(any::<u32>(), 1..=SEQ_MAX, 1..=DEVICES_MAX).prop_map(|devices| Pending {
        lagging: devices
            .into_iter()
            .map(|(device, next)| Lagging { device, next })
            .collect(),
    })
}

proptest! {
    #[test]
    fn heads_round_trip(head in head()) {
        check(&head);
    }

    #[test]
    fn members_round_trip(member in member()) {
        check(&member);
    }

    #[test]
    fn pending_rows_round_trip(pending in pending()) {
        check(&pending);
    }

    #[test]
    fn windows_round_trip(window in window()) {
        check(&window);
    }

    #[test]
    fn small_rows_round_trip(one in any::<u64>(), two in any::<u64>(), three in any::<u64>(), node in any::<u32>()) {
        check(&ReadCursor { read_to: one });
        check(&Membership { joined: one });
        check(&User { created_ms: one });
        check(&Fence { node, incarnation: one, claim: two });
        check(&LaneRecord { incarnation: one, last_batch: two, settling: three });
        for state in [
            DeviceState::Linking,
            DeviceState::Linked,
            DeviceState::Unlinked,
            DeviceState::Removed,
        ] {
            for revoked_to_ms in [0, 1, one, u64::MAX] {
                check(&Device { created_ms: one, last_seen_day: node, state, revoked_to_ms });
            }
        }
    }

    #[test]
    fn random_bytes_are_no_panic(mut bytes in vec(any::<u8>(), 0..400)) {
        decode_as_every_row(&bytes);
        for known in 1..=2 {
            if let Some(version) = bytes.first_mut() {
                *version = known;
            }
            decode_as_every_row(&bytes);
        }
    }

    #[test]
    fn changed_rows_are_no_panic(head in head(), member in member(), place in any::<usize>(), value in any::<u8>()) {
        for bytes in [head.to_bytes(), member.to_bytes()] {
            let mut bytes = bytes.to_vec();
            let place = place % bytes.len();
            bytes[place] = value;
            decode_as_every_row(&bytes);
        }
    }
}

#[test]
fn impossible_rows_are_damage() {
    let no_device = Pending::default().to_bytes();
    assert_eq!(Pending::decode(&no_device), Err(Damage { what: "lagging" }));
    assert_eq!(
        Window::of(
            0,
            vec![Kept {
                digest: 1,
                result: SendResult::Stored { seq: 1, time_ms: 1 }
            }]
        ),
        None
    );
    assert_eq!(Window::of(SEQ_MAX + 1, Vec::new()), None);
}
