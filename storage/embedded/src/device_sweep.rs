//! The sweep for unseen devices: walks all device rows slowly, unlinks those that did not sign in for too long, and takes
//! them out of their chats, a page a turn.
//!
//! Whatever stops it, a device that is unlinked and not yet out of all chats is found again by the next round.

use std::collections::VecDeque;

use ringpost_storage_core::key;
use ringpost_storage_core::limits::DAY_MS;
use ringpost_storage_core::outcome::Unlinking;
use ringpost_storage_core::row::{Device, DeviceState, Row as _};
use ringpost_storage_core::store::{Key, KeyRange, Row, Snapshot as _};
use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::{ChatId, DeviceAddress, UserId};

use crate::engine::Engine;
use crate::error::Fatal;
use crate::limits::{SWEEP_DEVICES_PER_SECOND, SWEEP_PAUSE_MS, SWEEP_STEP_DEVICES};

/// The sweep. Times are `due_ms` on the engine's clock and `wall_ms` since 1970.
#[derive(Debug)]
pub(crate) struct DeviceSweep {
    unseen_days: u32,
    /// The row after which the next step begins; `None` to begin a round.
    after: Option<Key>,
    /// Devices found, at most a step's; the first is being unlinked.
    found: VecDeque<DeviceAddress>,
    /// The chat after which the first one's next page begins.
    remove_after: Option<ChatId>,
    /// When the next turn is due.
    pub due_ms: u64,
}

/// What a turn did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Turn {
    /// Device rows looked at.
    pub rows: u64,
    /// Devices that are now out of all chats.
    pub unlinked: u64,
}

impl DeviceSweep {
    /// A sweep that begins at `due_ms`.
    pub fn new(unseen_days: u32, due_ms: u64) -> Self {
        Self {
            unseen_days,
            after: None,
            found: VecDeque::new(),
            remove_after: None,
            due_ms,
        }
    }

    /// Looks at the next few rows or, where a device was found, takes it out of its next few chats.
    pub fn turn(&mut self, engine: &mut Engine, wall_ms: u64) -> Result<Turn, Fatal> {
        let seen_before_day = self.seen_before_day(wall_ms);
        let (turn, work) = match self.found.front() {
            Some(&device) => self.unlink(engine, device, seen_before_day)?,
            None => self.look(engine, seen_before_day)?,
        };
        let is_round_over = self.found.is_empty() && self.after.is_none();
        let pause_ms = match is_round_over {
            true => SWEEP_PAUSE_MS,
            false => (work * 1_000 / SWEEP_DEVICES_PER_SECOND).max(1) as u64,
        };
        self.due_ms = engine.now_ms() + pause_ms;
        Ok(turn)
    }

    fn seen_before_day(&self, wall_ms: u64) -> u32 {
        let today = u32::try_from(wall_ms / DAY_MS).unwrap_or(u32::MAX);
        today.saturating_sub(self.unseen_days)
    }

    fn look(&mut self, engine: &Engine, seen_before_day: u32) -> Result<(Turn, usize), Fatal> {
        let view = engine.view();
        let Ok(page) = view.range(&self.rest(), SWEEP_STEP_DEVICES as u32, u32::MAX) else {
            return Err(view.into_failure().map_or(Fatal::Rules, Fatal::Tables));
        };
        self.after = page.rows.last().map(|row| row.key).filter(|_| page.more);
        for row in &page.rows {
            if is_due(row, seen_before_day)? {
                self.found.extend(key::device::decode(&row.key));
            }
        }
        let turn = Turn {
            rows: page.rows.len() as u64,
            unlinked: 0,
        };
        Ok((turn, page.rows.len()))
    }

    fn rest(&self) -> KeyRange {
        let first = |byte, device| DeviceAddress {
            user: UserId([byte; 16]),
            device,
        };
        KeyRange {
            begin: match self.after {
                Some(after) => after.next(),
                None => key::device::encode(first(0, 0)),
            },
            end: key::device::encode(first(0xff, u32::MAX)).next(),
        }
    }

    fn unlink(
        &mut self,
        engine: &mut Engine,
        device: DeviceAddress,
        seen_before_day: u32,
    ) -> Result<(Turn, usize), Fatal> {
        let unlink = Command::UnlinkDevice {
            device,
            seen_before_day,
            remove_after: self.remove_after,
        };
        let (chats, next) = match engine.run(&[unlink])?.pop() {
            Some(Outcome::Unlinking(Unlinking::Due { chats, next })) => (chats, next),
            // It came back since it was found.
            _ => {
                self.end_device();
                return Ok((Turn::default(), 1));
            }
        };
        let remove = |&chat| Command::RemoveDevice { chat, device };
        let mut commands: Vec<Command> = chats.iter().map(remove).collect();
        if next.is_none() {
            commands.push(Command::FinishUnlinking { device });
        }
        engine.run(&commands)?;
        self.remove_after = next;
        let mut turn = Turn::default();
        if next.is_none() {
            self.end_device();
            turn.unlinked = 1;
        }
        Ok((turn, chats.len()))
    }

    fn end_device(&mut self) {
        self.found.pop_front();
        self.remove_after = None;
    }
}

/// Whether a device is to be unlinked, or still to be taken out of chats.
fn is_due(row: &Row, seen_before_day: u32) -> Result<bool, Fatal> {
    let device = Device::decode(&row.value).map_err(|damage| Fatal::DamagedRow {
        key: row.key,
        what: damage.what,
    })?;
    Ok(match device.state {
        DeviceState::Removed => false,
        DeviceState::Unlinked => true,
        DeviceState::Linking | DeviceState::Linked => device.last_seen_day < seen_before_day,
    })
}
