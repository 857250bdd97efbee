//! The preloaded faults of a node: what is wrong with its disk and its clock, changed at any moment through a file.
//!
//! The file holds the fields in their order, little-endian, then the part of a path; see `shim/faults.c`.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::{TrialError, failed};

/// Bytes of the file.
const CONTROL_BYTES: u64 = 256;
/// Where the part of a path is, and how long it may be with a zero at its end.
const PATH: std::ops::Range<u64> = 80..256;
/// As a count of failures: every one.
pub(super) const ALL: i64 = -1;
/// `EIO`.
pub(super) const EIO: i64 = 5;
/// `ENOSPC`.
pub(super) const ENOSPC: i64 = 28;

/// What can be set. Zero is all right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// Time that each write takes longer, in microseconds.
    WriteDelayUs,
    /// Time that each sync takes longer, in microseconds.
    SyncDelayUs,
    /// How many of the next writes fail.
    FailingWrites,
    /// With which error; with 0 only half is written.
    WriteErrno,
    /// How many of the next syncs fail.
    FailingSyncs,
    /// With which error.
    SyncErrno,
    /// By how much the clock is ahead, in nanoseconds.
    ClockOffsetNs,
    /// Where the clock stands, in nanoseconds since 1970.
    ClockStandsAtNs,
    /// Writes that were hit so far.
    HitWrites,
    /// Syncs that were hit so far.
    HitSyncs,
}

/// The faults of one node.
#[derive(Debug)]
pub(super) struct Faults {
    path: PathBuf,
    file: File,
}

impl Faults {
    /// No fault yet. The file is made beside the data.
    pub(super) fn new(folder: &Path) -> Result<Self, TrialError> {
        let path = folder.join("faults");
        let make = || {
            let mut options = File::options();
            let file = options
                .read(true)
                .write(true)
                .create_new(true)
                .open(&path)?;
            file.set_len(CONTROL_BYTES)?;
            Ok(file)
        };
        let file = make().map_err(failed("making the file of faults"))?;
        Ok(Self { path, file })
    }

    /// Puts a command under the faults, before whatever else it preloads.
    pub(super) fn dress(&self, mut command: Command) -> Command {
        let mut preload = OsString::from(env!("FAULTS_SHIM"));
        let others = command.get_envs().find(|(name, _)| *name == "LD_PRELOAD");
        if let Some((_, Some(others))) = others {
            preload.push(":");
            preload.push(others);
        }
        command
            .env("LD_PRELOAD", preload)
            .env("FAULTS_CONTROL", &self.path);
        command
    }

    /// Sets a field.
    pub(super) fn set(&self, field: Field, value: i64) -> Result<(), TrialError> {
        self.file
            .write_all_at(&value.to_le_bytes(), field as u64 * 8)
            .map_err(failed("setting a fault"))
    }

    /// The value of a field.
    pub(super) fn get(&self, field: Field) -> Result<i64, TrialError> {
        let mut bytes = [0; 8];
        self.file
            .read_exact_at(&mut bytes, field as u64 * 8)
            .map_err(failed("reading a fault"))?;
        Ok(i64::from_le_bytes(bytes))
    }

    /// Faults of the disk meet only files whose path holds `part`.
    pub(super) fn meet(&self, part: &str) -> Result<(), TrialError> {
        let mut bytes = vec![0; (PATH.end - PATH.start) as usize];
        assert!(part.len() < bytes.len(), "a short part of a path");
        bytes[..part.len()].copy_from_slice(part.as_bytes());
        self.file
            .write_all_at(&bytes, PATH.start)
            .map_err(failed("setting a fault"))
    }

    /// Everything is all right again.
    pub(super) fn clear(&self) -> Result<(), TrialError> {
        self.file
            .write_all_at(&[0; CONTROL_BYTES as usize], 0)
            .map_err(failed("setting a fault"))
    }
}
