//! One client of a conversation: says its lines, writes down what arrives, and goes on where it was after a kill.
//!
//! Message ids follow from the run, the conversation and the line, and the journal remembers the id accepted last: so a line is
//! never given to the SDK twice.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use ringpost_client_native::{Client, Event, Events, Outgoing};
use ringpost_wire::{ChatId, ContentClass, MessageId, UserId};

use super::log::ArrivalLog;
use crate::account;
use crate::error::ToolError;
use crate::server::Server;
use crate::token::TokenKey;

/// A line to say.
#[derive(Clone, Debug)]
pub struct Line {
    /// The message's id.
    pub id: MessageId,
    /// The line.
    pub payload: Bytes,
    /// It is said once so many lines of the other have arrived.
    pub after: usize,
}

/// One client.
pub struct Side {
    /// Its user.
    pub user: String,
    /// The other's user.
    pub other: String,
    /// What it says.
    pub lines: Vec<Line>,
    /// How many lines the other says.
    pub expected: usize,
    /// Folder of its journal; `None` keeps its state in memory.
    pub journal: Option<PathBuf>,
    /// What arrived.
    pub log: ArrivalLog,
    /// Messages that were refused or whose fate is not known.
    pub failed: Vec<String>,
    /// Lines that sessions before have said and got answered, where no journal remembers it: a device that has lost its state cannot ask
    /// for the answer to a number again once it has said that it knows it.
    pub said: usize,
}

/// How a client reaches the node.
#[derive(Clone)]
pub struct Reach {
    /// The node's door.
    pub server: Server,
    /// Signs tokens.
    pub key: TokenKey,
    /// Longest time without progress.
    pub patience: Duration,
}

/// When a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The device is registered.
    Registered,
    /// Every own line is stored.
    Said,
    /// Every own line is stored and every line of the other has arrived.
    Done,
    /// The server says that nothing is left, and nothing came that had come before.
    NothingLeft,
}

struct Session {
    client: Client,
    events: Events,
    chat: ChatId,
    next_line: usize,
    unanswered: BTreeSet<MessageId>,
    is_caught_up: bool,
}

impl Side {
    /// Runs one session until its goal is reached.
    pub async fn run(&mut self, reach: &Reach, goal: Goal) -> Result<(), ToolError> {
        let mut session = self.connect(reach).await?;
        if matches!(goal, Goal::Said | Goal::Done) {
            let opened = account::open_chat(&session.client, &self.other, reach.patience);
            let in_time = tokio::time::timeout(reach.patience, opened).await;
            in_time.map_err(|_| self.stuck("the chat does not open"))??;
            self.find_place(&mut session).await;
        }
        while !self.is_reached(&session, goal) {
            if goal != Goal::NothingLeft {
                self.say(&mut session).await?;
            }
            let event = tokio::time::timeout(reach.patience, session.events.next()).await;
            let event = event.map_err(|_| self.stuck("nothing happens"))?;
            self.take(&mut session, event).await?;
        }
        if matches!(goal, Goal::Said | Goal::Done) {
            self.said = self.lines.len();
        }
        session.client.close().await;
        Ok(())
    }

    fn stuck(&self, what: &str) -> ToolError {
        ToolError::Found(format!(
            "{}: {what}; {} of {} lines arrived",
            self.user,
            self.log.arrived().len(),
            self.expected
        ))
    }

    async fn connect(&self, reach: &Reach) -> Result<Session, ToolError> {
        let chat = ChatId::one_to_one(
            UserId::from_subject(&self.user),
            UserId::from_subject(&self.other),
        );
        let token = account::token_source(reach.key.clone(), &self.user, 1);
        let storage = account::storage(self.journal.as_deref())?;
        let kept = self.log.last().map(|seq| (chat, seq));
        let kept = kept.into_iter().collect();
        let (client, events) = account::connect_with(&reach.server, token, storage, kept).await?;
        Ok(Session {
            client,
            events,
            chat,
            next_line: self.lines.len(),
            unanswered: BTreeSet::new(),
            is_caught_up: false,
        })
    }

    /// Finds out which lines an earlier session left with the SDK.
    async fn find_place(&self, session: &mut Session) {
        if self.journal.is_none() {
            session.next_line = self.said;
            return;
        }
        let (outbox, last) = session.client.outbox(session.chat).await;
        let position = self.lines.iter().position(|line| line.id == last);
        session.next_line = position.map_or(0, |index| index + 1);
        session.unanswered = outbox.iter().map(|entry| entry.message_id).collect();
    }

    /// Says every line whose turn it is.
    async fn say(&self, session: &mut Session) -> Result<(), ToolError> {
        while let Some(line) = self.lines.get(session.next_line)
            && line.after <= self.log.arrived().len()
        {
            let message = Outgoing {
                chat: session.chat,
                message_id: line.id,
                payload: line.payload.clone(),
                content_class: ContentClass::Visible,
                device_epoch: 0,
            };
            session.client.send_message(message).await?;
            session.unanswered.insert(line.id);
            session.next_line += 1;
        }
        Ok(())
    }

    fn is_reached(&self, session: &Session, goal: Goal) -> bool {
        let is_said = session.next_line >= self.lines.len() && session.unanswered.is_empty();
        match goal {
            Goal::Registered | Goal::NothingLeft => session.is_caught_up,
            Goal::Said => is_said,
            Goal::Done => is_said && self.log.arrived().len() >= self.expected,
        }
    }

    async fn take(&mut self, session: &mut Session, event: Option<Event>) -> Result<(), ToolError> {
        match event {
            Some(Event::Delivered(message)) => {
                self.log.add(message.seq, message.payload)?;
                session.client.confirm(message.chat, message.seq).await;
            }
            Some(Event::Sent { message_id, .. }) => {
                session.unanswered.remove(&message_id);
            }
            Some(Event::Refused {
                message_id, code, ..
            }) => {
                session.unanswered.remove(&message_id);
                self.failed.push(code.name().to_owned());
            }
            Some(Event::Undetermined { message_id, .. }) => {
                session.unanswered.remove(&message_id);
                self.failed.push("Undetermined".to_owned());
            }
            Some(Event::CaughtUp) => session.is_caught_up = true,
            Some(Event::Ended(why)) => return Err(ToolError::SessionEnded(why)),
            Some(Event::TlsFailed(why)) => return Err(ToolError::Tls(why)),
            Some(Event::StorageFailed(why)) => return Err(ToolError::Stopped(why)),
            None => return Err(ToolError::Stopped("no more events".to_owned())),
            Some(_) => {}
        }
        Ok(())
    }
}
