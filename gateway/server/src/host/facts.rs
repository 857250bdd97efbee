//! What is known of a host, as plain numbers. `None` is not known, and is not judged.

/// A host as one process finds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Why the reactor cannot run on this kernel.
    pub kernel_refusal: Option<String>,
    /// The most files that the process may open (`RLIMIT_NOFILE`, hard).
    pub open_files: Option<u64>,
    /// Bytes that it may lock in memory (`RLIMIT_MEMLOCK`).
    pub locked_bytes: Option<u64>,
    /// The most processes and threads (`pids.max` of the control group).
    pub threads: Option<u64>,
    /// `net.core.somaxconn`.
    pub accept_backlog: Option<u64>,
    /// `net.ipv4.tcp_max_syn_backlog`.
    pub syn_backlog: Option<u64>,
    /// The second number of `net.ipv4.tcp_mem`, in pages of 4 KiB: from here on the kernel saves memory.
    pub tcp_pressure_pages: Option<u64>,
    /// `net.ipv4.tcp_ehash_entries`, without its sign.
    pub established_buckets: Option<u64>,
    /// `net.netfilter.nf_conntrack_max`, where connections are tracked.
    pub tracked_connections: Option<u64>,
    /// `vm.overcommit_memory`.
    pub overcommit: Option<u64>,
    /// `vm.max_map_count`.
    pub memory_maps: Option<u64>,
    /// Memory of the machine or of the control group, whichever is less, in bytes.
    pub memory_bytes: Option<u64>,
    /// Free space of the data directory's file system, in bytes.
    pub disk_free_bytes: Option<u64>,
    /// The data directory is in memory.
    pub is_disk_memory: bool,
    /// Whether the kernel says that the clock follows another.
    pub is_clock_synchronised: Option<bool>,
}
