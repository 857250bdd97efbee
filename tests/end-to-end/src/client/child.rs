//! The client process: the SDK on a database, sending without pause and confirming what comes, until it is told to be quiet.
//!
//! What its application keeps is what it prints. It confirms only some of what it printed, so that a kill always leaves some.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use ringpost_client_native::{
    Client, Database, DatabaseKey, DatabaseOptions, Event, Events, Incoming, OpenError, Options,
    Outgoing,
};
use ringpost_wire::{ChatId, ContentClass, ErrorCode, UserId};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin};

use super::line::Line;
use crate::load::{number_in, payload};

type Failure = Box<dyn std::error::Error>;

/// Messages in the outbox at which it waits: one refused among others that are taken would change their order.
const OUTBOX_MAX: usize = 512;
/// Messages given to the SDK together.
const BATCH: u64 = 8;
const PAUSE: Duration = Duration::from_millis(4);
const PAYLOAD_BYTES: usize = 200;
/// It confirms when a number is a multiple of this.
const CONFIRM_EVERY: u64 = 3;
const PAGE_MESSAGES: usize = 500;
const UNKNOWN_USER_PAUSE: Duration = Duration::from_millis(50);

/// What a client process is started with.
#[derive(Clone, Debug, clap::Args)]
pub struct ChildOptions {
    /// The node's native door.
    #[arg(long)]
    pub server: String,
    /// Its session token.
    #[arg(long)]
    pub token: String,
    /// The other user.
    #[arg(long)]
    pub to: String,
    /// Its database.
    #[arg(long)]
    pub database: PathBuf,
    /// The file with the database's key.
    #[arg(long)]
    pub key_file: PathBuf,
    /// The least number of the next message.
    #[arg(long)]
    pub first: u64,
}

fn print(line: &Line) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    output.write_all(format!("{line}\n").as_bytes())?;
    Ok(output.flush()?)
}

/// Runs until it is told to end.
///
/// # Errors
/// The database does not open, or the client ends.
pub fn run_child(options: &ChildOptions) -> Result<(), Failure> {
    // On one thread, tasks begin in the order in which they were spawned: messages keep their order.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(talk(options))
}

async fn talk(options: &ChildOptions) -> Result<(), Failure> {
    let key = DatabaseKey::read(&options.key_file)?;
    let database = Database::open(&options.database, key, DatabaseOptions::default())?;
    let storage = database.storage().await?;
    let state = storage.state();
    let known = state.chats().next().map(|(_, chat)| chat);
    let last_number = known.map_or(0, |chat| chat.last_accepted());
    let cursor = known.and_then(|chat| chat.cursor()).unwrap_or(0);
    print(&Line::Begin {
        last_number,
        cursor,
    })?;
    let token = options.token.clone();
    let source = Box::new(move |_| Some(token.clone()));
    let (client, events) = Client::connect(Options::new(&options.server, source, storage)).await?;
    let chat = open(&client, &options.to).await?;
    print(&Line::Open { chat })?;
    let talk = Talk {
        database,
        client,
        chat,
        next: options.first.max(last_number + 1),
        last_delivered: 0,
        is_quiet: false,
    };
    let input = BufReader::new(tokio::io::stdin()).lines();
    talk.run(events, input).await
}

/// Opens the chat; the other one may come later.
async fn open(client: &Client, to: &str) -> Result<ChatId, Failure> {
    loop {
        match client.open_chat(UserId::from_subject(to)).await {
            Err(OpenError::Refused(ErrorCode::UnknownUser)) => {
                tokio::time::sleep(UNKNOWN_USER_PAUSE).await;
            }
            opened => return Ok(opened?.chat),
        }
    }
}

struct Talk {
    database: Database,
    client: Client,
    chat: ChatId,
    next: u64,
    last_delivered: u64,
    is_quiet: bool,
}

