//! Catching up: passes over the list of pending chats until the server says that this device has everything.
//!
//! A pass asks page after page for the chats that hold something; each is then read, newest first. The next pass begins when
//! all of it is read, confirmed and acknowledged.

use ringpost_wire::{Answer, Behind, ChatId, Failure, ListPending, PendingChat, PendingList};

use super::recovery::Recovery;
use super::stream::stream_of;
use crate::effect::Effect;
use crate::limits::{LIST_CHATS_MAX, LIST_WAIT_MS, LIST_WAIT_MS_MAX, RETRY_AFTER_MS_MAX};
use crate::machine::Machine;
use crate::timers::Timer;

/// How far the catching up is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Progress {
    /// Not in a session.
    #[default]
    Off,
    /// A pass is wanted at once.
    Wanted,
    /// A page of the list is asked for.
    Asked { request: u32 },
    /// A pass is over and another follows when everything is read and acknowledged.
    Settling,
    /// The server said that this device has everything.
    CaughtUp,
}

/// The passes over the list of pending chats.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lister {
    progress: Progress,
    /// Another pass was wanted while one was running.
    is_wanted_again: bool,
    after: Vec<u8>,
    /// The running pass lists every chat.
    is_of_all: bool,
    waits: u32,
}

impl Lister {
    pub(crate) fn is_asked(&self) -> bool {
        matches!(self.progress, Progress::Asked { .. })
    }

    pub(crate) fn is_caught_up(&self) -> bool {
        self.progress == Progress::CaughtUp
    }

    pub(crate) fn session_began(&mut self) {
        *self = Self {
            progress: Progress::Wanted,
            ..Self::default()
        };
    }

    pub(crate) fn connection_lost(&mut self) {
        *self = Self::default();
    }

    /// Begin a pass now, or after the running one.
    pub(crate) fn want(&mut self) {
        match self.progress {
            Progress::Off => {}
            Progress::Asked { .. } => self.is_wanted_again = true,
            _ => self.progress = Progress::Wanted,
        }
    }
}

impl Machine {
    pub(crate) fn pump_lister(&mut self) {
        let is_waiting = self.timers.is_set(Timer::List);
        match self.lister.progress {
            Progress::Wanted if !is_waiting => {
                self.lister.after.clear();
                self.lister.is_of_all = self.recovery.wants_all();
                for chat in &self.unplaced {
                    if let Some(stream) = self.streams.get_mut(chat) {
                        stream.head_before_pass = stream.head;
                    }
                }
                self.ask_list();
            }
            Progress::Settling if !is_waiting && self.is_settled() => {
                let most_ms = LIST_WAIT_MS << self.lister.waits.min(16);
                self.lister.waits += 1;
                let at_ms = self.now_ms + most_ms.min(LIST_WAIT_MS_MAX);
                self.timers.set(Timer::List, at_ms);
            }
            _ => {}
        }
    }

    /// The wait before the next pass is over.
    pub(crate) fn list_again(&mut self) {
        if self.lister.progress == Progress::Settling && self.is_settled() {
            self.lister.progress = Progress::Wanted;
        }
    }

    fn is_settled(&self) -> bool {
        self.reader.is_quiet() && self.unconfirmed == 0 && self.acks.is_empty()
    }

    fn ask_list(&mut self) {
        let all = self.lister.is_of_all;
        let request = self.link.next_request();
        self.lister.progress = Progress::Asked { request };
        let after = core::mem::take(&mut self.lister.after);
        self.transmit(|out| {
            let list = ListPending {
                request,
                after: &after,
                chats_max: LIST_CHATS_MAX,
                all,
            };
            list.encode(out);
        });
    }

