//! Everybody of a load comes back without a memory of its own, and keeps what the node still has to hand on.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ringpost_wire::DeviceAddress;

use super::error::TrialError;
use crate::load::{Fleet, Kept, LoadPlan};
use crate::{NodeProcess, Place, Tokens};

/// Without anything to expect, reading is over when nothing came for so long.
const QUIET: Duration = Duration::from_millis(700);
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// What each device was handed, and what it heard that must not be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    kept: BTreeMap<DeviceAddress, Vec<Kept>>,
    oddities: Vec<String>,
}

impl Reading {
    /// Messages of all devices.
    pub(super) fn messages(&self) -> usize {
        self.kept.values().map(Vec::len).sum()
    }

    /// The first thing that is not in `whole`, in words.
    pub(super) fn first_apart_from(&self, whole: &Self) -> Option<String> {
        let nothing = Vec::new();
        for (device, kept) in &self.kept {
            let wanted = whole.kept.get(device).unwrap_or(&nothing);
            let apart = kept.iter().find(|kept| !wanted.contains(kept));
            if let Some(apart) = apart {
                return Some(format!("device of {} got {apart:?}", device.user));
            }
        }
        self.oddities.first().cloned()
    }
}

/// Reads until all of `wanted` is there, nothing comes any more, the node has ended, or the time is over.
pub(super) fn read_all(
    load: &LoadPlan,
    place: &Place,
    node: &mut NodeProcess,
    (wanted, timeout): (Option<&Reading>, Duration),
) -> Result<Reading, TrialError> {
    let plan = LoadPlan {
        crash_one_in: 0,
        ..load.clone()
    };
    let tokens = Tokens::of(&place.data())?;
    let fleet = Fleet::start(&plan, place.native(), &tokens);
    let end = Instant::now() + timeout;
    let mut moved = (Instant::now(), 0);
    while Instant::now() < end && node.is_running() {
        let totals = fleet.totals();
        if totals.kept != moved.1 {
            moved = (Instant::now(), totals.kept);
        }
        let is_live = totals.live == totals.devices;
        let is_over = match wanted {
            Some(wanted) => totals.kept >= wanted.messages() as u64,
            None => totals.kept > 0 && moved.0.elapsed() > QUIET,
        };
        if is_live && is_over {
            break;
        }
        fleet.rest(LOOK);
    }
    let mut reading = Reading::default();
    for log in fleet.finish() {
        reading.oddities.extend(log.oddities);
        reading.kept.insert(log.device, log.kept);
    }
    Ok(reading)
}
