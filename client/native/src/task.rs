//! The task that owns the session machine: feeds it requests, bytes and time, and carries out its effects.
//!
//! Invariants: of a batch of effects the records are made durable first, then bytes are sent and requests answered. The end is told
//! when the storage is free.

use std::collections::BTreeMap;
use std::time::Duration;

use ringpost_client_core::{
    Effect, Ended, Input, Machine, Options as MachineOptions, OutboxEntry, Outgoing, Record,
};
use ringpost_wire::{ChatId, MessageId, Seq, UserId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::client::{OpenedChat, Options, TokenSource};
use crate::connection::{Connection, Said};
use crate::error::{OpenError, SendError, StorageError};
use crate::event::{Event, EventQueue};
use crate::limits::COMMANDS_MAX;
use crate::storage::Storage;
use crate::tls::{Handshakes, TlsFailure};

/// A request of the application.
#[derive(Debug)]
pub(crate) enum Command {
    Send {
        message: Outgoing,
        reply: oneshot::Sender<Result<(), SendError>>,
    },
    OpenChat {
        user: UserId,
        reply: oneshot::Sender<Result<OpenedChat, OpenError>>,
    },
    Confirm {
        chat: ChatId,
        seq: Seq,
    },
    MarkRead {
        chat: ChatId,
        read_to: Seq,
    },
    SetToken {
        token: String,
    },
    Outbox {
        chat: ChatId,
        reply: oneshot::Sender<(Vec<OutboxEntry>, MessageId)>,
    },
    Close {
        reply: oneshot::Sender<()>,
    },
}

type SendReply = oneshot::Sender<Result<(), SendError>>;
type OpenReply = oneshot::Sender<Result<OpenedChat, OpenError>>;

pub(crate) struct Task {
    machine: Machine,
    address: String,
    token: TokenSource,
    /// Away while a thread writes to it.
    storage: Option<Box<dyn Storage>>,
    commands: mpsc::Receiver<Command>,
    events: EventQueue,
    connection: Connection,
    sends: BTreeMap<(ChatId, MessageId), SendReply>,
    opens: BTreeMap<UserId, Vec<OpenReply>>,
    started: Instant,
    handshakes: Handshakes,
    /// The connection leads to where a server asked to go, not to the configured address.
    is_at_target: bool,
    end: Option<End>,
    /// The application asked for the end and waits for it.
    closing: Option<oneshot::Sender<()>>,
}

/// Why the client ends by itself.
enum End {
    Session(Ended),
    Tls(TlsFailure),
    Storage(String),
}

/// What woke the task.
enum Woken {
    Command(Option<Command>),
    Said(Said),
    Deadline,
}

impl Task {
    pub(crate) async fn new(
        options: Options,
        commands: mpsc::Receiver<Command>,
        events: EventQueue,
    ) -> Result<Self, StorageError> {
        let mut state = options.storage.state();
        let kept = options.kept.iter();
        let mut effects = Vec::new();
        for (chat, seq) in kept.copied() {
            let record = Record::Confirmed { chat, seq };
            let is_applied = state.apply(&record).is_ok();
            assert!(is_applied, "a confirmation fits every state");
            effects.push(Effect::Persist(record));
        }
        let machine_options = MachineOptions {
            seed: rand::random(),
            client: options.software,
            heartbeat_ms: options.heartbeat_ms,
            token: None,
            is_set_back: options.storage.is_set_back(),
        };
        let mut task = Self {
            machine: Machine::new(machine_options, state),
            address: options.address,
            token: options.token,
            storage: Some(options.storage),
            commands,
            events,
            connection: Connection::new(options.tls),
            sends: BTreeMap::new(),
            opens: BTreeMap::new(),
            started: Instant::now(),
            handshakes: Handshakes::default(),
            is_at_target: false,
            end: None,
            closing: None,
        };
        task.keep(effects, true).await?;
        Ok(task)
    }

    pub(crate) async fn run(mut self) {
        self.input(Input::Connect);
        self.carry_out_all().await;
        while self.end.is_none() {
            match self.wake().await {
                Woken::Command(Some(command)) => self.command(command),
                Woken::Command(None) => {
                    self.close().await;
                    break;
                }
                Woken::Said(said) => self.said(said),
                Woken::Deadline => self.machine.timeout(self.now_ms()),
            }
            self.take_waiting();
            self.carry_out_all().await;
            if self.closing.is_some() {
                self.close().await;
                break;
            }
        }
        self.finish().await;
    }

    /// Gives the storage up, so that it can be opened again, and only then tells of the end.
    async fn finish(mut self) {
        self.connection.hang_up();
        if let Some(storage) = self.storage.take() {
            release(storage).await;
        }
        match self.end {
            Some(End::Session(why)) => self.events.push(Event::Ended(why)),
            Some(End::Tls(why)) => self.events.push(Event::TlsFailed(why)),
            Some(End::Storage(why)) => {
                for reply in self.sends.into_values() {
                    answer(reply, Err(SendError::StorageFailed(why.clone())));
                }
                self.events.push(Event::StorageFailed(why));
            }
            None => {}
        }
        if let Some(reply) = self.closing {
            answer(reply, ());
        }
    }

    /// Takes the commands that wait, so that one write makes all of them durable.
    fn take_waiting(&mut self) {
        for _ in 0..COMMANDS_MAX {
            if self.closing.is_some() {
                return;
            }
            let Ok(command) = self.commands.try_recv() else {
                return;
            };
            self.command(command);
        }
    }

    async fn wake(&mut self) -> Woken {
        let deadline_ms = self.machine.next_deadline();
        let at = deadline_ms.map(|at_ms| self.started + Duration::from_millis(at_ms));
        let deadline = async {
            match at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            command = self.commands.recv() => Woken::Command(command),
            said = self.connection.said() => Woken::Said(said),
            () = deadline => Woken::Deadline,
        }
    }

    fn now_ms(&self) -> u64 {
        // A client that runs for 500 million years may count its milliseconds wrongly.
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn input(&mut self, input: Input<'_>) {
        self.machine.input(self.now_ms(), input);
    }

    fn said(&mut self, said: Said) {
        match said {
            Said::Opened => {
                if !self.is_at_target {
                    self.handshakes.succeeded();
                }
                self.input(Input::Opened);
            }
            Said::Received(bytes) => self.input(Input::Received { bytes: &bytes }),
            Said::Closed => {
                if !self.is_at_target {
                    self.handshakes.lost();
                }
                self.input(Input::Closed);
            }
            Said::Failed(why) => self.handshake_failed(why),
        }
    }

    /// Where a server only asked to go says nothing of the configured address, to which the next connection leads.
    fn handshake_failed(&mut self, why: TlsFailure) {
        if self.is_at_target {
            self.events.push(Event::HandshakeFailed(why));
            return self.input(Input::Closed);
        }
        let is_final = self.handshakes.failed();
        if !self.handshakes.has_succeeded() {
            for reply in std::mem::take(&mut self.opens).into_values().flatten() {
                answer(reply, Err(OpenError::TlsFailed(why)));
            }
        }
        if is_final {
            self.end = Some(End::Tls(why));
        } else {
            self.events.push(Event::HandshakeFailed(why));
            self.input(Input::Closed);
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Send { message, reply } => self.send(message, reply),
            Command::OpenChat { user, reply } => {
                self.opens.entry(user).or_default().push(reply);
                self.input(Input::OpenChat { user });
            }
            Command::Confirm { chat, seq } => self.input(Input::Confirm { chat, seq }),
            Command::MarkRead { chat, read_to } => self.input(Input::MarkRead { chat, read_to }),
            Command::SetToken { token } => self.input(Input::SetToken { token }),
            Command::Outbox { chat, reply } => self.outbox(chat, reply),
            Command::Close { reply } => self.closing = Some(reply),
        }
    }

    fn send(&mut self, message: Outgoing, reply: SendReply) {
        if self.events.is_full() {
            return answer(reply, Err(SendError::EventsUnread));
        }
        self.sends.insert((message.chat, message.message_id), reply);
        self.input(Input::Send(message));
    }

    fn outbox(&self, chat: ChatId, reply: oneshot::Sender<(Vec<OutboxEntry>, MessageId)>) {
        let state = self.machine.state();
        let entries = state.outbox(chat).cloned().collect();
        let last = state.chat(chat).map_or(0, |chat| chat.last_accepted());
        answer(reply, (entries, last));
    }

    /// Sends acknowledgements that wait for their time, then leaves.
    async fn close(&mut self) {
        let due_ms = self.now_ms() + ringpost_client_core::limits::ACK_WAIT_MS;
        self.machine.timeout(due_ms);
        self.carry_out_all().await;
        self.connection.flush().await;
        self.machine.input(due_ms, Input::Disconnect);
        self.carry_out_all().await;
    }

    /// Carries out every effect, and what follows from carrying them out. Once the storage failed nothing is.
    async fn carry_out_all(&mut self) {
        while !matches!(self.end, Some(End::Storage(_))) {
            let effects: Vec<Effect> = std::iter::from_fn(|| self.machine.next_effect()).collect();
            if effects.is_empty() {
                return;
            }
            let needs_durable = effects
                .iter()
                .any(|effect| matches!(effect, Effect::Transmit { .. } | Effect::Accepted { .. }));
            match self.keep(effects, needs_durable).await {
                Ok(effects) => effects
                    .into_iter()
                    .for_each(|effect| self.carry_out(effect)),
                Err(error) => self.end = Some(End::Storage(error.to_string())),
            }
        }
    }

    /// Keeps what the effects say, and gives them back.
    async fn keep(
        &mut self,
        effects: Vec<Effect>,
        durable: bool,
    ) -> Result<Vec<Effect>, StorageError> {
        let Some(mut storage) = self.storage.take() else {
            return Ok(effects);
        };
        if !storage.blocks() {
            let kept = storage.append(&effects, durable);
            self.storage = Some(storage);
            return kept.map(|()| effects);
        }
        let write = tokio::task::spawn_blocking(move || {
            let kept = storage.append(&effects, durable);
            (storage, kept.map(|()| effects))
        });
        match write.await {
            Ok((storage, kept)) => {
                self.storage = Some(storage);
                kept
            }
            Err(stopped) => Err(StorageError::System {
                what: "finish writing to",
                path: "the storage".into(),
                source: std::io::Error::other(stopped),
            }),
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Dial { target } => {
                self.is_at_target = target.is_some();
                let address = target.unwrap_or_else(|| self.address.clone());
                self.connection.dial(address);
            }
            Effect::Transmit { bytes } => self.connection.transmit(bytes),
            Effect::Hangup => self.connection.hang_up(),
            Effect::NeedToken { refused } => match (self.token)(refused) {
                Some(token) => self.input(Input::SetToken { token }),
                None => self.events.push(Event::NeedToken(refused)),
            },
            Effect::Accepted { chat, message_id } => self.sent_answer(chat, message_id, Ok(())),
            Effect::NotAccepted {
                chat,
                message_id,
                reason,
            } => self.sent_answer(chat, message_id, Err(SendError::NotAccepted(reason))),
            Effect::ChatOpened {
                user,
                chat,
                head,
                device_epoch,
            } => {
                let opened = OpenedChat {
                    chat,
                    head,
                    device_epoch,
                };
                self.open_answer(user, || Ok(opened));
            }
            Effect::OpenRefused { user, code } => {
                self.open_answer(user, || Err(OpenError::Refused(code)));
            }
            Effect::Failed(why) => self.end = Some(End::Session(why)),
            news => {
                if let Some(event) = Event::of(news) {
                    self.events.push(event);
                }
            }
        }
    }

    fn sent_answer(&mut self, chat: ChatId, id: MessageId, result: Result<(), SendError>) {
        if let Some(reply) = self.sends.remove(&(chat, id)) {
            answer(reply, result);
        }
    }

    fn open_answer(&mut self, user: UserId, result: impl Fn() -> Result<OpenedChat, OpenError>) {
        for reply in self.opens.remove(&user).unwrap_or_default() {
            answer(reply, result());
        }
    }
}

/// Drops a storage where that may take its time.
async fn release(storage: Box<dyn Storage>) {
    if storage.blocks() {
        // After a panic it is given up too.
        let released = tokio::task::spawn_blocking(move || drop(storage)).await;
        released.unwrap_or_default();
    }
}

/// Answers a request; that its caller has stopped waiting is no failure.
fn answer<T>(reply: oneshot::Sender<T>, value: T) {
    drop(reply.send(value));
}

#[cfg(test)]
mod tests;
