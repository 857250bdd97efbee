//! Reading pages of the log, one at a time: to fill what is missing, and to look whether an own message is there.
//!
//! A page's messages come as `Deliver` frames before its `Page` and take the same way as pushed ones; the page itself tells
//! which numbers are empty and how far it reached.

use std::collections::BTreeSet;

use ringpost_wire::{Answer, ChatId, Failure, Page, ReadPage, Seq};

use super::pulls::Pulls;
use super::stream::Item;
use crate::effect::Effect;
use crate::limits::{
    PULL_BYTES_MAX, PULL_MESSAGES_MAX, PULL_WAIT_MS, RETRY_AFTER_MS_MAX, RETRY_WAIT_MS,
    UNCONFIRMED_MAX,
};
use crate::machine::Machine;
use crate::timers::Timer;

/// What a page is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// Messages for the application.
    Pull,
    /// Own messages whose fate is not known.
    Look,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    request: u32,
    chat: ChatId,
    from: Seq,
    purpose: Purpose,
}

/// Pages to read, and the one being read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reader {
    pulls: Pulls,
    looks: BTreeSet<ChatId>,
    asked: Option<Asked>,
}

impl Reader {
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.is_some()
    }

    /// Whether nothing is being read or waits to be.
    pub(crate) fn is_quiet(&self) -> bool {
        self.asked.is_none() && self.pulls.is_empty()
    }

    /// Whether `chat` is being read or waits to be.
    pub(crate) fn covers(&self, chat: ChatId) -> bool {
        self.pulls.contains(chat) || self.is_reading(chat)
    }

    /// Whether a page of `chat` is on its way.
    pub(crate) fn is_reading(&self, chat: ChatId) -> bool {
        self.asked.is_some_and(|asked| asked.chat == chat)
    }

    /// Whether a page of `chat` is on its way in which own messages are looked for.
    pub(crate) fn is_looking(&self, chat: ChatId) -> bool {
        self.asked
            .is_some_and(|asked| asked.chat == chat && asked.purpose == Purpose::Look)
    }

    pub(crate) fn look(&mut self, chat: ChatId) {
        self.looks.insert(chat);
    }

    pub(crate) fn look_is_over(&mut self, chat: ChatId) {
        self.looks.remove(&chat);
    }

    /// What is missing is asked for anew: the next session begins with the list of pending chats.
    pub(crate) fn connection_lost(&mut self) {
        self.pulls.clear();
        self.looks.clear();
        self.asked = None;
    }
}

impl Machine {
    /// Reads the log of `chat` from the first missing number on. `time_ms` orders the chats: newest first.
    pub(crate) fn pull(&mut self, chat: ChatId, time_ms: u64) {
        self.timers.clear(Timer::Gap(chat));
        self.reader.pulls.add(chat, time_ms);
    }

    /// Whether the application takes more.
    fn has_room(&self) -> bool {
        self.unconfirmed < UNCONFIRMED_MAX && self.held.is_empty()
    }

    /// A missing number did not come by itself. The list tells whether it was acknowledged before: then the state was set back.
    pub(crate) fn gap_stays(&mut self, chat: ChatId) {
        // Where the application is slow the gap may be made here: what is too far ahead is dropped.
        if self.has_room() {
            self.lister.want();
        }
        self.pull(chat, u64::MAX);
    }

    pub(crate) fn pump_reader(&mut self) {
        while self.reader.asked.is_none() && !self.timers.is_set(Timer::Reader) {
            if let Some(chat) = self.reader.looks.first().copied() {
                match self.look_from(chat) {
                    Some(from) => self.ask_page(chat, from, Purpose::Look),
                    None => {
                        self.reader.looks.remove(&chat);
                    }
                }
            } else if self.has_room() {
                let Some(chat) = self.reader.pulls.pop_newest() else {
                    return;
                };
                let stream = self.streams.get(&chat);
                if let Some(from) = stream.and_then(|stream| stream.first_missing()) {
                    self.ask_page(chat, from, Purpose::Pull);
                }
            } else {
                return;
            }
        }
    }

