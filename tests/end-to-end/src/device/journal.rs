//! What a client device keeps over its crashes: the SDK's records, written and read as bytes, in the memory of the test.
//!
//! Invariant: what `recover` gives was rebuilt from encoded records alone, so nothing of a dead machine lives on.

use ringpost_client_core::{Record, State};

/// The durable state of a device.
#[derive(Debug, Default)]
pub struct Journal {
    records: Vec<Vec<u8>>,
    state: State,
}

/// Records after which the journal is rewritten as a snapshot.
const RECORDS_MAX: usize = 4_096;

impl Journal {
    /// Keeps one record.
    ///
    /// # Panics
    /// The record does not fit those before it: a defect of the SDK.
    pub fn append(&mut self, record: &Record) {
        let fits = self.state.apply(record);
        assert!(fits.is_ok(), "the SDK makes records that fit its state");
        self.records.push(encoded(record));
        if self.records.len() > RECORDS_MAX {
            self.records = self
                .state
                .snapshot()
                .map(|record| encoded(&record))
                .collect();
        }
    }

    /// The state as a client that starts again finds it.
    ///
    /// # Panics
    /// The bytes are not what was appended: a defect of the SDK's encoding.
    pub fn recover(&self) -> State {
        let mut state = State::default();
        for bytes in &self.records {
            let record = Record::decode(bytes);
            let fits = record.is_ok_and(|record| state.apply(&record).is_ok());
            assert!(fits, "records are read as they were written");
        }
        state
    }
}

fn encoded(record: &Record) -> Vec<u8> {
    let mut bytes = Vec::new();
    record.encode(&mut bytes);
    bytes
}
