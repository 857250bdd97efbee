//! What an operator chooses about the engine, and whether it makes sense.

use std::path::PathBuf;

use ringpost_storage_core::Rules;
use ringpost_storage_core::limits::{
    DEVICE_UNSEEN_DAYS, DEVICE_UNSEEN_DAYS_MAX, DEVICE_UNSEEN_DAYS_MIN,
};

use crate::error::OpenError;
use crate::limits;
use crate::subspace::Subspace;

/// Options of the store and of `Access`.
#[derive(Clone, Debug)]
pub struct Options {
    /// The cluster file; `None` for the one that `FDB_CLUSTER_FILE` names, or `/etc/foundationdb/fdb.cluster`.
    pub cluster_file: Option<PathBuf>,
    /// The node, a number of its own among all that use the database at the same time.
    pub node: u32,
    /// With what every key begins: 1 to 64 bytes, the first not 0xff.
    pub prefix: Vec<u8>,
    /// How long messages are kept.
    pub rules: Rules,
    /// Days after which a device that did not sign in is unlinked: 1 to 3,650.
    pub device_unseen_days: u32,
    /// Bytes of rows that each lane keeps in memory; over it, all are read again.
    pub lane_cache_bytes: usize,
    /// When the background work begins.
    pub sweep_delays: SweepDelays,
    /// The client library: the same for all stores of a process.
    pub client: ClientOptions,
}

/// How long after the start the background work begins, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepDelays {
    /// Of the sweep for retention.
    pub chats_ms: u64,
    /// Of the sweep for unseen devices: after a long stop of the servers its devices come back first.
    pub devices_ms: u64,
}

/// Options of the client library, which a process can start once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientOptions {
    /// Network threads, 1 to 64. More than one need `library`.
    pub threads: u32,
    /// A copy of the client library, loaded once a thread; it may be of a later version than the one linked.
    pub library: Option<PathBuf>,
    /// Folder for the library's trace files; `None` for none.
    pub trace_dir: Option<PathBuf>,
    /// Faults that the library makes by chance. For tests.
    pub faults: Option<ClientFaults>,
}

/// How often the library makes faults: each place of its code that can is chosen once a process, and then fails by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientFaults {
    /// Places that are chosen, in percent.
    pub places_percent: u8,
    /// How often a chosen place fails, in percent.
    pub fired_percent: u8,
}

impl Options {
    /// The defaults for a node.
    pub fn new(node: u32, rules: Rules) -> Self {
        Self {
            cluster_file: None,
            node,
            prefix: b"ringpost".to_vec(),
            rules,
            device_unseen_days: DEVICE_UNSEEN_DAYS,
            lane_cache_bytes: limits::LANE_CACHE_BYTES,
            sweep_delays: SweepDelays::default(),
            client: ClientOptions::default(),
        }
    }

    /// The space of the rows, when all options make sense.
    ///
    /// # Errors
    /// [`OpenError::Option`] names the first that does not.
    pub fn check(&self) -> Result<Subspace, OpenError> {
        let days = DEVICE_UNSEEN_DAYS_MIN..=DEVICE_UNSEEN_DAYS_MAX;
        let threads = 1..=limits::CLIENT_THREADS_MAX;
        let wrong = |option, what| OpenError::Option { option, what };
        if !days.contains(&self.device_unseen_days) {
            return Err(wrong("device_unseen_days", "must be 1 to 3650"));
        }
        if self.lane_cache_bytes < limits::LANE_CACHE_BYTES_MIN {
            return Err(wrong("lane_cache_bytes", "must be at least 65536"));
        }
        if !threads.contains(&self.client.threads) {
            return Err(wrong("client_threads", "must be 1 to 64"));
        }
        if self.client.threads > 1 && self.client.library.is_none() {
            return Err(wrong(
                "client_threads",
                "more than one need the path of the client library, which is loaded once a thread",
            ));
        }
        Subspace::new(&self.prefix).ok_or_else(|| {
            wrong(
                "prefix",
                "must have 1 to 64 bytes and not begin with the byte 255",
            )
        })
    }
}

impl Default for SweepDelays {
    fn default() -> Self {
        Self {
            chats_ms: limits::SWEEP_DELAY_MS,
            devices_ms: limits::SWEEP_DEVICES_DELAY_MS,
        }
    }
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            threads: 1,
            library: None,
            trace_dir: None,
            faults: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use ringpost_storage_core::Retention;

    use super::*;

    fn options() -> Options {
        Options::new(
            1,
            Rules {
                retention: Retention::UntilDelivered,
            },
        )
    }

    fn offence(options: &Options) -> &'static str {
        match options.check() {
            Err(OpenError::Option { option, .. }) => option,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_defaults_make_sense() {
        assert!(options().check().is_ok());
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let mut days = options();
        days.device_unseen_days = 0;
        assert_eq!(offence(&days), "device_unseen_days");
        let mut prefix = options();
        prefix.prefix = vec![0xff, 1];
        assert_eq!(offence(&prefix), "prefix");
        let mut threads = options();
        threads.client.threads = 2;
        assert_eq!(offence(&threads), "client_threads");
        threads.client.library = Some("libfdb_c.so".into());
        assert!(threads.check().is_ok());
        let mut cache = options();
        cache.lane_cache_bytes = 0;
        assert_eq!(offence(&cache), "lane_cache_bytes");
    }
}
