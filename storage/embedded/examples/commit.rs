//! Measures the engine alone: chats that send messages of 100 bytes, each acknowledged in the next batch.
//!
//! `cargo run --release -p ringpost-storage-embedded --example commit -- FOLDER [CHATS] [MESSAGES] [BATCH] [data|never] [late]`
//! prints the processor time a message of the committing thread and of all threads, and the syncs. `late` leaves out the
//! acknowledgements, so that everything reaches the tables.

use std::error::Error;
use std::fs;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use bytes::Bytes;
use ringpost_storage_core::{Command, Outcome};
use ringpost_storage_embedded::{EmbeddedStore, Options, Retention, Rules, SyncMode};
use ringpost_wire::{
    ChatId, ContentClass, DeviceAddress, MessageId, NewMessage, UserId, encode_send,
};

const NOW_MS: u64 = 1_700_000_000_000;

/// A frame and the number of its chat.
type ChatFrame = (u64, Bytes);

struct Plan {
    folder: String,
    chats: u64,
    messages: u64,
    batch: u64,
    sync: SyncMode,
    is_acknowledged: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let plan = plan()?;
    let rules = Rules {
        retention: Retention::UntilDelivered,
    };
    let mut store = EmbeddedStore::open(Options {
        sync: plan.sync,
        ..Options::new(&plan.folder, rules)
    })?;
    for chat in 0..plan.chats {
        store.run(setup(chat))?;
    }
    store.flush()?;
    let frames = frames(&plan)?;
    let metrics = store.metrics();
    let (syncs, flushed) = (metrics.syncs.count(), metrics.flushed_entries.load(Relaxed));
    let (bytes, begin) = (metrics.committed_bytes.load(Relaxed), Instant::now());
    let (own, all) = (own_ns()?, all_ns()?);
    let mut acknowledgements = Vec::new();
    for batch in frames {
        let mut commands = std::mem::take(&mut acknowledgements);
        commands.extend(batch.into_iter().map(|(chat, frame)| Command::Append {
            sender: device(chat, 1),
            frame,
            now_ms: NOW_MS,
        }));
        let outcomes = store.run(commands)?;
        if plan.is_acknowledged {
            acknowledgements = outcomes.iter().filter_map(acknowledge).collect();
        }
    }
    let sent = plan.messages as f64;
    let microseconds = |nanoseconds: u64| nanoseconds as f64 / sent / 1_000.0;
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "{} messages in {} chats, batches of {}, {:?}, acknowledged {}",
        plan.messages, plan.chats, plan.batch, plan.sync, plan.is_acknowledged
    );
    println!(
        "us of processor a message: {:.2} on the committing thread, {:.2} on all",
        microseconds(own_ns()? - own),
        microseconds(all_ns()? - all)
    );
    println!(
        "{:.0} messages/s, {} syncs of {:.0} us at the median, {:.0} bytes of log a message, {} rows flushed",
        sent / seconds,
        metrics.syncs.count() - syncs,
        metrics.syncs.median_ns() as f64 / 1_000.0,
        (metrics.committed_bytes.load(Relaxed) - bytes) as f64 / sent,
        metrics.flushed_entries.load(Relaxed) - flushed
    );
    let (flush, flush_ns) = (Instant::now(), all_ns()?);
    store.flush()?;
    println!(
        "last flush: {:.2} s, {:.2} us of processor a message",
        flush.elapsed().as_secs_f64(),
        microseconds(all_ns()? - flush_ns)
    );
    Ok(())
}

fn plan() -> Result<Plan, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("a folder is wanted")?;
    let words: Vec<String> = arguments.collect();
    let number = |index: usize, default: u64| words.get(index).map_or(Ok(default), |w| w.parse());
    Ok(Plan {
        folder,
        chats: number(0, 500)?,
        messages: number(1, 200_000)?,
        batch: number(2, 250)?.max(1),
        sync: match words.get(3).map(String::as_str) {
            Some("never") => SyncMode::Never,
            _ => SyncMode::Data,
        },
        is_acknowledged: words.get(4).is_none_or(|word| word != "late"),
    })
}

fn device(chat: u64, side: u8) -> DeviceAddress {
    // A spread of the ids over all shards, as hashed ones have.
    let mut id = [side; 16];
    id[..8].copy_from_slice(&chat.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    DeviceAddress {
        user: UserId(id),
        device: 1,
    }
}

fn setup(chat: u64) -> Vec<Command> {
    let register = |side| Command::RegisterDevice {
        issued_ms: u64::MAX,
        device: device(chat, side),
        create: true,
        link_after: None,
        now_ms: NOW_MS,
    };
    vec![
        register(1),
        register(2),
        Command::OpenChat {
            opener: device(chat, 1).user,
            other: device(chat, 2).user,
            now_ms: NOW_MS,
        },
    ]
}

/// The frames of every batch, made before anything is measured: slices of one arena a batch, as a gateway has them.
fn frames(plan: &Plan) -> Result<Vec<Vec<ChatFrame>>, Box<dyn Error>> {
    let numbers: Vec<u64> = (0..plan.messages).collect();
    let batches = numbers.chunks(plan.batch as usize);
    batches.map(|numbers| batch(plan, numbers)).collect()
}

fn batch(plan: &Plan, numbers: &[u64]) -> Result<Vec<ChatFrame>, Box<dyn Error>> {
    let mut arena = Vec::new();
    let mut ends = Vec::new();
    for number in numbers {
        let chat = number % plan.chats;
        let message = NewMessage {
            chat: ChatId::one_to_one(device(chat, 1).user, device(chat, 2).user),
            client_seq: number / plan.chats + 1,
            message_id: MessageId::from(*number),
            device_epoch: 0,
            content_class: ContentClass::Visible,
            unanswered: 0,
            payload: &[0x5a; 100],
            slices: &[],
        };
        let start = arena.len();
        encode_send(&message, &mut arena).map_err(|error| format!("{error:?}"))?;
        ends.push((chat, start..arena.len()));
    }
    let arena = Bytes::from(arena);
    let frames = ends.into_iter().map(|(chat, at)| (chat, arena.slice(at)));
    Ok(frames.collect())
}

/// The recipient has it.
fn acknowledge(outcome: &Outcome) -> Option<Command> {
    let Outcome::Appended(appended) = outcome else {
        return None;
    };
    let delivery = appended.delivery.as_ref()?;
    let sender = ringpost_wire::MessageView::of_deliver(&delivery.frame)
        .ok()?
        .sender();
    let recipient = delivery.members.iter().find(|user| **user != sender.user)?;
    Some(Command::Acknowledge {
        device: DeviceAddress {
            user: *recipient,
            device: 1,
        },
        chat: appended.chat,
        seq: appended.seq,
    })
}

/// Processor time of this thread, in nanoseconds.
fn own_ns() -> Result<u64, Box<dyn Error>> {
    first_number(&fs::read_to_string("/proc/thread-self/schedstat")?)
}

/// Processor time of all threads, in nanoseconds.
fn all_ns() -> Result<u64, Box<dyn Error>> {
    let mut sum = 0;
    for task in fs::read_dir("/proc/self/task")? {
        sum += first_number(&fs::read_to_string(task?.path().join("schedstat"))?)?;
    }
    Ok(sum)
}

fn first_number(text: &str) -> Result<u64, Box<dyn Error>> {
    Ok(text.split_whitespace().next().ok_or("no number")?.parse()?)
}
