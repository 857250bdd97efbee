//! Batches of appends decided over the overlay; the store is a map that keeps nothing but the chats.

use ringpost_storage_core::{Command, Executed, Outcome};

use crate::Benchmark;
use crate::frames::PAYLOAD_BYTES;
use crate::map_store::MapStore;
use crate::pairs::Pairs;

const CLIENTS: usize = 256;

/// Batches of one size over one state of the store.
struct Sequencer {
    store: MapStore,
    pairs: Pairs,
    batch_appends: usize,
    batches: Vec<Vec<Command>>,
    executed: Vec<Executed>,
}

impl Sequencer {
    /// As many batches as leave each client one append at most, or one that needs more.
    fn batches_a_lap(&self) -> usize {
        (CLIENTS / 2 / self.batch_appends).max(1)
    }

    fn batch(&mut self, number: usize) -> Vec<Command> {
        let first = number * self.batch_appends;
        // One client of each pair first: batches of a lap do not know of one another.
        let client = |append: usize| append * 2 % CLIENTS + append * 2 / CLIENTS % 2;
        (first..first + self.batch_appends)
            .map(|append| self.pairs.append(client(append), PAYLOAD_BYTES))
            .collect()
    }
}

impl Benchmark for Sequencer {
    fn operations(&self) -> u64 {
        (self.batches_a_lap() * self.batch_appends) as u64
    }

    fn prepare(&mut self) {
        for executed in self.executed.drain(..) {
            self.store.apply(executed.writes);
        }
        self.store.run(&self.pairs.acknowledgements());
        self.pairs.answered();
        let batches = 0..self.batches_a_lap();
        self.batches = batches.map(|number| self.batch(number)).collect();
    }

    fn lap(&mut self) {
        for batch in &self.batches {
            self.executed.push(self.store.execute(batch));
        }
    }

    fn check(&self) {
        assert_eq!(self.executed.len(), self.batches.len());
        for executed in &self.executed {
            assert_eq!(executed.outcomes.len(), self.batch_appends, "one batch");
            for outcome in &executed.outcomes {
                let Outcome::Appended(appended) = outcome else {
                    panic!("{outcome:?}");
                };
                assert!(appended.delivery.is_some(), "{appended:?}");
            }
        }
    }
}

fn sequencer(batch_appends: usize) -> Box<dyn Benchmark> {
    let pairs = Pairs::new(CLIENTS);
    let mut store = MapStore::default();
    store.run(&pairs.beginning());
    Box::new(Sequencer {
        store,
        pairs,
        batch_appends,
        batches: Vec::new(),
        executed: Vec::with_capacity(CLIENTS),
    })
}

pub(crate) fn of_1() -> Box<dyn Benchmark> {
    sequencer(1)
}

pub(crate) fn of_100() -> Box<dyn Benchmark> {
    sequencer(100)
}

pub(crate) fn of_500() -> Box<dyn Benchmark> {
    sequencer(500)
}
