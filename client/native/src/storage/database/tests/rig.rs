//! A database in a folder of its own, and effects to give to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ringpost_client_core::{Effect, Incoming, OutboxEntry, Record};
use ringpost_wire::{ChatId, ContentClass, DeviceAddress, UserId};
use tempfile::TempDir;

use crate::storage::database::engine::Engine;
use crate::storage::database::engine_error::DatabaseError;
use crate::storage::database::key::DatabaseKey;
use crate::storage::database::message::HistoryPage;
use crate::storage::database::page;
use crate::storage::database::retention::Retention;

pub(super) const CHAT: ChatId = ChatId([0xC4; 16]);
pub(super) const PEER: UserId = UserId([0x5E; 16]);
pub(super) const OWN: UserId = UserId([0x0A; 16]);

pub(super) struct Rig {
    pub(super) folder: TempDir,
}

impl Rig {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("chat.db")
    }

    pub(super) fn open(&self) -> Engine {
        self.try_open(1).unwrap()
    }

    pub(super) fn try_open(&self, key: u8) -> Result<Engine, DatabaseError> {
        Engine::open(&self.path(), &key_of(key), Retention::default())
    }

    /// Every file but the lock, by name.
    pub(super) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .filter(|path| !path.to_string_lossy().ends_with("-lock"))
            .map(|path| (path.clone(), std::fs::read(&path).unwrap()))
            .collect()
    }
}

pub(super) fn key_of(byte: u8) -> DatabaseKey {
    DatabaseKey::from([byte; 32])
}

/// Puts a copy of a file in the place of a page of it with one bit turned.
pub(super) fn damage(path: &Path, offset: usize) {
    let mut content = std::fs::read(path).unwrap();
    content[offset] ^= 1;
    std::fs::write(path, content).unwrap();
}

pub(super) fn accepted(client_seq: u64, payload: &[u8]) -> Effect {
    let entry = OutboxEntry {
        client_seq,
        message_id: 1_000 + client_seq,
        floor: 0,
        device_epoch: 0,
        content_class: ContentClass::Visible,
        payload: Bytes::copy_from_slice(payload),
    };
    Effect::Persist(Record::Accepted { chat: CHAT, entry })
}

/// What the machine tells when a message is stored.
pub(super) fn sent(client_seq: u64, seq: u64) -> [Effect; 2] {
    let told = Effect::Sent {
        chat: CHAT,
        message_id: 1_000 + client_seq,
        seq,
        time_ms: 70_000 + seq,
    };
    let record = Record::Settled {
        chat: CHAT,
        client_seq,
        seq,
    };
    [told, Effect::Persist(record)]
}

pub(super) fn delivered(seq: u64, payload: &[u8]) -> Effect {
    Effect::Deliver(Incoming {
        chat: CHAT,
        seq,
        sender: DeviceAddress {
            user: PEER,
            device: 3,
        },
        message_id: 5_000 + seq,
        time_ms: 70_000 + seq,
        content_class: ContentClass::Visible,
        payload: Bytes::copy_from_slice(payload),
    })
}

pub(super) fn page_of(engine: &Engine) -> HistoryPage {
    engine
        .read(|connection| page::page(connection, CHAT, None, 100))
        .unwrap()
}

/// The places of a page's messages.
pub(super) fn places(page: &HistoryPage) -> Vec<Option<u64>> {
    page.messages.iter().map(|message| message.seq).collect()
}
