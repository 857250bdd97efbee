//! A control group of the memory controller, version 1 or 2, for one process. It is removed when dropped.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the controller is, with its files for the limit and the use.
const CONTROLLERS: [(&str, &str, &str); 2] = [
    (
        "/sys/fs/cgroup/memory",
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
    ),
    ("/sys/fs/cgroup", "memory.max", "memory.current"),
];

/// A group of its own.
pub(super) struct MemoryGroup {
    folder: PathBuf,
    limit: &'static str,
    used: &'static str,
}

impl MemoryGroup {
    /// `None` where the system gives none.
    pub(super) fn new() -> Option<Self> {
        CONTROLLERS.iter().find_map(|(root, limit, used)| {
            let folder = Path::new(root).join(format!("ringpost-faults-{}", std::process::id()));
            fs::create_dir(&folder).ok()?;
            let group = Self {
                folder,
                limit,
                used,
            };
            // Dropped, and with it removed, where the controller is not this one's.
            group.folder.join(limit).exists().then_some(group)
        })
    }

    /// What starts a program in it.
    pub(super) fn wrapper(&self) -> Vec<String> {
        let script = "echo $$ > \"$0\" && exec \"$@\"";
        let processes = self.folder.join("cgroup.procs").display().to_string();
        ["sh", "-c", script, &processes].map(str::to_owned).into()
    }

    /// Bytes that its processes use.
    pub(super) fn used_bytes(&self) -> u64 {
        let text = fs::read_to_string(self.folder.join(self.used)).unwrap_or_default();
        text.trim().parse().unwrap_or(0)
    }

    /// Limits them; where more is used than can be taken back, the old limit stays.
    pub(super) fn limit(&self, bytes: u64) {
        // The next, lower use is tried again.
        let _ = fs::write(self.folder.join(self.limit), bytes.to_string());
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        // Its process has ended; the kernel may take a moment to see that.
        for _ in 0..100 {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            std::thread::park_timeout(std::time::Duration::from_millis(20));
        }
    }
}
