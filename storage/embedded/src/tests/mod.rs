//! Tests of the whole engine, without and with threads, on real files.

mod failures;
mod flushing;
mod lanes;
mod model;
mod recovery;
mod retention;
mod traffic;

use std::path::Path;

use bytes::Bytes;
use ringpost_storage_core::key;
use ringpost_storage_core::store::{Key, Row, Snapshot as _, Write};
use ringpost_wire::{ChatId, Seq};

use crate::{EmbeddedStore, OpenError, Options, Retention, Rules};

const CHAT: ChatId = ChatId([7; 16]);

fn options(folder: &Path) -> Options {
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

fn open(folder: &Path) -> EmbeddedStore {
    EmbeddedStore::open(options(folder)).expect("the folder is a good store")
}

/// The error of a store that must not open.
fn refusal(folder: &Path) -> OpenError {
    EmbeddedStore::open(options(folder)).expect_err("the store is refused")
}

fn message(seq: Seq) -> Key {
    key::message::encode(CHAT, seq)
}

fn insert(seq: Seq, value: &str) -> Write {
    Write::Insert(Row {
        key: message(seq),
        value: Bytes::copy_from_slice(value.as_bytes()),
    })
}

fn set(key: Key, value: &str) -> Write {
    Write::Set(Row {
        key,
        value: Bytes::copy_from_slice(value.as_bytes()),
    })
}

fn get(store: &EmbeddedStore, key: Key) -> Option<Bytes> {
    store.view().get(&key).expect("the store answers")
}
