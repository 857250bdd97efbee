//! Messages as they come, pushed or from a page: put in order, given to the application, own ones recognised.
//!
//! At most `limits::UNCONFIRMED_MAX` messages are with the application unconfirmed; beyond it nothing is delivered and
//! no page is asked for, so memory stays bounded whatever the server pushes.

use bytes::Bytes;
use ringpost_wire::{ChatId, MessageView, Seq};

use super::stream::{Item, stream_of};
use crate::effect::{Effect, Incoming};
use crate::limits::{GAP_TOTAL_BYTES_MAX, GAP_WAIT_MS, UNCONFIRMED_MAX};
use crate::machine::Machine;
use crate::timers::Timer;

fn incoming(message: &MessageView<'_>) -> Incoming {
    Incoming {
        chat: message.chat(),
        seq: message.seq(),
        sender: message.sender(),
        message_id: message.message_id(),
        time_ms: message.time_ms(),
        content_class: message.content_class(),
        payload: Bytes::copy_from_slice(message.payload()),
    }
}

impl Machine {
    pub(crate) fn message(&mut self, message: &MessageView<'_>) {
        let is_own = Some(message.sender()) == self.state.owner();
        let is_awaited = is_own && self.own_message_seen(message);
        let is_placed = self
            .streams
            .get(&message.chat())
            .is_some_and(|stream| stream.passed().is_some());
        if self.reader.is_looking(message.chat()) && !is_placed {
            // What is read to find own messages says nothing about where this device stands, and a push looks the same.
            if !is_own {
                self.note_head(message.chat(), message.seq());
            }
            return;
        }
        let item = match is_own {
            true => Item::Own((!is_awaited).then(|| incoming(message))),
            false => Item::Message(incoming(message)),
        };
        self.offer(message.chat(), message.seq(), item);
    }

    /// A chat holds something, and where this device stands in it is not known: the list of pending chats tells it.
    fn note_head(&mut self, chat: ChatId, seq: Seq) {
        let stream = stream_of(&mut self.streams, chat, self.unknown_at);
        stream.head = stream.head.max(seq);
        if stream.passed().is_some() {
            self.watch_gap(chat);
        } else {
            self.place(chat);
        }
    }

    /// Takes what stands at a number of a chat, and gives to the application whatever is in order then.
    pub(crate) fn offer(&mut self, chat: ChatId, seq: Seq, item: Item) {
        let is_own = matches!(item, Item::Own(_));
        let is_page = self.reader.is_reading(chat);
        let is_full = self.waiting_bytes >= GAP_TOTAL_BYTES_MAX && !is_page;
        let stream = stream_of(&mut self.streams, chat, self.unknown_at);
        if is_full && stream.passed().map(|passed| passed + 1) != Some(seq) {
            stream.head = stream.head.max(seq);
        } else {
            let before = stream.waiting_bytes();
            stream.offer(seq, item);
            self.waiting_bytes = self.waiting_bytes + stream.waiting_bytes() - before;
        }
        if stream.passed().is_some() {
            self.unplaced.remove(&chat);
            self.drain(chat);
        } else if !is_own {
            self.place(chat);
        }
    }

    /// Gives to the application what is in order.
    pub(crate) fn drain(&mut self, chat: ChatId) {
        let Some(stream) = self.streams.get_mut(&chat) else {
            return;
        };
        let before = stream.waiting_bytes();
        let mut is_set_back = false;
        while self.unconfirmed < UNCONFIRMED_MAX {
            let Some((seq, item)) = stream.take() else {
                break;
            };
            match item {
                Item::Own(None) => {}
                Item::Own(Some(message)) => self.effects.push_back(Effect::Own(message)),
                Item::Message(message) => {
                    is_set_back |= seq <= stream.acked_before;
                    self.unconfirmed += 1;
                    stream.owes_ack = true;
                    self.effects.push_back(Effect::Deliver(message));
                }
                Item::Empty { to, reason } => {
                    stream.owes_ack = true;
                    self.effects.push_back(Effect::Empty {
                        chat,
                        from: seq,
                        to,
                        reason,
                    });
                }
            }
        }
        self.waiting_bytes = self.waiting_bytes + stream.waiting_bytes() - before;
        if stream.is_ready() {
            self.held.insert(chat);
        } else {
            self.held.remove(&chat);
        }
        self.watch_gap(chat);
        self.cursor_moved(chat, 0);
        if is_set_back {
            self.found_set_back();
        }
    }

    /// Confirmations made room: go on with the chats that waited for it.
    pub(crate) fn resume_held(&mut self) {
        while self.unconfirmed < UNCONFIRMED_MAX {
            let Some(chat) = self.held.pop_first() else {
                return;
            };
            self.drain(chat);
        }
    }

    /// A missing number may come by itself for a short time; then the log is read.
    pub(crate) fn watch_gap(&mut self, chat: ChatId) {
        let has_gap = self
            .streams
            .get(&chat)
            .is_some_and(|stream| stream.has_gap());
        let timer = Timer::Gap(chat);
        if !has_gap {
            self.timers.clear(timer);
        } else if !self.reader.covers(chat) {
            self.timers.set_if_clear(timer, self.now_ms + GAP_WAIT_MS);
        }
    }
}
