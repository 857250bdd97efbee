//! Chats of more than two, which no command makes yet: made of rows by hand, as the key space says they are.

use ringpost_engine_tests::MapEngine;
use ringpost_engine_tests::people::{NOW_MS, user};
use ringpost_storage_check::FindingKind;
use ringpost_storage_core::key;
use ringpost_storage_core::row::{
    Device, DeviceState, FanOut, Head, Interval, Member, MemberDevice, Membership, Rights, Row,
    User,
};
use ringpost_wire::limits::SEQ_MAX;
use ringpost_wire::{ChatId, DeviceAddress, UserId};

use crate::histories::engine;
use crate::rows::MapRows;

const GROUP: ChatId = ChatId([0x99; 16]);

/// A chat of `count` members without messages. The head lists them when they are few.
fn group(count: usize, fan_out: FanOut) -> MapRows {
    let empty: MapEngine = engine();
    let mut rows = MapRows::of(&empty);
    let mut users: Vec<UserId> = (0..count).map(|place| user(&place.to_string())).collect();
    users.sort();
    for user in &users {
        add_member(&mut rows, *user);
    }
    let head = Head {
        next_seq: 1,
        last_time_ms: NOW_MS,
        trimmed_to: 0,
        device_epoch: 1,
        fan_out,
        has_spilled_windows: false,
        has_read_cursors: false,
        members: if count > 8 { Vec::new() } else { users },
        windows: Vec::new(),
    };
    rows.put(&key::head::encode(GROUP), head.to_bytes());
    rows
}

fn add_member(rows: &mut MapRows, user: UserId) {
    let device = Device {
        revoked_to_ms: 0,
        created_ms: NOW_MS,
        last_seen_day: 1,
        state: DeviceState::Linked,
    };
    let member = Member {
        rights: Rights {
            read: true,
            write: true,
        },
        blocks_others: false,
        visible: vec![Interval {
            from: 1,
            to: SEQ_MAX,
        }],
        devices: vec![MemberDevice {
            device: 1,
            start: 1,
        }],
    };
    let created_ms = NOW_MS;
    let address = DeviceAddress { user, device: 1 };
    rows.put(&key::user::encode(user), User { created_ms }.to_bytes());
    rows.put(&key::device::encode(address), device.to_bytes());
    rows.put(&key::member::encode(GROUP, user), member.to_bytes());
    let membership = Membership { joined: 1 }.to_bytes();
    rows.put(&key::membership::encode(user, GROUP), membership);
}

#[test]
fn groups_of_every_size_are_good() {
    for (count, fan_out) in [
        (3, FanOut::PendingRows),
        (8, FanOut::PendingRows),
        (9, FanOut::PendingRows),
        (300, FanOut::CompareHeads),
    ] {
        let report = group(count, fan_out).report(1_000);
        assert_eq!(report.findings, [], "{count}");
        assert_eq!(report.rows["member"], count as u64);
    }
}

#[test]
fn a_group_that_lost_its_last_listed_member_is_found() {
    let mut rows = group(9, FanOut::PendingRows);
    rows.remove(&key::member::encode(GROUP, user("3")));
    rows.remove(&key::membership::encode(user("3"), GROUP));
    // Eight members would be listed by the head.
    assert_eq!(rows.kinds(), [FindingKind::HeadMembers].into());
}
