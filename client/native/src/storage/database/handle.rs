//! The application's handle on its database: the storage of its client, and its history. Cheap to clone.

use std::path::Path;
use std::sync::Arc;

use ringpost_client_core::{Effect, State};
use ringpost_wire::ChatId;

use super::engine::{Engine, is_kept};
use super::engine_error::DatabaseError;
use super::key::DatabaseKey;
use super::message::{Conversation, HistoryCursor, HistoryPage, Receipt};
use super::page;
use super::retention::Retention;
use super::thread::Thread;
use crate::error::StorageError;
use crate::storage::Storage;

/// What a database is opened with, besides its file and key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct DatabaseOptions {
    /// How much history is kept.
    pub retention: Retention,
}

/// A client's state and history in an encrypted file.
///
/// The file, `FILE-wal` (its log) and `FILE-lock` belong together; copy file and log together, while no client uses them.
#[derive(Clone)]
pub struct Database {
    thread: Arc<Thread>,
}

impl core::fmt::Debug for Database {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Database(..)")
    }
}

impl Database {
    /// Opens the database at `path`, or makes one where there is none. Blocks while it does so.
    ///
    /// # Errors
    /// It is in use, of a later version, damaged, or something else, or the key is not its key: the file is left as it is.
    pub fn open(
        path: &Path,
        key: DatabaseKey,
        options: DatabaseOptions,
    ) -> Result<Self, DatabaseError> {
        let file = path.to_owned();
        let open = move || Engine::open(&file, &key, options.retention);
        let thread = Arc::new(Thread::start(path, open)?);
        Ok(Self { thread })
    }

    /// The storage for a client. One client uses it at a time, until it is closed or its storage failed.
    ///
    /// # Errors
    /// A client uses it, or the database is closed.
    pub async fn storage(&self) -> Result<Box<dyn Storage>, DatabaseError> {
        if !self.thread.take() {
            return Err(DatabaseError::InUse(self.thread.path.clone()));
        }
        let mut taken = Taken {
            thread: Arc::clone(&self.thread),
            state: State::default(),
            is_set_back: false,
        };
        let ask = |engine: &mut Engine| Ok((engine.state(), engine.is_set_back()));
        (taken.state, taken.is_set_back) = self.thread.ask(ask).await?;
        Ok(Box::new(taken))
    }

    /// Up to `count` messages of a chat, newest first, from the newest or from where the page before ended.
    ///
    /// # Errors
    /// The database is damaged or closed.
    pub async fn page(
        &self,
        chat: ChatId,
        before: Option<HistoryCursor>,
        count: usize,
    ) -> Result<HistoryPage, DatabaseError> {
        let read = move |engine: &mut Engine| {
            engine.read(|connection| page::page(connection, chat, before, count))
        };
        self.thread.ask(read).await
    }

    /// Up to `count` chats with messages, latest first.
    ///
    /// # Errors
    /// The database is damaged or closed.
    pub async fn conversations(&self, count: usize) -> Result<Vec<Conversation>, DatabaseError> {
        let read = move |engine: &mut Engine| {
            engine.read(|connection| page::conversations(connection, count))
        };
        self.thread.ask(read).await
    }

    /// How far the members of a chat have got, as far as this device was told.
    ///
    /// # Errors
    /// The database is damaged or closed.
    pub async fn receipts(&self, chat: ChatId) -> Result<Vec<Receipt>, DatabaseError> {
        let read =
            move |engine: &mut Engine| engine.read(|connection| page::receipts(connection, chat));
        self.thread.ask(read).await
    }

    /// Deletes one message on this device. Answers whether there was one; a message in the outbox stays.
    ///
    /// # Errors
    /// The database is full, damaged or closed.
    pub async fn delete_message(
        &self,
        chat: ChatId,
        cursor: HistoryCursor,
    ) -> Result<bool, DatabaseError> {
        let delete = move |engine: &mut Engine| engine.delete_message(chat, cursor);
        self.thread.ask(delete).await
    }

    /// Deletes a chat's messages on this device, but for those in the outbox.
    ///
    /// # Errors
    /// The database is full, damaged or closed.
    pub async fn delete_chat(&self, chat: ChatId) -> Result<(), DatabaseError> {
        self.thread
            .ask(move |engine| engine.delete_chat(chat))
            .await
    }

    /// Encrypts everything with another key, at once: after a crash either the old key opens it or the new one.
    ///
    /// # Errors
    /// It failed: open the database again, with the one key or the other.
    pub async fn rekey(&self, key: DatabaseKey) -> Result<(), DatabaseError> {
        self.thread.ask(move |engine| engine.rekey(&key)).await
    }

    /// Reads all of the database and answers what is wrong with it, in words. Takes long for a large one.
    ///
    /// # Errors
    /// It is damaged so that it cannot be read on, or closed.
    pub async fn check(&self) -> Result<Vec<String>, DatabaseError> {
        self.thread.ask(|engine| engine.check()).await
    }
}

/// A database as a client's storage.
struct Taken {
    thread: Arc<Thread>,
    /// As it was when the database was taken.
    state: State,
    is_set_back: bool,
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.thread.give_back();
    }
}

impl Storage for Taken {
    fn state(&self) -> State {
        self.state.clone()
    }

    fn is_set_back(&self) -> bool {
        self.is_set_back
    }

    fn append(&mut self, effects: &[Effect], durable: bool) -> Result<(), StorageError> {
        let kept: Vec<Effect> = effects
            .iter()
            .filter(|effect| is_kept(effect))
            .cloned()
            .collect();
        let append = move |engine: &mut Engine| engine.append(&kept, durable);
        Ok(self.thread.ask_blocking(append)?)
    }

    fn blocks(&self) -> bool {
        true
    }
}