impl Talk {
    async fn run(
        mut self,
        mut events: Events,
        mut input: Lines<BufReader<Stdin>>,
    ) -> Result<(), Failure> {
        let mut tick = tokio::time::interval(PAUSE);
        loop {
            tokio::select! {
                event = events.next() => self.take(event.ok_or("no more events")?).await?,
                line = input.next_line() => match line?.as_deref() {
                    Some("quiet") => self.is_quiet = true,
                    Some("status") => self.status(&mut events).await?,
                    Some("end") => return self.end().await,
                    // Without its test it has nothing to do.
                    _ => return Ok(()),
                },
                _ = tick.tick(), if !self.is_quiet => self.send(&mut events).await?,
            }
        }
    }

    /// Sends some messages; the SDK makes them durable together.
    async fn send(&mut self, events: &mut Events) -> Result<(), Failure> {
        // With too many events unread some of the messages would not be taken.
        while let Some(event) = events.try_next() {
            self.take(event).await?;
        }
        if self.client.outbox(self.chat).await.0.len() > OUTBOX_MAX {
            return Ok(());
        }
        let mut answers = Vec::new();
        for number in self.next..self.next + BATCH {
            let client = self.client.clone();
            let message = Outgoing {
                chat: self.chat,
                message_id: number,
                payload: Bytes::from(payload(number, PAYLOAD_BYTES)),
                content_class: ContentClass::Visible,
                device_epoch: 0,
            };
            answers.push(tokio::spawn(
                async move { client.send_message(message).await },
            ));
        }
        for answer in answers {
            match answer.await? {
                Ok(()) => print(&Line::Accepted { number: self.next })?,
                Err(error) => print(&Line::Odd(format!("not accepted: {error}")))?,
            }
            self.next += 1;
        }
        Ok(())
    }

    async fn take(&mut self, event: Event) -> Result<(), Failure> {
        match event {
            Event::Delivered(message) => self.keep(&message).await,
            Event::Sent {
                message_id,
                seq,
                time_ms,
                ..
            } => print(&Line::Sent {
                number: message_id,
                seq,
                time_ms,
            }),
            Event::Refused { .. }
            | Event::Undetermined { .. }
            | Event::Empty { .. }
            | Event::NeedToken(_)
            | Event::HandshakeFailed(_)
            | Event::TlsFailed(_)
            | Event::Noticed { .. }
            | Event::StorageFailed(_)
            | Event::Ended(_) => print(&Line::Odd(format!("{event:?}"))),
            Event::Own(_) | Event::Receipt { .. } | Event::CaughtUp | Event::Connection(_) => {
                Ok(())
            }
        }
    }

    async fn keep(&mut self, message: &Incoming) -> Result<(), Failure> {
        print(&Line::Delivered {
            seq: message.seq,
            sender: message.sender,
            message_id: message.message_id,
            number: number_in(&message.payload),
        })?;
        self.last_delivered = message.seq;
        if self.is_quiet || message.seq.is_multiple_of(CONFIRM_EVERY) {
            self.client.confirm(self.chat, message.seq).await;
        }
        Ok(())
    }

    /// Tells how far it is, after all that it was told until then.
    async fn status(&mut self, events: &mut Events) -> Result<(), Failure> {
        self.client.confirm(self.chat, self.last_delivered).await;
        let outbox = self.client.outbox(self.chat).await.0.len();
        while let Some(event) = events.try_next() {
            self.take(event).await?;
        }
        print(&Line::Status { outbox })
    }

    /// Tells the whole history and ends.
    async fn end(self) -> Result<(), Failure> {
        self.client.close().await;
        let mut before = None;
        loop {
            let page = self.database.page(self.chat, before, PAGE_MESSAGES).await?;
            for message in &page.messages {
                print(&Line::History {
                    seq: message.seq,
                    is_own: message.sender.is_none(),
                    message_id: message.message_id,
                    number: number_in(&message.payload),
                    time_ms: message.time_ms,
                })?;
            }
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        for finding in self.database.check().await? {
            print(&Line::Odd(format!("the database: {finding}")))?;
        }
        print(&Line::Bye)
    }
}