    pub(crate) fn pending_list(&mut self, list: &PendingList) {
        if (self.lister.progress
            != Progress::Asked {
                request: list.request,
            })
            || (!list.complete && list.next.is_empty())
        {
            return self.give_up();
        }
        self.link.was_answered = true;
        for chat in &list.chats {
            self.pending_chat(chat);
        }
        if !list.complete {
            self.lister.after.clone_from(&list.next);
            return self.ask_list();
        }
        self.place_the_unlisted();
        if self.lister.is_of_all || cfg!(planted = "set_back_chats_unlisted") {
            self.recovery.listed_all();
        }
        if core::mem::take(&mut self.lister.is_wanted_again) {
            self.lister.progress = Progress::Wanted;
        } else if list.caught_up && self.is_recovered() {
            self.recovery = Recovery::None;
            self.lister.progress = Progress::CaughtUp;
            self.lister.waits = 0;
            self.effects.push_back(Effect::CaughtUp);
        } else {
            self.lister.progress = Progress::Settling;
        }
    }

    fn pending_chat(&mut self, pending: &PendingChat) {
        let chat = pending.chat;
        let Some(before) = pending.from.checked_sub(1) else {
            return self.give_up();
        };
        let stream = stream_of(&mut self.streams, chat, self.unknown_at);
        stream.head = stream.head.max(pending.head);
        stream.acked_before = before;
        let is_set_back = stream.had_unconfirmed(before);
        // A state set back to a copy stands before what was acknowledged: all that follows it is read again.
        if stream.passed().is_none() {
            let waiting = stream.waiting_bytes();
            stream.jump(before);
            self.waiting_bytes = self.waiting_bytes + stream.waiting_bytes() - waiting;
        }
        self.unplaced.remove(&chat);
        // What the server lacks of this device's acknowledgements is told again.
        stream.owes_ack |= pending.from <= pending.head;
        stream.acked = before;
        if stream.has_gap() {
            self.pull(chat, pending.last_time_ms);
        }
        self.drain(chat);
        self.effects.push_back(Effect::Receipt {
            chat,
            user: None,
            delivered_to: pending.delivered_to,
            read_to: pending.read_to,
        });
        if is_set_back {
            self.found_set_back();
        }
    }

    /// A chat that was known to hold something before the pass and is not listed: this device has all of that.
    fn place_the_unlisted(&mut self) {
        let unplaced = core::mem::take(&mut self.unplaced);
        for chat in unplaced {
            let Some(stream) = self.streams.get_mut(&chat) else {
                continue;
            };
            let head = core::mem::take(&mut stream.head_before_pass);
            if stream.passed().is_some() {
                continue;
            }
            if head == 0 {
                self.unplaced.insert(chat);
                continue;
            }
            stream.jump(head);
            if stream.has_gap() {
                self.pull(chat, u64::MAX);
            }
        }
    }

    /// A message of a chat whose position is not known: the list of pending chats tells it.
    pub(crate) fn place(&mut self, chat: ChatId) {
        if self.unplaced.insert(chat) {
            self.lister.want();
        }
    }

    pub(crate) fn behind(&mut self, behind: &Behind) {
        if behind.chat == ChatId::default() {
            self.timers.clear(Timer::List);
            self.lister.want();
            return;
        }
        let stream = stream_of(&mut self.streams, behind.chat, self.unknown_at);
        stream.head = stream.head.max(behind.head);
        // The server pushes this chat again only after a page that reached its head, even if nothing is missing here.
        if stream.passed().is_some() {
            self.pull(behind.chat, u64::MAX);
        } else {
            self.place(behind.chat);
        }
    }

    /// Answers whether the failure was the answer to the list asked for.
    pub(crate) fn list_failed(&mut self, failure: &Failure<'_>) -> bool {
        let request = failure.request;
        if self.lister.progress != (Progress::Asked { request }) {
            return false;
        }
        self.lister.progress = Progress::Wanted;
        let asked_ms = u64::from(failure.retry_after_ms).min(RETRY_AFTER_MS_MAX);
        let least_ms = if failure.code.answer() == Answer::RetrySame {
            LIST_WAIT_MS
        } else {
            LIST_WAIT_MS_MAX
        };
        self.timers
            .set(Timer::List, self.now_ms + asked_ms.max(least_ms));
        true
    }
}
