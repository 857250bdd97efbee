//! The sweep for retention: walks all chats slowly and asks for a trim where the oldest message is over time.

use ringpost_storage_core::Command;
use ringpost_storage_core::batch::Retention;
use ringpost_storage_core::key;
use ringpost_storage_core::limits::DAY_MS;
use ringpost_storage_core::store::{Key, KeyRange, NotFetched, Row, Snapshot};
use ringpost_wire::{ChatId, MessageView};

use crate::limits::{SWEEP_CHATS_PER_SECOND, SWEEP_PAUSE_MS, SWEEP_STEP_CHATS};

/// Time between two steps, in milliseconds.
const STEP_MS: u64 = (SWEEP_STEP_CHATS * 1_000 / SWEEP_CHATS_PER_SECOND) as u64;

/// The sweep. Times are `due_ms` on the engine's clock and `wall_ms` since 1970.
#[derive(Debug)]
pub(crate) struct Sweep {
    kept_ms: u64,
    /// The chat after which the next step begins.
    after: Option<ChatId>,
    /// When the next step is due.
    pub due_ms: u64,
}

/// What a step found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Chats looked at.
    pub chats: u64,
    /// Trims to be run.
    pub trims: Vec<Command>,
}

impl Sweep {
    /// A sweep that begins at `due_ms`. What is kept until delivered is kept as long as a device may be unseen.
    pub fn new(retention: Retention, device_unseen_days: u32, due_ms: u64) -> Self {
        let days = match retention {
            Retention::UntilDelivered => device_unseen_days,
            Retention::Days(days) => days,
        };
        Self {
            kept_ms: u64::from(days) * DAY_MS,
            after: None,
            due_ms,
        }
    }

    /// Looks at the next few chats.
    pub fn step<S: Snapshot>(
        &mut self,
        snapshot: &S,
        engine_ms: u64,
        wall_ms: u64,
    ) -> Result<Step, NotFetched> {
        let heads = snapshot.range(&self.rest(), SWEEP_STEP_CHATS as u32, u32::MAX)?;
        let chats: Vec<ChatId> = heads.rows.iter().filter_map(chat_of).collect();
        self.after = chats.last().copied().filter(|_| heads.more);
        self.due_ms = engine_ms
            + match self.after {
                Some(_) => STEP_MS,
                None => SWEEP_PAUSE_MS,
            };
        let mut trims = Vec::new();
        for &chat in &chats {
            if oldest_ms(snapshot, chat)?.is_some_and(|time| time + self.kept_ms < wall_ms) {
                trims.push(Command::Trim {
                    chat,
                    now_ms: wall_ms,
                });
            }
        }
        Ok(Step {
            chats: chats.len() as u64,
            trims,
        })
    }

    fn rest(&self) -> KeyRange {
        let begin = match self.after {
            // The first key after a chat's head: longer by a byte.
            Some(chat) => Key::of(&[key::head::encode(chat).as_slice(), &[0]]),
            None => key::head::encode(ChatId([0; 16])),
        };
        KeyRange {
            begin,
            end: key::head::encode(ChatId([0xff; 16])).prefix_end(),
        }
    }
}

fn chat_of(row: &Row) -> Option<ChatId> {
    key::head::decode(&row.key)
}

/// Time of a chat's oldest message, in milliseconds since 1970.
fn oldest_ms<S: Snapshot>(snapshot: &S, chat: ChatId) -> Result<Option<u64>, NotFetched> {
    let all = KeyRange {
        begin: key::message::encode(chat, 0),
        end: key::message::encode(chat, u64::MAX),
    };
    let oldest = snapshot.range(&all, 1, u32::MAX)?;
    Ok(oldest
        .rows
        .first()
        .and_then(|row| MessageView::of_deliver(&row.value).ok())
        .map(|message| message.time_ms()))
}
