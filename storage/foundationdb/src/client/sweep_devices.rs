//! The sweep for unseen devices: walks the device rows of the node's shards slowly, at batch priority, unlinks those that did
//! not sign in for too long, and takes them out of their chats, a page at a time.
//!
//! Whatever stops it, a device that is unlinked and not yet out of all chats is found again by the next round. One with a
//! chat whose home is another node stays unlinked until that chat's home is here.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use ringpost_storage_core::key::{self, Family};
use ringpost_storage_core::lane::{ReadAnswer, StoreFault};
use ringpost_storage_core::limits::DAY_MS;
use ringpost_storage_core::outcome::Unlinking;
use ringpost_storage_core::row::{Device, DeviceState, Row as _};
use ringpost_storage_core::store::{KeyRange, Read, Row, Rows};
use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::{ChatId, DeviceAddress};
use tokio::time::sleep;

use super::errands::Errands;
use super::link::{Link, Priority};
use super::wall::wall_ms;
use crate::limits::{
    READ_MS_MAX, SWEEP_DEVICES_PER_SECOND, SWEEP_FAULT_PAUSE_MS, SWEEP_PAUSE_MS, SWEEP_STEP_DEVICES,
};
use crate::shard_runs::key_ranges;

/// The sweep.
pub struct DeviceSweep {
    link: Arc<Link>,
    errands: Rc<Errands>,
    unseen_days: u32,
}

impl DeviceSweep {
    /// A sweep.
    pub fn new(link: Arc<Link>, errands: Rc<Errands>, unseen_days: u32) -> Self {
        Self {
            link,
            errands,
            unseen_days,
        }
    }

    /// Sweeps, round after round, from `delay_ms` on.
    pub async fn run(self, delay_ms: u64) {
        sleep(Duration::from_millis(delay_ms)).await;
        loop {
            for range in key_ranges(Family::Device as u8, &self.errands.shards()) {
                self.sweep(range).await;
            }
            sleep(Duration::from_millis(SWEEP_PAUSE_MS)).await;
        }
    }

    async fn sweep(&self, mut rest: KeyRange) {
        loop {
            let Ok(page) = self.page(rest).await else {
                sleep(Duration::from_millis(SWEEP_FAULT_PAUSE_MS)).await;
                continue;
            };
            let looked = page.rows.len() as u64;
            self.link.metrics.swept_devices.fetch_add(looked, Relaxed);
            let seen_before_day = self.seen_before_day();
            for row in page.rows.iter().filter(|row| is_due(row, seen_before_day)) {
                if let Some(device) = key::device::decode(&row.key) {
                    self.unlink(device, seen_before_day).await;
                }
            }
            pause(looked).await;
            match page.rows.last() {
                Some(last) if page.more => rest.begin = last.key.next(),
                _ => return,
            }
        }
    }

    async fn page(&self, rest: KeyRange) -> Result<Rows, StoreFault> {
        let page = async {
            let transaction = self.link.transaction(Priority::Batch)?;
            let devices = Read::Range {
                range: rest,
                rows_max: SWEEP_STEP_DEVICES,
                bytes_max: u32::MAX,
            };
            self.link.read_one(&transaction, &devices).await
        };
        match self.link.within(READ_MS_MAX, page).await? {
            ReadAnswer::Rows(rows) => Ok(rows),
            ReadAnswer::Value(_) => Ok(Rows::default()),
        }
    }

    fn seen_before_day(&self) -> u32 {
        let today = u32::try_from(wall_ms() / DAY_MS).unwrap_or(u32::MAX);
        today.saturating_sub(self.unseen_days)
    }

    /// Unlinks a device and takes it out of all its chats, as far as their homes are here.
    async fn unlink(&self, device: DeviceAddress, seen_before_day: u32) {
        let mut remove_after = None;
        loop {
            let unlink = Command::UnlinkDevice {
                device,
                seen_before_day,
                remove_after,
            };
            let outcome = self.errands.run(&[unlink]).await.pop();
            let Some(Outcome::Unlinking(Unlinking::Due { chats, next })) = outcome else {
                // It came back since it was found, or the lane does not hold its shard.
                return;
            };
            if !self.remove(device, &chats).await {
                return;
            }
            pause(chats.len() as u64).await;
            if next.is_none() {
                let finish = Command::FinishUnlinking { device };
                if self.errands.run(&[finish]).await.pop() == Some(Outcome::DeviceRemoved) {
                    self.link.metrics.unlinked_devices.fetch_add(1, Relaxed);
                }
                return;
            }
            remove_after = next;
        }
    }

    /// Whether the device is out of all of `chats`.
    async fn remove(&self, device: DeviceAddress, chats: &[ChatId]) -> bool {
        let remove = |chat: &ChatId| Command::RemoveDevice {
            chat: *chat,
            device,
        };
        let commands: Vec<Command> = chats.iter().map(remove).collect();
        let outcomes = self.errands.run(&commands).await;
        let is_removed = |outcome: &Outcome| *outcome == Outcome::DeviceRemoved;
        outcomes.iter().all(is_removed)
    }
}

async fn pause(looked: u64) {
    let pause_ms = looked * 1_000 / SWEEP_DEVICES_PER_SECOND;
    sleep(Duration::from_millis(pause_ms.max(1))).await;
}

/// Whether a device is to be unlinked, or still to be taken out of chats. A damaged row is not this sweep's affair.
fn is_due(row: &Row, seen_before_day: u32) -> bool {
    match Device::decode(&row.value) {
        Ok(device) => match device.state {
            DeviceState::Removed => false,
            DeviceState::Unlinked => true,
            DeviceState::Linking | DeviceState::Linked => device.last_seen_day < seen_before_day,
        },
        Err(_) => false,
    }
}
