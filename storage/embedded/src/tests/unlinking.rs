//! Devices that do not come any more are unlinked by the sweep, to the end, whatever crashes between; the others stay.

use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use ringpost_storage_core::key::{self, Family};
use ringpost_storage_core::limits::{DAY_MS, LINK_PAGE_CHATS, TRIM_MESSAGES_MAX};
use ringpost_storage_core::row::{Device, DeviceState, Row as _};
use ringpost_storage_core::store::{Key, KeyRange, Snapshot as _};
use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::{ChatId, DeviceAddress, ErrorCode, UserId};

use super::scene::{open, options};
use super::traffic::{NOW_MS, Pair};
use crate::device_sweep::{DeviceSweep, Turn};
use crate::limits::{SWEEP_PAUSE_MS, SWEEP_STEP_DEVICES};
use crate::{EmbeddedStore, Fatal, Options, Pinning, Retention, Rules, State, SyncMode};

const UNSEEN_DAYS: u32 = 45;
/// The first time at which who signed in at `NOW_MS` and never again is unlinked.
const LATE_MS: u64 = (NOW_MS / DAY_MS + UNSEEN_DAYS as u64 + 1) * DAY_MS;

fn sign_in(device: DeviceAddress, now_ms: u64) -> Command {
    Command::RegisterDevice {
        issued_ms: u64::MAX,
        device,
        create: true,
        link_after: None,
        now_ms,
    }
}

fn rows(store: &EmbeddedStore, family: Family) -> usize {
    let range = KeyRange::prefix(Key::of(&[&[family as u8]]));
    let rows = store.view().range(&range, u32::MAX, u32::MAX);
    rows.expect("the store answers").rows.len()
}

fn state(store: &EmbeddedStore, device: DeviceAddress) -> DeviceState {
    let row = store.view().get(&key::device::encode(device));
    let row = row.expect("the store answers").expect("it is registered");
    Device::decode(&row).expect("the row is whole").state
}

/// Takes turns until the round is over.
fn round(store: &mut EmbeddedStore, sweep: &mut DeviceSweep, wall_ms: u64) -> Result<Turn, Fatal> {
    let mut sum = Turn::default();
    sweep.due_ms = 0;
    while sweep.due_ms < SWEEP_PAUSE_MS {
        let turn = store.take_turn(sweep, wall_ms)?;
        sum.rows += turn.rows;
        sum.unlinked += turn.unlinked;
    }
    Ok(sum)
}

#[test]
fn a_round_unlinks_whoever_did_not_come_and_frees_what_they_held() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    for number in 0..80 {
        let pair = Pair::new(number);
        let mut commands = pair.setup();
        commands.push(pair.send(1, b"hello", NOW_MS));
        commands.push(sign_in(pair.sender, NOW_MS + DAY_MS));
        if number % 2 == 1 {
            commands.push(sign_in(pair.recipient, NOW_MS + DAY_MS));
        }
        store.run(commands).unwrap();
        if number == 40 {
            store.flush().unwrap();
        }
    }
    let mut sweep = DeviceSweep::new(UNSEEN_DAYS, 0);
    let turn = |rows, unlinked| Turn { rows, unlinked };
    let early = round(&mut store, &mut sweep, LATE_MS - 1).unwrap();
    assert_eq!(early, turn(160, 0));
    assert_eq!(rows(&store, Family::Message), 80);
    let late = round(&mut store, &mut sweep, LATE_MS).unwrap();
    assert_eq!(late, turn(160, 40));
    assert_eq!(rows(&store, Family::Message), 40);
    assert_eq!(rows(&store, Family::Pending), 40);
    for number in 0..80 {
        let pair = Pair::new(number);
        let expected = match number % 2 {
            0 => DeviceState::Removed,
            _ => DeviceState::Linked,
        };
        assert_eq!(state(&store, pair.recipient), expected);
        assert_eq!(state(&store, pair.sender), DeviceState::Linked);
    }
    let again = round(&mut store, &mut sweep, LATE_MS).unwrap();
    assert_eq!(again, turn(160, 0));
    // The others come too late for what follows: nothing is left of anyone.
    let last = round(&mut store, &mut sweep, LATE_MS + DAY_MS).unwrap();
    assert_eq!(last, turn(160, 120));
    assert_eq!(rows(&store, Family::Message), 0);
    assert_eq!(rows(&store, Family::Pending), 0);
}

#[test]
fn one_that_comes_back_between_finding_and_unlinking_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let pair = Pair::new(0);
    let mut commands = pair.setup();
    commands.push(sign_in(pair.sender, LATE_MS));
    commands.push(pair.send(1, b"hello", NOW_MS));
    store.run(commands).unwrap();
    let mut sweep = DeviceSweep::new(UNSEEN_DAYS, 0);
    let found = store.take_turn(&mut sweep, LATE_MS).unwrap();
    assert_eq!((found.rows, found.unlinked), (2, 0));
    assert!(sweep.due_ms < SWEEP_PAUSE_MS, "there is more to do");
    store.run(vec![sign_in(pair.recipient, LATE_MS)]).unwrap();
    let rest = round(&mut store, &mut sweep, LATE_MS).unwrap();
    assert_eq!(rest, Turn::default());
    assert_eq!(state(&store, pair.recipient), DeviceState::Linked);
    assert_eq!(rows(&store, Family::Message), 1);
}

