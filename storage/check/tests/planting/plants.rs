//! Corruptions of rows that decode: each is planted in a good store, and found as what it is and as nothing else.

use std::collections::BTreeSet;

use ringpost_engine_tests::people::{device, user};
use ringpost_storage_check::FindingKind;
use ringpost_storage_core::key;
use ringpost_storage_core::row::{
    Device, DeviceState, FanOut, Head, Lagging, Member, Membership, Pending, ReadCursor,
};
use ringpost_storage_core::sequencer::{Kept, SendResult, Window};
use ringpost_storage_core::store::Key;
use ringpost_wire::ChatId;

use crate::histories::{busy, busy_chat};
use crate::rows::MapRows;

/// Plants a corruption in the busy store; exactly `kind` is found.
#[track_caller]
pub fn planted(kind: FindingKind, plant: impl FnOnce(&mut MapRows)) {
    let mut rows = MapRows::of(&busy());
    assert_eq!(rows.kinds(), BTreeSet::new(), "the store was good before");
    plant(&mut rows);
    assert_eq!(rows.kinds(), BTreeSet::from([kind]));
}

pub fn head_key() -> Key {
    key::head::encode(busy_chat())
}

/// The first message that is there, and the last.
pub fn ends(rows: &MapRows) -> (u64, u64) {
    let head: Head = rows.row(&head_key());
    (head.trimmed_to + 1, head.last_seq())
}

pub fn message_key(seq: u64) -> Key {
    key::message::encode(busy_chat(), seq)
}

