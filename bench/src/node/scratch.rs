//! Where a node's fresh data directory goes: beside the build, or the temporary folder, but on a disk if there is any.
//!
//! On a file system in memory a sync costs nothing, and every figure would be too good.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// File systems that keep files in memory.
const IN_MEMORY: [&str; 2] = ["tmpfs", "ramfs"];

/// A new folder, removed when dropped.
pub(super) fn scratch_folder() -> io::Result<TempDir> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let candidates = candidates();
    let on_disk = |folder: &&PathBuf| !is_in_memory(folder, &mounts);
    let mut builder = tempfile::Builder::new();
    builder.prefix("ringpost-bench-");
    let attempts = candidates.iter().filter(on_disk).chain(&candidates);
    let mut failure = io::Error::from(io::ErrorKind::NotFound);
    for folder in attempts {
        match builder.tempdir_in(folder) {
            Ok(made) => return Ok(made),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn candidates() -> Vec<PathBuf> {
    let beside = env::current_exe().ok();
    let target = beside
        .as_deref()
        .and_then(|own| {
            own.ancestors()
                .find(|folder| folder.join("CACHEDIR.TAG").exists())
        })
        .map(Path::to_owned);
    [
        target,
        Some(env::temp_dir()),
        Some(PathBuf::from("/var/tmp")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether the mount that holds `folder` keeps its files in memory. `mounts` is the kernel's table of mounts.
fn is_in_memory(folder: &Path, mounts: &str) -> bool {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let holding = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        let (point, kind) = (words.next()?, words.next()?);
        folder.starts_with(point).then_some((point.len(), kind))
    });
    // Of two mounts on one point the later one hides the other: the last of equals is the greatest.
    let kind = holding.max_by_key(|(length, _)| *length);
    kind.is_some_and(|(_, kind)| IN_MEMORY.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "/dev/a / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/b /tmp/disk xfs rw 0 0\n\
        /dev/c /mem ext4 rw 0 0\nnone /mem ramfs rw 0 0\n";

    #[test]
    fn the_nearest_and_latest_mount_decides() {
        for (folder, expected) in [
            ("/var/tmp", false),
            ("/tmp/x", true),
            ("/tmp/disk/y", false),
            ("/tmpfile", false),
            ("/mem", true),
        ] {
            assert_eq!(
                is_in_memory(Path::new(folder), MOUNTS),
                expected,
                "{folder}"
            );
        }
    }

    #[test]
    fn a_folder_is_made_and_removed() {
        let folder = scratch_folder().unwrap();
        let path = folder.path().to_owned();
        assert!(path.is_dir());
        drop(folder);
        assert!(!path.exists());
    }
}
