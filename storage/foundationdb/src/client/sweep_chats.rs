//! The sweep for retention: walks the chats of the node's shards slowly, at batch priority, and has those trimmed whose
//! oldest message is over time.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use foundationdb::FdbResult;
use futures_util::future::join_all;
use ringpost_storage_core::key::{self, Family};
use ringpost_storage_core::lane::{ReadAnswer, StoreFault};
use ringpost_storage_core::limits::DAY_MS;
use ringpost_storage_core::store::{KeyRange, Read, Rows};
use ringpost_storage_core::{Command, Outcome, Retention};
use ringpost_wire::{ChatId, MessageView};
use tokio::time::sleep;

use super::errands::Errands;
use super::link::{Link, Priority};
use super::wall::wall_ms;
use crate::limits::{
    READ_MS_MAX, SWEEP_CHATS_PER_SECOND, SWEEP_FAULT_PAUSE_MS, SWEEP_PAUSE_MS, SWEEP_STEP_CHATS,
};
use crate::shard_runs::key_ranges;

/// The sweep.
pub struct ChatSweep {
    link: Arc<Link>,
    errands: Rc<Errands>,
    kept_ms: u64,
}

/// What a step found.
struct Step {
    chats: Vec<ChatId>,
    more: bool,
    /// Those whose oldest message is over time.
    due: Vec<ChatId>,
}

impl ChatSweep {
    /// A sweep. What is kept until delivered is kept as long as a device may be unseen.
    pub fn new(
        link: Arc<Link>,
        errands: Rc<Errands>,
        retention: Retention,
        device_unseen_days: u32,
    ) -> Self {
        let days = match retention {
            Retention::UntilDelivered => device_unseen_days,
            Retention::Days(days) => days,
        };
        Self {
            link,
            errands,
            kept_ms: u64::from(days) * DAY_MS,
        }
    }

    /// Sweeps, round after round, from `delay_ms` on.
    pub async fn run(self, delay_ms: u64) {
        sleep(Duration::from_millis(delay_ms)).await;
        loop {
            for range in key_ranges(Family::Head as u8, &self.errands.shards()) {
                self.sweep(range).await;
            }
            sleep(Duration::from_millis(SWEEP_PAUSE_MS)).await;
        }
    }

    async fn sweep(&self, mut rest: KeyRange) {
        loop {
            let Ok(step) = self.step(rest).await else {
                sleep(Duration::from_millis(SWEEP_FAULT_PAUSE_MS)).await;
                continue;
            };
            let looked = step.chats.len() as u64;
            self.link.metrics.swept_chats.fetch_add(looked, Relaxed);
            self.trim(step.due).await;
            let pause_ms = looked.max(1) * 1_000 / SWEEP_CHATS_PER_SECOND;
            sleep(Duration::from_millis(pause_ms.max(1))).await;
            match step.chats.last() {
                Some(last) if step.more => rest.begin = key::head::encode(*last).next(),
                _ => return,
            }
        }
    }

    async fn step(&self, rest: KeyRange) -> Result<Step, StoreFault> {
        let step = async {
            let transaction = self.link.transaction(Priority::Batch)?;
            let heads = Read::Range {
                range: rest,
                rows_max: SWEEP_STEP_CHATS,
                bytes_max: u32::MAX,
            };
            let heads = rows(self.link.read_one(&transaction, &heads).await?);
            let chats = heads
                .rows
                .iter()
                .filter_map(|row| key::head::decode(&row.key));
            let chats: Vec<ChatId> = chats.collect();
            let oldest = chats.iter().map(|chat| oldest(*chat));
            let oldest: Vec<Read> = oldest.collect();
            let oldest = oldest
                .iter()
                .map(|read| self.link.read_one(&transaction, read));
            let oldest: FdbResult<Vec<ReadAnswer>> = join_all(oldest).await.into_iter().collect();
            let now_ms = wall_ms();
            let is_due = |answer: ReadAnswer| {
                time_ms(&rows(answer)).is_some_and(|time| time + self.kept_ms < now_ms)
            };
            let due = chats.iter().copied().zip(oldest?);
            Ok(Step {
                due: due
                    .filter_map(|(chat, answer)| is_due(answer).then_some(chat))
                    .collect(),
                more: heads.more,
                chats,
            })
        };
        self.link.within(READ_MS_MAX, step).await
    }

    /// Trims until nothing is over time.
    async fn trim(&self, mut chats: Vec<ChatId>) {
        while !chats.is_empty() {
            let now_ms = wall_ms();
            let trim = |chat: &ChatId| Command::Trim {
                chat: *chat,
                now_ms,
            };
            let commands: Vec<Command> = chats.iter().map(trim).collect();
            let mut outcomes = self.errands.run(&commands).await.into_iter();
            chats.retain(|_| match outcomes.next() {
                Some(Outcome::Trimmed { removed, more }) => {
                    self.link.metrics.swept_messages.fetch_add(removed, Relaxed);
                    more && removed > 0
                }
                _ => false,
            });
        }
    }
}

fn oldest(chat: ChatId) -> Read {
    Read::Range {
        range: KeyRange {
            begin: key::message::encode(chat, 0),
            end: key::message::encode(chat, u64::MAX),
        },
        rows_max: 1,
        bytes_max: u32::MAX,
    }
}

fn rows(answer: ReadAnswer) -> Rows {
    match answer {
        ReadAnswer::Rows(rows) => rows,
        ReadAnswer::Value(_) => Rows::default(),
    }
}

fn time_ms(oldest: &Rows) -> Option<u64> {
    let message = MessageView::of_deliver(&oldest.rows.first()?.value);
    message.ok().map(|message| message.time_ms())
}
