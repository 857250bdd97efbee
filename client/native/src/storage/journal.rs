//! A storage in a folder: an append-only file of records, synced before what needs them, written anew when it grew long.
//!
//! Files: `journal`, `journal.new` while it is written anew, `lock`. What was not synced may be torn anywhere, and is cut at opening from
//! there on; damage to what was synced before the last write is refused. A failed sync is final: what the system holds then is unknown.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ringpost_client_core::{Effect, State};

use super::Storage;
use super::entry::{self, Entry, HEADER};
use crate::error::StorageError;
use crate::limits::{COMPACT_BYTES_MIN, COMPACT_GROWTH};

/// Keeps a client's state in a folder of its own.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    file: File,
    state: State,
    bytes: u64,
    snapshot_bytes: u64,
    is_dirty: bool,
    /// Holds the folder's lock until it is dropped.
    _lock: File,
}

fn system(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StorageError + use<> {
    let path = path.to_owned();
    move |source| StorageError::System { what, path, source }
}

impl Journal {
    /// Opens the journal in `folder`, or makes one.
    ///
    /// # Errors
    /// The folder is in use, cannot be read or written, or its journal is of another version or damaged.
    pub fn open(folder: &Path) -> Result<Self, StorageError> {
        std::fs::create_dir_all(folder).map_err(system("create", folder))?;
        let lock = lock(folder)?;
        let path = folder.join("journal");
        let is_new = !path.try_exists().map_err(system("look for", &path))?;
        if is_new {
            write_snapshot(folder, &State::default())?;
        }
        let mut file = open_file(&path)?;
        let mut content = Vec::new();
        file.read_to_end(&mut content)
            .map_err(system("read", &path))?;
        let (state, valid_bytes) = replay(&path, &content)?;
        if valid_bytes < content.len() as u64 {
            file.set_len(valid_bytes).map_err(system("cut", &path))?;
            file.sync_all().map_err(system("sync", &path))?;
        }
        file.seek(SeekFrom::End(0)).map_err(system("seek", &path))?;
        Ok(Self {
            folder: folder.to_owned(),
            file,
            state,
            bytes: valid_bytes,
            snapshot_bytes: 0,
            // A killed client may have left what was never synced.
            is_dirty: true,
            _lock: lock,
        })
    }

    fn path(&self) -> PathBuf {
        self.folder.join("journal")
    }

    fn is_long(&self) -> bool {
        self.bytes > COMPACT_BYTES_MIN && self.bytes > self.snapshot_bytes * COMPACT_GROWTH
    }

    /// Writes the journal anew, as short as its state allows.
    fn compact(&mut self) -> Result<(), StorageError> {
        self.snapshot_bytes = write_snapshot(&self.folder, &self.state)?;
        self.bytes = self.snapshot_bytes;
        self.file = open_file(&self.path())?;
        self.is_dirty = false;
        let end = self.file.seek(SeekFrom::End(0));
        end.map(drop).map_err(system("seek", &self.path()))
    }
}

impl Storage for Journal {
    fn state(&self) -> State {
        self.state.clone()
    }

    fn append(&mut self, effects: &[Effect], durable: bool) -> Result<(), StorageError> {
        let mut bytes = Vec::new();
        for effect in effects {
            let Effect::Persist(record) = effect else {
                continue;
            };
            let is_applied = self.state.apply(record).is_ok();
            assert!(
                is_applied,
                "records come in the order in which they were made"
            );
            let follows_sync = bytes.is_empty() && !self.is_dirty;
            entry::encode(record, follows_sync, &mut bytes);
        }
        if !bytes.is_empty() {
            self.file
                .write_all(&bytes)
                .map_err(system("write", &self.path()))?;
            self.bytes += bytes.len() as u64;
            self.is_dirty = true;
        }
        if self.is_long() {
            self.compact()?;
        }
        if durable && self.is_dirty {
            self.file
                .sync_data()
                .map_err(system("sync", &self.path()))?;
            self.is_dirty = false;
        }
        Ok(())
    }

    fn blocks(&self) -> bool {
        true
    }
}

fn lock(folder: &Path) -> Result<File, StorageError> {
    let path = folder.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(system("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StorageError::InUse(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(system("lock", &path)(source)),
    }
}

fn open_file(path: &Path) -> Result<File, StorageError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(system("open", path))
}

/// Writes `state` beside the journal, makes it durable and puts it in the journal's place. Answers its length in bytes.
fn write_snapshot(folder: &Path, state: &State) -> Result<u64, StorageError> {
    let mut bytes = HEADER.to_vec();
    for record in state.snapshot() {
        entry::encode(&record, true, &mut bytes);
    }
    let new = folder.join("journal.new");
    let mut file = File::create(&new).map_err(system("create", &new))?;
    file.write_all(&bytes).map_err(system("write", &new))?;
    file.sync_all().map_err(system("sync", &new))?;
    let path = folder.join("journal");
    std::fs::rename(&new, &path).map_err(system("rename to", &path))?;
    let directory = File::open(folder).map_err(system("open", folder))?;
    directory.sync_all().map_err(system("sync", folder))?;
    Ok(bytes.len() as u64)
}

/// Rebuilds the state. Answers it with the length of the valid part.
fn replay(path: &Path, content: &[u8]) -> Result<(State, u64), StorageError> {
    let Some(mut rest) = content.strip_prefix(HEADER) else {
        return Err(StorageError::OtherVersion(path.to_owned()));
    };
    let mut state = State::default();
    loop {
        let offset = (content.len() - rest.len()) as u64;
        let damaged = || StorageError::Damaged {
            path: path.to_owned(),
            offset,
        };
        match entry::decode(rest) {
            Entry::End => return Ok((state, offset)),
            Entry::Whole { record, after, .. } => {
                state.apply(&record).map_err(|_| damaged())?;
                rest = after;
            }
            Entry::Broken if entry::was_synced(rest) => return Err(damaged()),
            Entry::Broken => return Ok((state, offset)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringpost_client_core::{OutboxEntry, Record};
    use ringpost_wire::{ChatId, ContentClass};

    const CHAT: ChatId = ChatId([4; 16]);

    fn accepted(client_seq: u64, payload_bytes: usize) -> Effect {
        let entry = OutboxEntry {
            client_seq,
            message_id: client_seq,
            floor: 0,
            device_epoch: 0,
            content_class: ContentClass::Visible,
            payload: vec![7; payload_bytes].into(),
        };
        Effect::Persist(Record::Accepted { chat: CHAT, entry })
    }

    fn settled(client_seq: u64) -> Effect {
        Effect::Persist(Record::Settled {
            chat: CHAT,
            client_seq,
            seq: client_seq,
        })
    }

    fn filled(folder: &Path, count: u64) -> State {
        let mut journal = Journal::open(folder).unwrap();
        for client_seq in 1..=count {
            journal.append(&[accepted(client_seq, 10)], true).unwrap();
        }
        journal.state()
    }

    #[test]
    fn what_was_appended_is_there_again() {
        let folder = tempfile::tempdir().unwrap();
        let state = filled(folder.path(), 5);
        assert_eq!(state.outbox_messages(), 5);
        assert_eq!(Journal::open(folder.path()).unwrap().state(), state);
    }

    #[test]
    fn a_torn_last_write_is_cut_wherever_it_tore() {
        let folder = tempfile::tempdir().unwrap();
        let before = filled(folder.path(), 2);
        let path = folder.path().join("journal");
        let whole_bytes = std::fs::metadata(&path).unwrap().len();
        let mut journal = Journal::open(folder.path()).unwrap();
        journal.append(&[accepted(3, 10)], true).unwrap();
        drop(journal);
        let content = std::fs::read(&path).unwrap();
        for length in whole_bytes as usize..content.len() {
            std::fs::write(&path, &content[..length]).unwrap();
            let journal = Journal::open(folder.path()).unwrap();
            assert_eq!(journal.state(), before);
            drop(journal);
            assert_eq!(std::fs::metadata(&path).unwrap().len(), whole_bytes);
        }
    }

    #[test]
    fn a_tail_of_zeros_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let before = filled(folder.path(), 2);
        let path = folder.path().join("journal");
        let mut content = std::fs::read(&path).unwrap();
        content.extend_from_slice(&[0; 100]);
        std::fs::write(&path, &content).unwrap();
        assert_eq!(Journal::open(folder.path()).unwrap().state(), before);
    }

    #[test]
    fn damage_before_the_end_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path(), 4);
        let path = folder.path().join("journal");
        let mut content = std::fs::read(&path).unwrap();
        content[HEADER.len() + 30] ^= 1;
        std::fs::write(&path, &content).unwrap();
        let error = Journal::open(folder.path()).unwrap_err();
        assert!(
            matches!(error, StorageError::Damaged { offset: 16, .. }),
            "{error}"
        );
    }

    #[test]
    fn what_was_not_synced_may_be_torn_anywhere() {
        let folder = tempfile::tempdir().unwrap();
        let before = filled(folder.path(), 2);
        let path = folder.path().join("journal");
        let synced_bytes = std::fs::metadata(&path).unwrap().len() as usize;
        let mut journal = Journal::open(folder.path()).unwrap();
        let batch = [accepted(3, 10), accepted(4, 10), accepted(5, 10)];
        journal.append(&batch, false).unwrap();
        journal.append(&[accepted(6, 10)], false).unwrap();
        drop(journal);
        let mut content = std::fs::read(&path).unwrap();
        content[synced_bytes + 20] ^= 1;
        std::fs::write(&path, &content).unwrap();
        assert_eq!(Journal::open(folder.path()).unwrap().state(), before);
        assert_eq!(
            std::fs::metadata(&path).unwrap().len() as usize,
            synced_bytes
        );
    }

    #[test]
    fn any_damaged_byte_before_the_last_sync_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path(), 3);
        let path = folder.path().join("journal");
        let last_bytes = std::fs::metadata(&path).unwrap().len() as usize;
        let mut journal = Journal::open(folder.path()).unwrap();
        journal.append(&[accepted(4, 10)], true).unwrap();
        journal.append(&[accepted(5, 10)], true).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        for at in HEADER.len()..last_bytes {
            let mut content = whole.clone();
            content[at] ^= 4;
            std::fs::write(&path, &content).unwrap();
            let error = Journal::open(folder.path()).unwrap_err();
            assert!(
                matches!(error, StorageError::Damaged { .. }),
                "{at}: {error}"
            );
        }
    }

    #[test]
    fn a_folder_has_one_user_and_one_format() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        let error = Journal::open(folder.path()).unwrap_err();
        assert!(matches!(error, StorageError::InUse(_)), "{error}");
        drop(journal);
        std::fs::write(folder.path().join("journal"), b"something else entirely").unwrap();
        let error = Journal::open(folder.path()).unwrap_err();
        assert!(matches!(error, StorageError::OtherVersion(_)), "{error}");
    }

    #[test]
    fn a_long_journal_is_written_anew_and_keeps_its_state() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        for client_seq in 1..=200 {
            let effects = [accepted(client_seq, 20_000), settled(client_seq)];
            journal.append(&effects, false).unwrap();
        }
        journal.append(&[accepted(201, 10)], true).unwrap();
        let state = journal.state();
        drop(journal);
        let path = folder.path().join("journal");
        assert!(std::fs::metadata(&path).unwrap().len() < 2 * COMPACT_BYTES_MIN);
        assert!(!folder.path().join("journal.new").exists());
        let journal = Journal::open(folder.path()).unwrap();
        assert_eq!(journal.state(), state);
        assert_eq!(journal.state().outbox_messages(), 1);
    }
}
