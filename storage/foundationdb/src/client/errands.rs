//! The way of background work to the lanes: each command goes to the lane that is home of its shard, and waits its turn.

use std::collections::{BTreeMap, BTreeSet};

use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::{ErrorCode, ShardId};
use tokio::sync::{mpsc, oneshot};

use super::intake::Errand;

/// Which lane runs what.
#[derive(Debug)]
pub struct Errands {
    lanes: Vec<mpsc::Sender<Errand>>,
    homes: BTreeMap<ShardId, usize>,
}

impl Errands {
    /// Of lanes and the shards that each is home of.
    pub fn new(lanes: Vec<(mpsc::Sender<Errand>, BTreeSet<ShardId>)>) -> Self {
        let (lanes, homes): (Vec<_>, Vec<_>) = lanes.into_iter().unzip();
        let homes = homes.into_iter().enumerate();
        let homes = homes.flat_map(|(lane, homes)| homes.into_iter().map(move |home| (home, lane)));
        Self {
            lanes,
            homes: homes.collect(),
        }
    }

    /// All shards that the lanes are home of.
    pub fn shards(&self) -> BTreeSet<ShardId> {
        self.homes.keys().copied().collect()
    }

    /// Runs commands: one outcome each, in order; `Unavailable` for those of shards that are elsewhere.
    pub async fn run(&self, commands: &[Command]) -> Vec<Outcome> {
        let mut outcomes: Vec<Outcome> = commands
            .iter()
            .map(|command| command.refused(ErrorCode::Unavailable))
            .collect();
        let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, command) in commands.iter().enumerate() {
            if let Some(lane) = self.homes.get(&command.home()) {
                parts.entry(*lane).or_default().push(place);
            }
        }
        for (lane, places) in parts {
            let part = places.iter().map(|place| commands[*place].clone());
            let answers = self.run_on(lane, part.collect()).await;
            for (place, outcome) in places.into_iter().zip(answers) {
                outcomes[place] = outcome;
            }
        }
        outcomes
    }

    /// Nothing when the lane has ended.
    async fn run_on(&self, lane: usize, commands: Vec<Command>) -> Vec<Outcome> {
        let (answer, outcomes) = oneshot::channel();
        let sent = self.lanes[lane].send(Errand { commands, answer }).await;
        match sent {
            Ok(()) => outcomes.await.unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }
}
