//! The client SDK on tokio: `Client::connect` gives a handle for requests and a stream of events.
//!
//! One task owns the session machine of `ringpost-client-core` and carries out its effects; what must be durable goes
//! through a `Storage`: that of a `Database`, which keeps the history too; `Journal` in a folder; or `Memory`.

mod client;
mod connection;
mod error;
mod event;
pub mod limits;
mod storage;
mod task;
mod tls;

pub use client::{Client, OpenedChat, Options, TokenSource};
pub use error::{ConnectError, OpenError, SendError, StorageError};
pub use event::{Event, Events};
pub use ringpost_client_core::{
    ChatState, ConnectionState, Effect, Ended, Incoming, NotAccepted, OutboxEntry, Outgoing,
    Record, State,
};
pub use storage::{
    Conversation, Database, DatabaseError, DatabaseKey, DatabaseOptions, HistoryCursor,
    HistoryMessage, HistoryPage, Journal, KeyFileError, Memory, MessageState, Receipt, Retention,
    Storage,
};
pub use tls::{Tls, TlsError, TlsFailure};
