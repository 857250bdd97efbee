//! What the SDK tells the application, and the queue it comes through.
//!
//! The queue holds at most about `limits::EVENTS_MAX` events: past it sends are not accepted and receipts are dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ringpost_client_core::{ConnectionState, Effect, Ended, Incoming};
use ringpost_wire::{ChatId, EmptyReason, ErrorCode, MessageId, Seq, UserId};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::limits::EVENTS_MAX;
use crate::tls::TlsFailure;

/// Something for the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A message arrived: keep it, then confirm it.
    Delivered(Incoming),
    /// A message that this device sent, as the server has it, which is not in the outbox. It is in the history; known from before,
    /// unless the storage was set back to a copy. Nothing is confirmed. Left out where too many events wait.
    Own(Incoming),
    /// A message is stored. May come again after a restart.
    Sent {
        /// The chat.
        chat: ChatId,
        /// The message.
        message_id: MessageId,
        /// Its place in the chat.
        seq: Seq,
        /// Its time by the server, in milliseconds since 1970.
        time_ms: u64,
    },
    /// A message was refused for good.
    Refused {
        /// The chat.
        chat: ChatId,
        /// The message.
        message_id: MessageId,
        /// Why.
        code: ErrorCode,
        /// With `DevicesChanged`: the current version of the device list.
        device_epoch: u32,
    },
    /// Whether a message was stored cannot be found out any more.
    Undetermined {
        /// The chat.
        chat: ChatId,
        /// The message.
        message_id: MessageId,
    },
    /// How far a member, or the least of all others (`None`), has got.
    Receipt {
        /// The chat.
        chat: ChatId,
        /// The member.
        user: Option<UserId>,
        /// Everything up to this is delivered.
        delivered_to: Seq,
        /// Everything up to this is read.
        read_to: Seq,
    },
    /// Numbers of a chat hold nothing for this device.
    Empty {
        /// The chat.
        chat: ChatId,
        /// First number.
        from: Seq,
        /// Last number.
        to: Seq,
        /// Why.
        reason: EmptyReason,
    },
    /// Everything that was there has been delivered.
    CaughtUp,
    /// The connection's state changed.
    Connection(ConnectionState),
    /// A token is needed and the token source gave none: call `Client::set_token`.
    NeedToken(Option<ErrorCode>),
    /// The server said something that concerns no message.
    Noticed {
        /// Its code.
        code: ErrorCode,
        /// Its words.
        detail: String,
    },
    /// The server's TLS is not what the client can trust or understand this time. It is tried again, as after a lost connection.
    HandshakeFailed(TlsFailure),
    /// The session is over for good. No event follows, and the storage is free.
    Ended(Ended),
    /// The server's TLS was never what the client can trust or understand, `limits::HANDSHAKES_MAX` times in a row. No event
    /// follows, and the storage is free.
    TlsFailed(TlsFailure),
    /// The storage failed: nothing is kept any more. No event follows, and the storage is free.
    StorageFailed(String),
}

impl Event {
    /// The event of an effect that is news for the application.
    pub(crate) fn of(effect: Effect) -> Option<Self> {
        Some(match effect {
            Effect::Deliver(message) => Self::Delivered(message),
            Effect::Own(message) => Self::Own(message),
            Effect::CaughtUp => Self::CaughtUp,
            Effect::State(state) => Self::Connection(state),
            Effect::Noticed { code, detail } => Self::Noticed { code, detail },
            Effect::Sent {
                chat,
                message_id,
                seq,
                time_ms,
            } => Self::Sent {
                chat,
                message_id,
                seq,
                time_ms,
            },
            Effect::Refused {
                chat,
                message_id,
                code,
                device_epoch,
            } => Self::Refused {
                chat,
                message_id,
                code,
                device_epoch,
            },
            Effect::Undetermined { chat, message_id } => Self::Undetermined { chat, message_id },
            Effect::Receipt {
                chat,
                user,
                delivered_to,
                read_to,
            } => Self::Receipt {
                chat,
                user,
                delivered_to,
                read_to,
            },
            Effect::Empty {
                chat,
                from,
                to,
                reason,
            } => Self::Empty {
                chat,
                from,
                to,
                reason,
            },
            _ => return None,
        })
    }

    /// Whether the application misses nothing for good when it is left out.
    fn is_optional(&self) -> bool {
        matches!(
            self,
            Self::Receipt { .. }
                | Self::Connection(_)
                | Self::HandshakeFailed(_)
                | Self::Noticed { .. }
                | Self::Own(_)
        )
    }
}

/// The application's end of the queue.
#[derive(Debug)]
pub struct Events {
    receiver: UnboundedReceiver<Event>,
    waiting: Arc<AtomicUsize>,
}

/// The task's end of the queue.
#[derive(Clone, Debug)]
pub(crate) struct EventQueue {
    sender: UnboundedSender<Event>,
    waiting: Arc<AtomicUsize>,
}

pub(crate) fn queue() -> (EventQueue, Events) {
    let (sender, receiver) = unbounded_channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    let events = Events {
        receiver,
        waiting: Arc::clone(&waiting),
    };
    (EventQueue { sender, waiting }, events)
}

impl EventQueue {
    pub(crate) fn push(&self, event: Event) {
        if event.is_optional() && self.is_full() {
            return;
        }
        if self.sender.send(event).is_ok() {
            self.waiting.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) >= EVENTS_MAX
    }
}

impl Events {
    /// The next event; `None` once the client has ended and every event was taken.
    pub async fn next(&mut self) -> Option<Event> {
        let event = self.receiver.recv().await?;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Some(event)
    }

    /// The next event if one waits.
    pub fn try_next(&mut self) -> Option<Event> {
        let event = self.receiver.try_recv().ok()?;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Some(event)
    }
}
