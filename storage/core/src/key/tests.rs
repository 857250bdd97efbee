//! Every family round-trips, is ordered as its parts are, has one home, and refuses the keys of the others.

use ringpost_wire::{ChatId, DeviceAddress, ShardId, UserId};

use super::*;
use crate::store::Key;

const CHAT: ChatId = ChatId([0xab; 16]);
const USER: UserId = UserId([0x12; 16]);
const DEVICE: DeviceAddress = DeviceAddress {
    user: USER,
    device: 7,
};
const LANE: LaneId = LaneId { node: 3, lane: 9 };
const EXPORT: ExportId = ExportId([0x34; 16]);

fn one_of_each() -> [Key; 13] {
    [
        head::encode(CHAT),
        message::encode(CHAT, 5),
        member::encode(CHAT, USER),
        window::encode(CHAT, DEVICE),
        read_cursor::encode(CHAT, USER),
        membership::encode(USER, CHAT),
        pending::encode(USER, CHAT),
        user::encode(USER),
        device::encode(DEVICE),
        fence::encode(ShardId(0xfff)),
        lane_record::encode(LANE),
        lane_term::encode(LANE),
        import::encode(EXPORT),
    ]
}

#[test]
fn every_family_round_trips_and_refuses_the_others() {
    for (index, key) in one_of_each().iter().enumerate() {
        let decoded = [
            head::decode(key) == Some(CHAT),
            message::decode(key) == Some((CHAT, 5)),
            member::decode(key) == Some((CHAT, USER)),
            window::decode(key) == Some((CHAT, DEVICE)),
            read_cursor::decode(key) == Some((CHAT, USER)),
            membership::decode(key) == Some((USER, CHAT)),
            pending::decode(key) == Some((USER, CHAT)),
            user::decode(key) == Some(USER),
            device::decode(key) == Some(DEVICE),
            fence::decode(key) == Some(ShardId(0xfff)),
            lane_record::decode(key) == Some(LANE),
            lane_term::decode(key) == Some(LANE),
            import::decode(key) == Some(EXPORT),
        ];
        let only_itself: Vec<bool> = (0..13).map(|other| other == index).collect();
        assert_eq!(decoded.to_vec(), only_itself, "{key:?}");
        assert_eq!(Family::of(key), Some(Family::ALL[index]));
    }
}

#[test]
fn shortened_and_lengthened_keys_decode_to_nothing() {
    for key in one_of_each() {
        let bytes = key.as_slice();
        let short = Key::of(&[&bytes[..bytes.len() - 1]]);
        assert_eq!(message::decode(&short), None);
        assert_eq!(head::decode(&short), None);
        let _ = home(&short);
        assert_eq!(window::decode(&Key::of(&[bytes, &[0]])), None);
    }
    assert_eq!(Family::of(&Key::of(&[])), None);
    assert_eq!(home(&Key::of(&[&[0x7f, 0, 0]])), None);
}

#[test]
fn the_home_is_the_chats_where_a_chat_writes_and_the_users_elsewhere() {
    let [chat, user] = [CHAT.shard(), USER.shard()].map(Some);
    let homes: Vec<_> = one_of_each().iter().map(home).collect();
    let expected = [
        chat, chat, chat, chat, chat, chat, chat, user, user, None, None, None, None,
    ];
    assert_eq!(homes, expected);
}

#[test]
fn ranges_hold_their_rows_and_no_others() {
    let messages = message::range(CHAT, 5, 7);
    let inside: Vec<bool> = (4..=8)
        .map(|seq| messages.contains(&message::encode(CHAT, seq)))
        .collect();
    assert_eq!(inside, [false, true, true, true, false]);
    assert!(message::encode(CHAT, 255) < message::encode(CHAT, 256));
    assert!(member::range(CHAT).contains(&member::encode(CHAT, USER)));
    assert!(!member::range(ChatId([0xac; 16])).contains(&member::encode(CHAT, USER)));
    assert!(device::range(USER).contains(&device::encode(DEVICE)));
    assert!(pending::range_after(USER, None).contains(&pending::encode(USER, CHAT)));
    assert!(!pending::range_after(USER, Some(CHAT)).contains(&pending::encode(USER, CHAT)));
    let largest = ChatId([0xff; 16]);
    assert!(membership::range_after(USER, Some(CHAT)).contains(&membership::encode(USER, largest)));
}