/// Chats of one user with many others, each with a message that the user has not got.
fn popular(store: &mut EmbeddedStore, chats: u32) -> DeviceAddress {
    let recipient = Pair::new(0).recipient;
    let mut commands = Vec::new();
    for number in 0..chats {
        let mut user = [9; 16];
        user[..4].copy_from_slice(&number.to_be_bytes());
        let sender = DeviceAddress {
            user: UserId(user),
            device: 1,
        };
        let pair = Pair {
            sender,
            recipient,
            chat: ChatId::one_to_one(sender.user, recipient.user),
        };
        commands.extend(pair.setup());
        commands.push(sign_in(sender, LATE_MS));
        commands.push(pair.send(1, b"hello", NOW_MS));
    }
    store.run(commands).unwrap();
    recipient
}

#[test]
fn a_crash_between_any_two_commits_is_made_good_by_the_next_round() {
    // The second commit of every start fails: after it was written, or half way.
    for sync in [SyncMode::FailSync(2), SyncMode::FailWrite(2)] {
        let folder = tempfile::tempdir().unwrap();
        let mut store = open(folder.path());
        let device = popular(&mut store, LINK_PAGE_CHATS as u32 + 40);
        assert_eq!(rows(&store, Family::Message), LINK_PAGE_CHATS + 40);
        drop(store);
        let mut crashes = 0;
        let mut states = Vec::new();
        let mut store = loop {
            let mut store = EmbeddedStore::open(Options {
                sync,
                ..options(folder.path())
            })
            .unwrap();
            states.push((state(&store, device), rows(&store, Family::Message)));
            let mut sweep = DeviceSweep::new(UNSEEN_DAYS, 0);
            match round(&mut store, &mut sweep, LATE_MS) {
                Ok(_) => break store,
                Err(_) => crashes += 1,
            }
            assert!(crashes < 9, "a round gets on");
        };
        let is_halfway = |(state, messages): &(DeviceState, usize)| {
            *state == DeviceState::Unlinked && (1..=LINK_PAGE_CHATS + 40).contains(messages)
        };
        assert!(crashes > 0 && states.iter().any(is_halfway), "{states:?}");
        assert_eq!(state(&store, device), DeviceState::Removed);
        assert_eq!(rows(&store, Family::Message), 0);
        assert_eq!(rows(&store, Family::Pending), 0);
        let gone = Outcome::Failed(ErrorCode::DeviceUnlinked);
        assert_eq!(store.run(vec![sign_in(device, LATE_MS)]).unwrap(), [gone]);
    }
}

#[test]
fn the_committer_takes_the_turns() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let device = popular(&mut store, SWEEP_STEP_DEVICES as u32 + 1);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let (pair, now_ms) = (Pair::new(1), now.as_millis() as u64);
    let mut commands = pair.setup();
    commands.push(sign_in(pair.sender, now_ms));
    commands.push(sign_in(pair.recipient, now_ms));
    commands.push(pair.send(1, b"hello", now_ms));
    store.run(commands).unwrap();
    store.sweep_at_once();
    let running = store.start(Pinning::default()).unwrap();
    let metrics = running.metrics();
    // The other sides of the chats are long gone as well, by the clock of the machine.
    let devices = SWEEP_STEP_DEVICES as u64 + 2;
    while metrics.unlinked_devices.load(Relaxed) < devices && running.state() == State::Running {
        thread::yield_now();
    }
    running.stop(false).unwrap();
    assert_eq!(metrics.unlinked_devices.load(Relaxed), devices);
    assert_eq!(metrics.swept_devices.load(Relaxed), devices + 2);
    let store = open(folder.path());
    assert_eq!(state(&store, device), DeviceState::Removed);
    assert_eq!(state(&store, pair.recipient), DeviceState::Linked);
    assert_eq!(rows(&store, Family::Message), 1);
}

#[test]
fn the_committer_trims_a_chat_to_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let rules = Rules {
        retention: Retention::Days(2),
    };
    let mut store = EmbeddedStore::open(Options {
        rules,
        ..options(folder.path())
    })
    .unwrap();
    let pair = Pair::new(0);
    let count = TRIM_MESSAGES_MAX as u64 + 20;
    store.run(pair.setup()).unwrap();
    let sends = (1..=count).map(|seq| pair.send(seq, b"hello", NOW_MS));
    store.run(sends.collect()).unwrap();
    store.run(vec![pair.acknowledge(count)]).unwrap();
    assert_eq!(rows(&store, Family::Message) as u64, count);
    store.sweep_at_once();
    let running = store.start(Pinning::default()).unwrap();
    let metrics = running.metrics();
    while metrics.swept_messages.load(Relaxed) < count && running.state() == State::Running {
        thread::yield_now();
    }
    running.stop(false).unwrap();
    assert_eq!(metrics.swept_messages.load(Relaxed), count);
    assert_eq!(metrics.swept_chats.load(Relaxed), 1);
    assert_eq!(rows(&open(folder.path()), Family::Message), 0);
}
