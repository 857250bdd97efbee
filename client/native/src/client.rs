//! The handle of a client: requests to its task. Cheap to clone; the client ends when every handle is gone.

use bytes::Bytes;
use ringpost_client_core::{OutboxEntry, Outgoing};
use ringpost_wire::{ChatId, ContentClass, ErrorCode, MessageId, Seq, UserId};
use tokio::sync::{mpsc, oneshot};

use crate::error::{ConnectError, OpenError, SendError};
use crate::event::{Events, queue};
use crate::limits::COMMANDS_MAX;
use crate::storage::Storage;
use crate::task::{Command, Task};
use crate::tls::Tls;

/// Gives session tokens: called with why the one before was refused. `None` asks the application with `Event::NeedToken`.
pub type TokenSource = Box<dyn FnMut(Option<ErrorCode>) -> Option<String> + Send>;

/// What a client is made with.
pub struct Options {
    /// `host:port` of the native door, or of the one with TLS.
    pub address: String,
    /// Whom to trust with TLS; `None` connects without TLS. An address that the server names instead is reached in the same way.
    pub tls: Option<Tls>,
    /// Where tokens come from.
    pub token: TokenSource,
    /// Where the durable state is kept.
    pub storage: Box<dyn Storage>,
    /// Name and version of the software, for the server's log; may be empty.
    pub software: String,
    /// Heartbeat interval to ask for, in milliseconds; 0 leaves it to the server.
    pub heartbeat_ms: u32,
    /// What the application is known to have kept, beyond what it confirmed: chats with their last message. An application
    /// that stops between keeping a message and confirming it is not given it again, if it says so here.
    pub kept: Vec<(ChatId, Seq)>,
}

impl Options {
    /// Options with the least that is needed, without TLS.
    pub fn new(address: &str, token: TokenSource, storage: Box<dyn Storage>) -> Self {
        Self {
            address: address.to_owned(),
            tls: None,
            token,
            storage,
            software: concat!("ringpost-client-native ", env!("CARGO_PKG_VERSION")).to_owned(),
            heartbeat_ms: 0,
            kept: Vec::new(),
        }
    }
}

/// A chat that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenedChat {
    /// The chat.
    pub chat: ChatId,
    /// Its last message; 0 for none.
    pub head: Seq,
    /// Version of its members' device lists.
    pub device_epoch: u32,
}

/// A connected client, or one that is trying to be.
#[derive(Clone, Debug)]
pub struct Client {
    commands: mpsc::Sender<Command>,
}

impl Client {
    /// Makes a client and lets it connect, and connect again whenever the connection is lost.
    ///
    /// # Errors
    /// What the application kept could not be written to the storage.
    pub async fn connect(options: Options) -> Result<(Self, Events), ConnectError> {
        let (commands, receiver) = mpsc::channel(COMMANDS_MAX);
        let (sender, events) = queue();
        let task = Task::new(options, receiver, sender).await?;
        tokio::spawn(task.run());
        Ok((Self { commands }, events))
    }

    /// Sends a message with a new random id. Returns its id once it is durable in the outbox; `Event::Sent` follows.
    ///
    /// # Errors
    /// It was not taken: nothing of it is sent.
    pub async fn send(&self, chat: ChatId, payload: Bytes) -> Result<MessageId, SendError> {
        let message_id = rand::random();
        let message = Outgoing {
            chat,
            message_id,
            payload,
            content_class: ContentClass::Visible,
            device_epoch: 0,
        };
        self.send_message(message).await.map(|()| message_id)
    }

    /// Sends a message whose id the application chose. Returns once it is durable in the outbox.
    ///
    /// # Errors
    /// It was not taken: nothing of it is sent.
    pub async fn send_message(&self, message: Outgoing) -> Result<(), SendError> {
        let (reply, answer) = oneshot::channel();
        let command = Command::Send { message, reply };
        self.ask(command).await.map_err(|()| SendError::Ended)?;
        answer.await.unwrap_or(Err(SendError::Ended))
    }

    /// Opens the one-to-one chat with a user; waits for a connection if there is none.
    ///
    /// # Errors
    /// The server refused, or the client ended.
    pub async fn open_chat(&self, user: UserId) -> Result<OpenedChat, OpenError> {
        let (reply, answer) = oneshot::channel();
        let command = Command::OpenChat { user, reply };
        self.ask(command).await.map_err(|()| OpenError::Ended)?;
        answer.await.unwrap_or(Err(OpenError::Ended))
    }

    /// The application has kept every delivered message of `chat` up to `seq`.
    pub async fn confirm(&self, chat: ChatId, seq: Seq) {
        self.tell(Command::Confirm { chat, seq }).await;
    }

    /// The user has read `chat` up to `read_to`.
    pub async fn mark_read(&self, chat: ChatId, read_to: Seq) {
        self.tell(Command::MarkRead { chat, read_to }).await;
    }

    /// A token, asked for with `Event::NeedToken`, or a newer one for the running session.
    pub async fn set_token(&self, token: String) {
        self.tell(Command::SetToken { token }).await;
    }

    /// The messages of a chat that are not answered, and the id of the one accepted last (0 for none).
    pub async fn outbox(&self, chat: ChatId) -> (Vec<OutboxEntry>, MessageId) {
        let (reply, answer) = oneshot::channel();
        self.tell(Command::Outbox { chat, reply }).await;
        answer.await.unwrap_or_default()
    }

    /// Sends the acknowledgements that are due, makes everything durable, closes the connection and ends the client.
    pub async fn close(&self) {
        let (reply, answer) = oneshot::channel();
        self.tell(Command::Close { reply }).await;
        // An error means that the task has ended already.
        answer.await.unwrap_or_default();
    }

    async fn ask(&self, command: Command) -> Result<(), ()> {
        self.commands.send(command).await.map_err(|_| ())
    }

    /// Sends a request whose loss with the client's end needs no answer: `Event::Ended` tells it.
    async fn tell(&self, command: Command) {
        self.ask(command).await.unwrap_or_default();
    }
}