    fn ask_page(&mut self, chat: ChatId, from: Seq, purpose: Purpose) {
        let request = self.link.next_request();
        self.reader.asked = Some(Asked {
            request,
            chat,
            from,
            purpose,
        });
        self.transmit(|out| {
            let page = ReadPage {
                request,
                chat,
                from,
                messages_max: PULL_MESSAGES_MAX,
                bytes_max: PULL_BYTES_MAX,
            };
            page.encode(out);
        });
    }

    /// The end of a page.
    pub(crate) fn page(&mut self, page: &Page) {
        let Some(asked) = self.reader.asked else {
            return;
        };
        let is_answer = asked.request == page.request && asked.chat == page.chat;
        if !is_answer || page.from != asked.from || page.to.saturating_add(1) < page.from {
            return self.give_up();
        }
        self.link.was_answered = true;
        self.reader.asked = None;
        self.take_page(page);
        if page.to < page.from && !page.complete {
            self.timers.set(Timer::Reader, self.now_ms + PULL_WAIT_MS);
        }
        match asked.purpose {
            Purpose::Pull => self.pulled(page),
            Purpose::Look => self.looked(page),
        }
    }

    /// Takes the page's empty numbers and the chat's marks.
    fn take_page(&mut self, page: &Page) {
        let Some(stream) = self.streams.get_mut(&page.chat) else {
            return;
        };
        stream.head = stream.head.max(page.head);
        let before = stream.waiting_bytes();
        let is_placed = stream.passed().is_some();
        for range in page.empty.iter().filter(|_| is_placed) {
            if range.from > 0 && range.from <= range.to && range.to <= page.to {
                let (to, reason) = (range.to, range.reason);
                stream.offer(range.from, Item::Empty { to, reason });
            }
        }
        self.waiting_bytes = self.waiting_bytes + stream.waiting_bytes() - before;
        self.drain(page.chat);
        self.effects.push_back(Effect::Receipt {
            chat: page.chat,
            user: None,
            delivered_to: page.delivered_to,
            read_to: page.read_to,
        });
    }

    fn pulled(&mut self, page: &Page) {
        let Some(stream) = self.streams.get(&page.chat) else {
            return;
        };
        let brought_nothing = stream.first_missing() == Some(page.from);
        if !page.complete || stream.has_gap() {
            if brought_nothing {
                self.timers
                    .set_if_clear(Timer::Reader, self.now_ms + PULL_WAIT_MS);
            }
            self.pull(page.chat, u64::MAX);
        }
    }

    /// Answers whether the failure was the answer to the page asked for.
    pub(crate) fn page_failed(&mut self, failure: &Failure<'_>) -> bool {
        let Some(asked) = self.reader.asked else {
            return false;
        };
        if asked.request != failure.request {
            return false;
        }
        self.reader.asked = None;
        let is_again = failure.code.answer() == Answer::RetrySame;
        if is_again {
            let wait_ms =
                u64::from(failure.retry_after_ms).clamp(RETRY_WAIT_MS, RETRY_AFTER_MS_MAX);
            self.timers.set(Timer::Reader, self.now_ms + wait_ms);
        }
        match (asked.purpose, is_again) {
            (Purpose::Pull, true) => self.pull(asked.chat, u64::MAX),
            (Purpose::Pull, false) => self.unreadable(asked.chat, failure),
            (Purpose::Look, true) => self.reader.look(asked.chat),
            (Purpose::Look, false) => self.look_failed(asked.chat, failure.code),
        }
        true
    }

    /// The chat's log may not be read: stop waiting for what is missing.
    fn unreadable(&mut self, chat: ChatId, failure: &Failure<'_>) {
        if let Some(stream) = self.streams.get_mut(&chat) {
            stream.head = stream.passed().unwrap_or(0);
            stream.acked_before = 0;
        }
        self.effects.push_back(Effect::Noticed {
            code: failure.code,
            detail: failure.detail.to_owned(),
        });
    }
}
