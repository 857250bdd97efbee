//! `send`: JSON lines in, a JSON line out for each answer; ends when the input has ended and everything is answered.

use std::time::Duration;

use bytes::Bytes;
use ringpost_client_native::{Client, Event, Events, NotAccepted, SendError};
use ringpost_wire::ChatId;
use serde_json::json;

use crate::account;
use crate::arguments::SendOptions;
use crate::error::ToolError;
use crate::lines;

/// What became of the messages so far.
struct Answers {
    open: u64,
    failed: u64,
}

/// Sends every line of standard input.
pub async fn run(options: SendOptions) -> Result<(), ToolError> {
    let (client, mut events) = account::connect(&options.account).await?;
    let patience = Duration::from_secs(options.wait);
    let chat = account::open_chat(&client, &options.to, patience)
        .await?
        .chat;
    // What an earlier run left in the state folder is sent too, and its answers are waited for.
    let mut answers = Answers {
        open: client.outbox(chat).await.0.len() as u64,
        failed: 0,
    };
    let mut input = lines::standard_input();
    let mut has_input = true;
    while has_input || answers.open > 0 {
        tokio::select! {
            line = input.recv(), if has_input => match line {
                Some(line) => {
                    let payload = Bytes::from(lines::payload(&line?)?);
                    send(&client, &mut events, &mut answers, (chat, payload)).await?;
                }
                None => has_input = false,
            },
            event = events.next() => answers.take(event)?,
        }
    }
    client.close().await;
    match answers.failed {
        0 => Ok(()),
        failed => Err(ToolError::Found(format!("{failed} messages were not sent"))),
    }
}

/// Sends one message, waiting for answers to earlier ones while the outbox is full.
async fn send(
    client: &Client,
    events: &mut Events,
    answers: &mut Answers,
    (chat, payload): (ChatId, Bytes),
) -> Result<(), ToolError> {
    loop {
        match client.send(chat, payload.clone()).await {
            Ok(_) => {
                answers.open += 1;
                return Ok(());
            }
            Err(SendError::NotAccepted(NotAccepted::OutboxFull) | SendError::EventsUnread) => {
                let event = events.next().await;
                answers.take(event)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

impl Answers {
    fn take(&mut self, event: Option<Event>) -> Result<(), ToolError> {
        match event {
            Some(Event::Sent {
                message_id,
                seq,
                time_ms,
                ..
            }) => {
                self.open = self.open.saturating_sub(1);
                let id = message_id.to_string();
                let line = json!({ "message_id": id, "seq": seq, "time_ms": time_ms });
                lines::print(&line.to_string())
            }
            Some(Event::Refused {
                message_id, code, ..
            }) => self.failed(message_id, code.name()),
            Some(Event::Undetermined { message_id, .. }) => self.failed(message_id, "Undetermined"),
            Some(Event::Ended(why)) => Err(ToolError::SessionEnded(why)),
            Some(Event::TlsFailed(why)) => Err(ToolError::Tls(why)),
            Some(Event::StorageFailed(why)) => Err(ToolError::Stopped(why)),
            Some(Event::NeedToken(_)) => Err(ToolError::Stopped("the token is refused".to_owned())),
            None => Err(ToolError::Stopped("no more events".to_owned())),
            Some(_) => Ok(()),
        }
    }

    fn failed(&mut self, message_id: u64, why: &str) -> Result<(), ToolError> {
        self.open = self.open.saturating_sub(1);
        self.failed += 1;
        let line = json!({ "message_id": message_id.to_string(), "error": why });
        lines::print(&line.to_string())
    }
}
