//! The engine in a process that is killed while it works, and its files as a power loss leaves them: every message that was
//! answered is there or was acknowledged, and the store opens.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use bytes::Bytes;
use ringpost_power_loss::{Shim, cut_into, cut_to_synced};
use ringpost_storage_core::{Command, Outcome};
use ringpost_storage_embedded::{EmbeddedStore, OpenError, Options, Retention, Rules};
use ringpost_wire::{
    ChatId, ContentClass, DeviceAddress, MessageId, NewMessage, Seq, UserId, encode_send,
};

/// Names the store's folder to the process that is to be killed.
const FOLDER: &str = "RINGPOST_POWER_LOSS_FOLDER";
const SEEDS: u64 = 12;
const NOW_MS: u64 = 1_700_000_000_000;

fn device(side: u8) -> DeviceAddress {
    DeviceAddress {
        user: UserId([side; 16]),
        device: 1,
    }
}

fn chat() -> ChatId {
    ChatId::one_to_one(device(1).user, device(2).user)
}

/// Small segments and a small overlay: the few seconds of a test see many flushes and retired segments.
fn options(folder: &Path) -> Options {
    Options {
        segment_bytes: 32 << 10,
        overlay_bytes_max: 48 << 10,
        flush_age_ms: 20,
        ..Options::new(
            folder,
            Rules {
                retention: Retention::UntilDelivered,
            },
        )
    }
}

fn send(client_seq: u64) -> Command {
    let mut frame = Vec::new();
    let message = NewMessage {
        chat: chat(),
        client_seq,
        message_id: MessageId::from(client_seq),
        device_epoch: 0,
        content_class: ContentClass::Visible,
        unanswered: 0,
        payload: &[client_seq as u8; 600],
        slices: &[],
    };
    encode_send(&message, &mut frame).expect("a good message");
    Command::Append {
        sender: device(1),
        frame: Bytes::from(frame),
        now_ms: NOW_MS,
    }
}

/// The process that is killed: sends, and says what was answered. Does nothing in an ordinary run of the tests.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let mut store = EmbeddedStore::open(options(Path::new(&folder))).expect("it opens");
    let register = |device| Command::RegisterDevice {
        issued_ms: u64::MAX,
        device,
        create: true,
        link_after: None,
        now_ms: NOW_MS,
    };
    let setup = vec![
        register(device(1)),
        register(device(2)),
        Command::OpenChat {
            opener: device(1).user,
            other: device(2).user,
            now_ms: NOW_MS,
        },
    ];
    store.run(setup).expect("it works");
    let first = head(&mut store) + 1;
    for batch in 0.. {
        let begin = first + batch * 4;
        let outcomes = store.run((begin..begin + 4).map(send).collect());
        let outcomes = outcomes.expect("it works");
        let Some(Outcome::Appended(last)) = outcomes.last() else {
            panic!("{outcomes:?}");
        };
        // Straight to the descriptor: the harness of the tests would hold it back.
        writeln!(std::io::stdout(), "answered {}", last.seq).expect("somebody reads");
    }
}

fn head(store: &mut EmbeddedStore) -> Seq {
    match &store.run(vec![Command::InspectChat { chat: chat() }]) {
        Ok(outcomes) => match &outcomes[0] {
            Outcome::Inspected(chat) => chat.head,
            _ => 0,
        },
        Err(error) => panic!("{error}"),
    }
}

/// Lets the process answer so many batches, kills it, and gives the last message that it answered.
fn work_and_kill(shim: &Shim, data: &Path, shadow: &Path, batches: usize) -> Seq {
    let mut process = Process::new(std::env::current_exe().expect("this test"));
    shim.command(&mut process, data, shadow).unwrap();
    let mut process = process
        .args(["--exact", "child", "--nocapture"])
        .env(FOLDER, data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut answered = BufReader::new(process.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| line.split_once("answered ")?.1.parse().ok());
    let last = answered.by_ref().take(batches).last();
    process.kill().unwrap();
    // What it said between the last line read and its death counts too.
    let last = answered.last().or(last);
    process.wait().unwrap();
    last.expect("it answers")
}

/// Opens what is left and gives the last message, after a look at every message before it.
fn whole_up_to(data: &Path) -> Result<Seq, OpenError> {
    let mut store = EmbeddedStore::open(options(data))?;
    let mut from = 1;
    loop {
        let page = Command::ReadPage {
            device: device(2),
            chat: chat(),
            from,
            messages_max: 256,
            bytes_max: 262_144,
        };
        let outcomes = store.run(vec![page]).expect("it works");
        let Outcome::Page(page) = &outcomes[0] else {
            return Ok(0);
        };
        assert!(
            page.empty.is_empty(),
            "a message is missing: {:?}",
            page.empty
        );
        from = page.to + 1;
        if page.complete {
            return Ok(page.head);
        }
    }
}

#[test]
fn what_was_answered_survives_every_cut() {
    let folder = tempfile::TempDir::new().unwrap();
    let data: PathBuf = folder.path().join("data");
    let shadow = folder.path().join("shadow");
    for round in 0..3 {
        let answered = work_and_kill(&Shim::new(), &data, &shadow, 40 + round * 60);
        for seed in round as u64 * SEEDS..(round as u64 + 1) * SEEDS {
            let target = folder.path().join(format!("cut-{seed}"));
            cut_into(&data, &shadow, Some(seed), &target).unwrap();
            let found = whole_up_to(&target).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            assert!(found >= answered, "seed {seed}: {found} of {answered}");
            std::fs::remove_dir_all(&target).unwrap();
        }
        cut_to_synced(&data, &shadow).unwrap();
        let found = whole_up_to(&data).expect("what was synced opens");
        assert!(found >= answered, "{found} of {answered}");
        // Opened without the recorder, so what stands now is the new beginning.
        std::fs::remove_dir_all(&shadow).unwrap();
    }
}
