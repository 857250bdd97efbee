//! Folders, keys and writes for the tests.

use std::path::Path;

use bytes::Bytes;
use ringpost_storage_core::key;
use ringpost_storage_core::store::{Key, Row, Snapshot as _, Write};
use ringpost_wire::{ChatId, Seq};

use crate::{EmbeddedStore, OpenError, Options, Retention, Rules};

pub(super) const CHAT: ChatId = ChatId([7; 16]);

pub(super) fn options(folder: &Path) -> Options {
    Options {
        flush_age_ms: 1_000_000,
        ..Options::new(
            folder,
            Rules {
                retention: Retention::UntilDelivered,
            },
        )
    }
}

pub(super) fn open(folder: &Path) -> EmbeddedStore {
    EmbeddedStore::open(options(folder)).expect("the folder is a good store")
}

/// The error of a store that must not open.
pub(super) fn refusal(folder: &Path) -> OpenError {
    EmbeddedStore::open(options(folder)).expect_err("the store is refused")
}

pub(super) fn message(seq: Seq) -> Key {
    key::message::encode(CHAT, seq)
}

pub(super) fn insert(seq: Seq, value: &str) -> Write {
    Write::Insert(Row {
        key: message(seq),
        value: Bytes::copy_from_slice(value.as_bytes()),
    })
}

pub(super) fn set(key: Key, value: &str) -> Write {
    Write::Set(Row {
        key,
        value: Bytes::copy_from_slice(value.as_bytes()),
    })
}

pub(super) fn get(store: &EmbeddedStore, key: Key) -> Option<Bytes> {
    store.view().get(&key).expect("the store answers")
}
