//! Stores on disk, and the tools run on them.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ringpost_engine_tests::people::{NOW_MS, device, message, register, send, user};
use ringpost_storage_core::store::Write;
use ringpost_storage_core::{Retention, Rules};
use ringpost_storage_embedded::{EmbeddedStore, Options, SyncMode};
use ringpost_wire::{ChatId, NewMessage};
use serde_json::Value;

/// One test at a time: a process that another test starts holds the locks of this one's stores until its program is loaded.
pub fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The store in a node's data directory.
pub fn open(data: &Path) -> EmbeddedStore {
    let rules = Rules {
        retention: Retention::UntilDelivered,
    };
    let options = Options {
        sync: SyncMode::Never,
        ..Options::new(data.join("store"), rules)
    };
    EmbeddedStore::open(options).expect("the folder is a good store")
}

/// The chat of ann and one of her friends.
pub fn chat(friend: usize) -> ChatId {
    ChatId::one_to_one(user("ann"), user(&name(friend)))
}

fn name(friend: usize) -> String {
    format!("friend {friend}")
}

/// A store in which ann has sent each of her friends four messages of `payload_bytes`, which none has received.
pub fn make_store(data: &Path, friends: usize, payload_bytes: usize) {
    let mut store = open(data);
    let payload = vec![b'x'; payload_bytes];
    let mut commands = vec![register(device("ann", 1))];
    for friend in 0..friends {
        commands.push(register(device(&name(friend), 1)));
        commands.push(ringpost_storage_core::Command::OpenChat {
            opener: user("ann"),
            other: user(&name(friend)),
            now_ms: NOW_MS,
        });
        for number in 1..=4 {
            let id = friend as u64 * 10 + number;
            let message = NewMessage {
                payload: &payload,
                ..message(chat(friend), number, id)
            };
            commands.push(send(device("ann", 1), &message));
        }
    }
    store.run(commands).expect("the store works");
}

/// Changes rows of a store past its rules.
pub fn spoil(data: &Path, writes: Vec<Write>) {
    open(data).write(writes).expect("the store works");
}

fn tool(arguments: &[&str]) -> Command {
    let mut tool = Command::new(env!("CARGO_BIN_EXE_ringpost-tools"));
    tool.args(arguments).stdin(Stdio::null());
    tool
}

/// Runs a tool to its end.
pub fn run(arguments: &[&str]) -> Output {
    tool(arguments).output().expect("the tool starts")
}

/// Runs a tool to its end, which is a good one; what it prints is JSON.
pub fn done(arguments: &[&str]) -> Value {
    let output = run(arguments);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complaint}");
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

/// Runs a tool and kills it at its third line of progress. The percentage that it began with; `None` when it was done sooner.
pub fn killed(arguments: &[&str]) -> Option<f64> {
    let mut child = tool(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the tool starts");
    let lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let mut told = Vec::new();
    for line in lines.map_while(Result::ok) {
        told.extend(percentage(&line));
        if told.len() == 3 {
            child.kill().expect("the child is ours");
        }
    }
    let status = child.wait().expect("the child is ours");
    told.first().copied().filter(|_| !status.success())
}

/// The percentage of a line of progress.
fn percentage(line: &str) -> Option<f64> {
    let before = line.split(" %").next()?;
    before.split_whitespace().next_back()?.parse().ok()
}
