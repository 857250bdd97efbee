//! Tells a database from one that was set back to a copy: by where the file lies, and by the lock file beside it, which has a random
//! mark and a time of its last change that no program can set.
//!
//! The place last kept stands in the file. `Standing` says when it is kept anew, and which set-backs show. A file that was only moved,
//! or a lock file that was only touched (`chown`, restored attributes), shows as one too: it costs one read a chat.

use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

use ringpost_client_core::Effect;
use rusqlite::Connection;

use super::limits::MARK_AGE_MAX;

const MARK_BYTES: usize = 16;

/// Whether the file stands where its client left it.
///
/// The mark is new before the first record that an opened database keeps, and before later ones once it is old, so a copy shows if a
/// record was kept since by a later opening, or longer than `MARK_AGE_MAX` after it was made:
/// - of the file alone, wherever it is put: the lock file has a later mark, or none;
/// - of the file with its lock file, written over them in place: the lock file's time is another;
/// - of all files elsewhere, or moved to their place: the file's numbers are others.
///
/// What does not show: a disk or volume that is set back as a whole; the file alone, written over in place with a copy that was made
/// while it was open and since its last mark; and, where the system does not tell when a file changed (outside of Unix), a file and
/// its lock file that are both written over in place. There the session shows it, by what the server has (`Effect::SetBack`).
///
/// Once it shows, the file keeps no place until the client has everything, so that it shows again after any end before that.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    /// The file is older than what its client did.
    pub(super) is_set_back: bool,
    /// A place was never kept in it, and no client has used it.
    pub(super) is_unused: bool,
    /// The file keeps no place.
    is_cleared: bool,
    /// When the present mark was made.
    marked: Option<Instant>,
}

/// What becomes of the place in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It stays.
    Stay,
    /// None is kept any more.
    Clear,
    /// The present one is kept, with a new mark.
    Renew,
}

impl Standing {
    /// How the file with this place stands when it is opened.
    pub(super) fn of(connection: &Connection, place: &[u8]) -> rusqlite::Result<Self> {
        connection.query_row("SELECT owner_user, place FROM meta", [], |row| {
            let (owner, kept): (Option<Vec<u8>>, Option<Vec<u8>>) = (row.get(0)?, row.get(1)?);
            let is_unused = owner.is_none() && kept.is_none();
            Ok(Self {
                is_set_back: !is_unused && kept.as_deref() != Some(place),
                is_unused,
                is_cleared: kept.is_none(),
                marked: None,
            })
        })
    }

    /// Whether the file is set back after the effects.
    fn is_set_back_after(&self, effects: &[Effect]) -> bool {
        effects
            .iter()
            .fold(self.is_set_back, |before, effect| match effect {
                Effect::SetBack => true,
                Effect::CaughtUp => false,
                _ => before,
            })
    }

    /// What becomes of the place with the effects.
    pub(super) fn step(&self, effects: &[Effect], now: Instant) -> Step {
        if self.is_set_back_after(effects) {
            return match self.is_cleared {
                true => Step::Stay,
                false => Step::Clear,
            };
        }
        let is_record = |effect: &Effect| matches!(effect, Effect::Persist(_));
        let is_old = |marked| now.duration_since(marked) >= MARK_AGE_MAX;
        let is_due = effects.iter().any(is_record) && self.marked.is_none_or(is_old);
        match self.is_set_back || is_due {
            true => Step::Renew,
            false => Step::Stay,
        }
    }

    /// The effects are kept, and the step is done.
    pub(super) fn stepped(&mut self, step: Step, effects: &[Effect], now: Instant) {
        self.is_set_back = self.is_set_back_after(effects);
        match step {
            Step::Stay => {}
            Step::Clear => self.is_cleared = true,
            Step::Renew => (self.is_cleared, self.marked) = (false, Some(now)),
        }
    }
}

/// Keeps the place in the file, or none.
pub(super) fn keep(connection: &Connection, place: Option<&[u8]>) -> rusqlite::Result<()> {
    connection
        .execute("UPDATE meta SET place = ?1", [place])
        .map(drop)
}

/// The place of the file at `path`, with the mark of its lock file.
pub(super) fn read(path: &Path, lock: &mut File) -> std::io::Result<Vec<u8>> {
    let mut mark = Vec::new();
    lock.seek(SeekFrom::Start(0))?;
    lock.take(MARK_BYTES as u64).read_to_end(&mut mark)?;
    place(path, lock, mark)
}

/// The place of the file at `path`, with a new mark in its lock file. The mark is durable before its place can be.
pub(super) fn renew(path: &Path, lock: &mut File) -> std::io::Result<Vec<u8>> {
    let mark: [u8; MARK_BYTES] = rand::random();
    lock.seek(SeekFrom::Start(0))?;
    lock.write_all(&mark)?;
    lock.sync_all()?;
    place(path, lock, mark.to_vec())
}

fn place(path: &Path, lock: &File, mark: Vec<u8>) -> std::io::Result<Vec<u8>> {
    let metadata = std::fs::metadata(path)?;
    let mut place = mark;
    // Not every file system knows when a file was made.
    let made = metadata.created().ok();
    let made = made.and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
    let made_ns = made.map_or(0, |made| made.as_nanos());
    place.extend_from_slice(&made_ns.to_le_bytes());
    for number in numbers(&metadata, &lock.metadata()?) {
        place.extend_from_slice(&number.to_le_bytes());
    }
    Ok(place)
}

/// Which file it is, and when the lock file was changed last.
#[cfg(unix)]
fn numbers(file: &Metadata, lock: &Metadata) -> [u64; 4] {
    use std::os::unix::fs::MetadataExt;
    let changed = [lock.ctime(), lock.ctime_nsec()].map(i64::cast_unsigned);
    [file.dev(), file.ino(), changed[0], changed[1]]
}

#[cfg(not(unix))]
fn numbers(_file: &Metadata, _lock: &Metadata) -> [u64; 4] {
    [0; 4]
}
