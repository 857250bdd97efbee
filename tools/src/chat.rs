//! `chat`: two people in two terminals. Each line typed is a message; incoming ones are printed and marked as read; marks tell
//! how far the other has received and read.

use std::time::Duration;

use bytes::Bytes;
use ringpost_client_native::{Client, ConnectionState, Event};
use ringpost_wire::{ChatId, Seq, UserId};

use crate::account;
use crate::arguments::ChatOptions;
use crate::database;
use crate::error::ToolError;
use crate::lines;

/// How long the other user may take to connect for the first time.
const PATIENCE: Duration = Duration::from_secs(3_600);

struct Conversation {
    client: Client,
    chat: ChatId,
    own: UserId,
    other: String,
    last_sent: Seq,
    delivered_to: Seq,
    read_to: Seq,
}

/// Talks until the input ends.
pub async fn run(options: ChatOptions) -> Result<(), ToolError> {
    let database = match (&options.database, &options.key_file) {
        (Some(file), Some(key_file)) => Some(database::open(file, key_file)?),
        _ => None,
    };
    let storage = match &database {
        Some(database) => database.storage().await?,
        None => account::storage(options.account.state.as_deref())?,
    };
    let (client, mut events) = account::connect_on(&options.account, storage).await?;
    lines::print(&format!("waiting for {} ...", options.to))?;
    let chat = account::open_chat(&client, &options.to, PATIENCE)
        .await?
        .chat;
    lines::print(&format!(
        "chat with {}: type a line to send it, end with Ctrl-D",
        options.to
    ))?;
    let own = UserId::from_subject(&options.account.user);
    if let Some(database) = &database {
        database::print_last(database, chat, own, &options.to).await?;
    }
    let mut conversation = Conversation {
        client,
        chat,
        own,
        other: options.to,
        last_sent: 0,
        delivered_to: 0,
        read_to: 0,
    };
    let mut input = lines::standard_input();
    loop {
        tokio::select! {
            line = input.recv() => match line {
                Some(line) => conversation.say(line?).await?,
                None => break,
            },
            event = events.next() => match event {
                Some(event) => conversation.take(event).await?,
                None => return Err(ToolError::Stopped("no more events".to_owned())),
            },
        }
    }
    conversation.client.close().await;
    Ok(())
}

impl Conversation {
    async fn say(&self, line: String) -> Result<(), ToolError> {
        if line.is_empty() {
            return Ok(());
        }
        let sent = self.client.send(self.chat, Bytes::from(line)).await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) => lines::print(&format!("-- not sent: {error}")),
        }
    }

    async fn take(&mut self, event: Event) -> Result<(), ToolError> {
        match event {
            Event::Delivered(message) => {
                let is_own = message.sender.user == self.own;
                let name = if is_own { "you" } else { &self.other };
                let text = String::from_utf8_lossy(&message.payload);
                lines::print(&format!("{name}: {text}"))?;
                self.client.confirm(message.chat, message.seq).await;
                self.client.mark_read(message.chat, message.seq).await;
                Ok(())
            }
            Event::Own(message) => {
                let text = String::from_utf8_lossy(&message.payload);
                lines::print(&format!("you: {text}"))
            }
            Event::Sent { seq, .. } => {
                self.last_sent = self.last_sent.max(seq);
                lines::print(&format!("-- {seq} sent"))?;
                self.print_marks(self.delivered_to, self.read_to)
            }
            Event::Receipt {
                chat,
                delivered_to,
                read_to,
                user,
            } if chat == self.chat && user != Some(self.own) => {
                let (delivered, read) = (self.delivered_to, self.read_to);
                self.delivered_to = delivered.max(delivered_to);
                self.read_to = read.max(read_to);
                self.print_marks(delivered, read)
            }
            Event::Refused { code, .. } => lines::print(&format!("-- refused: {}", code.name())),
            Event::Undetermined { .. } => lines::print("-- a message may or may not be stored"),
            Event::Connection(ConnectionState::BackingOff) => lines::print("-- connection lost"),
            Event::Connection(ConnectionState::Live) => lines::print("-- connected"),
            Event::HandshakeFailed(why) => lines::print(&format!("-- {why}; trying again")),
            Event::Ended(why) => Err(ToolError::SessionEnded(why)),
            Event::TlsFailed(why) => Err(ToolError::Tls(why)),
            Event::StorageFailed(why) => Err(ToolError::Stopped(why)),
            Event::NeedToken(_) => Err(ToolError::Stopped("the token is refused".to_owned())),
            _ => Ok(()),
        }
    }

    /// Tells marks that moved since `delivered` and `read`, as far as they concern own messages.
    fn print_marks(&self, delivered: Seq, read: Seq) -> Result<(), ToolError> {
        if self.read_to > read && read < self.last_sent {
            lines::print(&format!("-- read up to {}", self.read_to))
        } else if self.delivered_to > delivered && delivered < self.last_sent {
            lines::print(&format!("-- delivered up to {}", self.delivered_to))
        } else {
            Ok(())
        }
    }
}