/// Writes number fields into the frame of a message: `seq` at 40 and `client_seq` at 56, among others.
pub fn set_field(rows: &mut MapRows, seq: u64, offset: usize, value: u64) {
    let mut frame = rows.map[message_key(seq).as_slice()].to_vec();
    frame[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
    rows.put(&message_key(seq), frame);
}

/// A window with its last result replaced.
fn with_last(window: &Window, result: SendResult) -> Window {
    let mut results = window.results().to_vec();
    let last = results.pop().expect("a window holds a result");
    results.push(Kept { result, ..last });
    Window::of(window.last(), results).expect("it is as long as before")
}

#[test]
fn messages_that_are_gone() {
    planted(FindingKind::MessageMissing, |rows| {
        let (first, last) = ends(rows);
        rows.remove(&message_key((first + last) / 2));
        rows.remove(&message_key(last));
    });
}

#[test]
fn a_message_that_should_be_trimmed() {
    planted(FindingKind::MessageTrimmed, |rows| {
        let (first, _) = ends(rows);
        rows.put(
            &message_key(first - 1),
            rows.map[message_key(first).as_slice()].clone(),
        );
        set_field(rows, first - 1, 40, first - 1);
    });
}

#[test]
fn a_message_beyond_the_head() {
    planted(FindingKind::MessageBeyondHead, |rows| {
        let (_, last) = ends(rows);
        rows.put(
            &message_key(last + 1),
            rows.map[message_key(last).as_slice()].clone(),
        );
        set_field(rows, last + 1, 40, last + 1);
    });
}

#[test]
fn a_message_under_the_key_of_another() {
    planted(FindingKind::MisplacedMessage, |rows| {
        let (first, _) = ends(rows);
        rows.put(
            &message_key(first),
            rows.map[message_key(first + 1).as_slice()].clone(),
        );
    });
}

#[test]
fn a_payload_that_changed_after_it_was_stored() {
    planted(FindingKind::WindowDisagrees, |rows| {
        let (_, last) = ends(rows);
        let mut frame = rows.map[message_key(last).as_slice()].to_vec();
        *frame.last_mut().expect("a frame has bytes") ^= 1;
        rows.put(&message_key(last), frame);
    });
}

#[test]
fn a_clock_that_ran_back() {
    planted(FindingKind::TimeRunsBack, |rows| {
        rows.change(&head_key(), |head: &mut Head| head.last_time_ms += 1);
    });
}

#[test]
fn a_number_of_a_sender_that_is_stored_twice() {
    planted(FindingKind::MessageDoubled, |rows| {
        // Of the last twenty, each device of bob's sent four in a row; its window keeps the last.
        let (_, last) = ends(rows);
        set_field(rows, last - 18, 56, 1);
    });
}

#[test]
fn a_window_that_was_set_back() {
    planted(FindingKind::WindowBehind, |rows| {
        rows.change(&head_key(), |head: &mut Head| {
            head.windows[0].1 = Window::of(1, Vec::new()).expect("a window");
        });
    });
}

#[test]
fn a_sender_without_a_window() {
    planted(FindingKind::WindowBehind, |rows| {
        rows.change(&head_key(), |head: &mut Head| drop(head.windows.remove(0)));
    });
}

#[test]
fn a_result_that_is_yet_to_come() {
    planted(FindingKind::WindowBeyondHead, |rows| {
        let (_, last) = ends(rows);
        rows.change(&head_key(), |head: &mut Head| {
            let window = &head.windows[0].1;
            let time_ms = head.last_time_ms;
            let more = window.last() + 1;
            let kept = Kept {
                digest: 1,
                result: SendResult::Stored {
                    seq: last + 1,
                    time_ms,
                },
            };
            head.windows[0].1 = Window::of(more, vec![kept]).expect("a window");
        });
    });
}

#[test]
fn results_out_of_order() {
    planted(FindingKind::WindowDisordered, |rows| {
        let (first, _) = ends(rows);
        // Both are of trimmed messages, about which the log is silent.
        rows.change(&head_key(), |head: &mut Head| {
            let time_ms = head.last_time_ms;
            let stored = |seq| Kept {
                digest: 1,
                result: SendResult::Stored { seq, time_ms },
            };
            let window = Window::of(9, vec![stored(first - 1), stored(first - 2)]);
            let window = window.expect("a window");
            head.windows.pop();
            head.windows.push((device("bob", 9), window));
        });
    });
}

#[test]
fn a_window_in_two_places() {
    planted(FindingKind::WindowTwice, |rows| {
        let (sender, window) = rows.row::<Head>(&head_key()).windows[0].clone();
        let key = key::window::encode(busy_chat(), sender);
        rows.put(&key, ringpost_storage_core::row::Row::to_bytes(&window));
    });
}

#[test]
fn windows_that_the_head_denies() {
    planted(FindingKind::WindowUnannounced, |rows| {
        rows.change(&head_key(), |head: &mut Head| {
            head.has_spilled_windows = false;
        });
    });
}

#[test]
fn a_window_that_tells_of_another_message() {
    planted(FindingKind::WindowDisagrees, |rows| {
        rows.change(&head_key(), |head: &mut Head| {
            let time_ms = head.last_time_ms;
            let seq = head.trimmed_to;
            let told = SendResult::Stored { seq, time_ms };
            head.windows[0].1 = with_last(&head.windows[0].1, told);
        });
    });
}

#[test]
fn a_chat_without_a_head() {
    planted(FindingKind::HeadMissing, |rows| rows.remove(&head_key()));
}

#[test]
fn a_member_without_a_row() {
    planted(FindingKind::MemberMissing, |rows| {
        rows.remove(&key::member::encode(busy_chat(), user("bob")));
    });
}

#[test]
fn a_head_that_forgets_a_member() {
    planted(FindingKind::HeadMembers, |rows| {
        rows.change(&head_key(), |head: &mut Head| head.members.truncate(1));
    });
}

#[test]
fn a_device_added_after_the_head() {
    planted(FindingKind::MemberBeyondHead, |rows| {
        let key = key::member::encode(ChatId::one_to_one(user("ann"), user("ann")), user("ann"));
        rows.change(&key, |member: &mut Member| member.devices[0].start = 2);
    });
}

#[test]
fn a_user_who_has_read_what_is_not_there() {
    planted(FindingKind::CursorBeyondHead, |rows| {
        let (_, last) = ends(rows);
        let key = key::read_cursor::encode(busy_chat(), user("bob"));
        rows.change(&key, |cursor: &mut ReadCursor| cursor.read_to = last + 1);
    });
}

#[test]
fn read_cursors_that_the_head_denies() {
    planted(FindingKind::CursorUnannounced, |rows| {
        rows.change(&head_key(), |head: &mut Head| head.has_read_cursors = false);
    });
}

#[test]
fn a_member_whose_user_does_not_know_of_the_chat() {
    planted(FindingKind::MembershipMissing, |rows| {
        rows.remove(&key::membership::encode(user("bob"), busy_chat()));
    });
}

#[test]
fn a_membership_that_begins_after_the_head() {
    planted(FindingKind::MemberBeyondHead, |rows| {
        let (_, last) = ends(rows);
        let key = key::membership::encode(user("bob"), busy_chat());
        rows.change(&key, |membership: &mut Membership| {
            membership.joined = last + 2;
        });
    });
}

#[test]
fn a_membership_of_a_chat_that_there_is_not() {
    planted(FindingKind::MemberMissing, |rows| {
        let value = rows.map[key::membership::encode(user("bob"), busy_chat()).as_slice()].clone();
        rows.put(
            &key::membership::encode(user("bob"), ChatId([7; 16])),
            value,
        );
    });
}

fn pending_key() -> Key {
    key::pending::encode(user("bob"), busy_chat())
}

#[test]
fn a_pending_device_that_the_chat_does_not_list() {
    planted(FindingKind::PendingUnlisted, |rows| {
        let (_, last) = ends(rows);
        rows.change(&pending_key(), |pending: &mut Pending| {
            pending.lagging.push(Lagging {
                device: 9,
                next: last,
            });
        });
    });
}

#[test]
fn a_device_that_waits_for_what_is_not_there() {
    planted(FindingKind::PendingBeyondHead, |rows| {
        let (_, last) = ends(rows);
        rows.change(&pending_key(), |pending: &mut Pending| {
            pending.lagging[0].next = last + 1;
        });
    });
}

#[test]
fn a_device_that_waits_for_what_is_trimmed() {
    planted(FindingKind::PendingTrimmed, |rows| {
        let (first, _) = ends(rows);
        rows.change(&pending_key(), |pending: &mut Pending| {
            pending.lagging[0].next = first - 1;
        });
    });
}

#[test]
fn pending_rows_in_a_chat_that_has_none() {
    planted(FindingKind::PendingInLargeChat, |rows| {
        rows.change(&head_key(), |head: &mut Head| {
            head.fan_out = FanOut::CompareHeads;
        });
    });
}

#[test]
fn a_user_without_a_row() {
    planted(FindingKind::UserMissing, |rows| {
        rows.remove(&key::user::encode(user("bob")));
    });
}

#[test]
fn a_user_without_devices() {
    planted(FindingKind::UserWithoutDevice, |rows| {
        let value = rows.map[key::user::encode(user("bob")).as_slice()].clone();
        rows.put(&key::user::encode(user("zoe")), value);
    });
}

#[test]
fn a_device_without_a_row() {
    planted(FindingKind::DeviceMissing, |rows| {
        rows.remove(&key::device::encode(device("bob", 2)));
    });
}

#[test]
fn a_device_that_a_chat_forgot() {
    planted(FindingKind::DeviceNotLinked, |rows| {
        let chat = ChatId::one_to_one(user("ann"), user("cid"));
        let key = key::member::encode(chat, user("ann"));
        rows.change(&key, |member: &mut Member| {
            member.devices.remove(3);
        });
    });
}

#[test]
fn a_removed_device_in_a_chat() {
    planted(FindingKind::DeviceNotRemoved, |rows| {
        let key = key::device::encode(device("bob", 2));
        rows.change(&key, |device: &mut Device| {
            device.state = DeviceState::Removed;
        });
    });
}

#[test]
fn too_many_devices() {
    planted(FindingKind::TooManyDevices, |rows| {
        let key = key::device::encode(device("bob", 9));
        let linking = rows.map[key.as_slice()].clone();
        for number in 100..120 {
            rows.put(&key::device::encode(device("bob", number)), linking.clone());
        }
    });
}
