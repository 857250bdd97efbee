//! What a configuration asks of its host.

use crate::configuration::Settings;

/// Sockets beside those of sessions: accepts in flight and closing ones.
pub const SPARE_SLOTS: u32 = 256;
/// Open files of the process beside the rings of its cores: the store's, HTTP's, listeners.
const OPEN_FILES_SPARE: u64 = 256;
/// Connections that may wait for each core to accept them.
const ACCEPT_BACKLOG: u64 = 4_096;
/// Threads beside those of cores: the store's, its mergers, HTTP's and its helpers.
const THREADS_SPARE: u64 = 64;
/// Memory maps of one ring: its two queues, its entries, its buffers.
const MAPS_PER_RING: u64 = 8;
/// Memory maps of the process beside rings: program, threads, allocator, store.
const MAPS_SPARE: u64 = 4_096;
/// Memory that a session takes: the node's state of it, and the kernel's of its socket.
const SESSION_BYTES: u64 = 4 * 1024;
/// Memory that a core may use for queues, batches and partial frames.
const CORE_BYTES: u64 = 128 * 1024 * 1024;
/// Memory of the process beside all that.
const BASE_BYTES: u64 = 64 * 1024 * 1024;
/// Least free space on the disk: the log, tables and their merging.
const DISK_BYTES_MIN: u64 = 1 << 30;

/// What is needed, in the units of `Facts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Sessions of the whole node.
    pub sessions: u64,
    /// Core threads.
    pub cores: u64,
    /// Sessions and other sockets of one core.
    pub slots_per_core: u64,
    /// Bytes of the store's overlay.
    pub overlay_bytes: u64,
}

impl Demand {
    /// What `settings` ask for on so many core threads.
    pub fn of(settings: &Settings, cores: usize) -> Self {
        let sessions = u64::from(settings.limits.sessions_per_core);
        Self {
            sessions: sessions * cores as u64,
            cores: cores as u64,
            slots_per_core: sessions + u64::from(SPARE_SLOTS),
            overlay_bytes: settings.store.overlay_mib as u64 * 1024 * 1024,
        }
    }

    /// Rings of one core, whose tables hold at most as many sockets as the process may open files.
    pub(super) fn rings_per_core(&self, open_files: u64) -> u64 {
        self.slots_per_core.div_ceil(open_files.max(1))
    }

    /// Whether all rings, each an open file itself, fit into the limit. With one ring a core nothing is opened later.
    pub(super) fn fits_open_files(&self, open_files: u64) -> bool {
        let rings = self.rings_per_core(open_files);
        rings == 1 || rings * self.cores + OPEN_FILES_SPARE <= open_files
    }

    /// Least limit of open files into which all rings fit.
    pub(super) fn open_files_min(&self) -> u64 {
        let fits = |open_files: &u64| self.fits_open_files(*open_files);
        let doubled = std::iter::successors(Some(1_024), |limit: &u64| limit.checked_mul(2));
        doubled.into_iter().find(fits).unwrap_or(u64::MAX)
    }

    pub(super) fn threads(&self) -> u64 {
        self.cores + THREADS_SPARE
    }

    pub(super) fn accept_backlog(&self) -> u64 {
        ACCEPT_BACKLOG.min(self.slots_per_core)
    }

    pub(super) fn memory_maps(&self, open_files: u64) -> u64 {
        self.rings_per_core(open_files) * self.cores * MAPS_PER_RING + MAPS_SPARE
    }

    pub(super) fn memory_bytes(&self) -> u64 {
        let sessions = self.sessions * SESSION_BYTES;
        BASE_BYTES + self.cores * CORE_BYTES + 2 * self.overlay_bytes + sessions
    }

    pub(super) fn disk_bytes(&self) -> u64 {
        DISK_BYTES_MIN.max(4 * self.overlay_bytes)
    }
}
