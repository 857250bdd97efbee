//! Opening one-to-one chats, and read marks: requests that are safe to repeat and are repeated on the next connection.

use std::collections::{BTreeMap, VecDeque};

use ringpost_wire::{
    Answer, ChatId, ChatOpened, ErrorCode, Failure, MarkRead, OpenChat, Seq, UserId,
};

use crate::effect::Effect;
use crate::inbox::stream_of;
use crate::limits::{OPENS_MAX, READ_MARKS_MAX, RETRY_AFTER_MS_MAX, RETRY_WAIT_MS};
use crate::machine::Machine;
use crate::timers::Timer;

/// Chats to open whose answer is not there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Opens {
    unasked: VecDeque<UserId>,
    asked: BTreeMap<u32, UserId>,
}

impl Opens {
    pub(crate) fn is_asked(&self) -> bool {
        !self.asked.is_empty()
    }

    pub(crate) fn connection_lost(&mut self) {
        let asked = core::mem::take(&mut self.asked);
        self.unasked.extend(asked.into_values());
    }

    fn contains(&self, user: UserId) -> bool {
        self.unasked.contains(&user) || self.asked.values().any(|asked| *asked == user)
    }
}

/// Read marks that are not known to have arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    unsent: BTreeMap<ChatId, Seq>,
    sent: BTreeMap<ChatId, Seq>,
}

impl Marks {
    /// Frames sent before a heartbeat that was answered have arrived.
    pub(crate) fn settled(&mut self) {
        self.sent.clear();
    }

    pub(crate) fn connection_lost(&mut self) {
        for (chat, read_to) in core::mem::take(&mut self.sent) {
            self.add(chat, read_to);
        }
    }

    fn add(&mut self, chat: ChatId, read_to: Seq) {
        let mark = self.unsent.entry(chat).or_default();
        *mark = read_to.max(*mark);
        if self.unsent.len() > READ_MARKS_MAX {
            self.unsent.pop_first();
        }
    }
}

impl Machine {
    pub(crate) fn open_chat(&mut self, user: UserId) {
        if self.opens.contains(user) {
            return;
        }
        if self.opens.unasked.len() + self.opens.asked.len() >= OPENS_MAX {
            let code = ErrorCode::Overloaded;
            self.effects.push_back(Effect::OpenRefused { user, code });
            return;
        }
        self.opens.unasked.push_back(user);
    }

    pub(crate) fn pump_opens(&mut self) {
        if self.timers.is_set(Timer::Open) {
            return;
        }
        while let Some(user) = self.opens.unasked.pop_front() {
            let request = self.link.next_request();
            self.opens.asked.insert(request, user);
            self.transmit(|out| OpenChat { request, user }.encode(out));
        }
    }

    pub(crate) fn chat_opened(&mut self, opened: &ChatOpened) {
        let Some(user) = self.opens.asked.remove(&opened.request) else {
            return;
        };
        self.link.was_answered = true;
        let stream = stream_of(&mut self.streams, opened.chat, self.unknown_at);
        stream.head = stream.head.max(opened.head);
        if opened.head == 0 && stream.passed().is_none() {
            stream.jump(0);
        }
        self.watch_gap(opened.chat);
        self.effects.push_back(Effect::ChatOpened {
            user,
            chat: opened.chat,
            head: opened.head,
            device_epoch: opened.device_epoch,
        });
    }

    /// Answers whether the failure was an answer to one of these requests.
    pub(crate) fn open_failed(&mut self, failure: &Failure<'_>) -> bool {
        let Some(user) = self.opens.asked.remove(&failure.request) else {
            return false;
        };
        if failure.code.answer() == Answer::RetrySame {
            self.opens.unasked.push_back(user);
            let wait_ms =
                u64::from(failure.retry_after_ms).clamp(RETRY_WAIT_MS, RETRY_AFTER_MS_MAX);
            self.timers.set(Timer::Open, self.now_ms + wait_ms);
        } else {
            let code = failure.code;
            self.effects.push_back(Effect::OpenRefused { user, code });
        }
        true
    }

    pub(crate) fn mark_read(&mut self, chat: ChatId, read_to: Seq) {
        self.marks.add(chat, read_to);
    }

    pub(crate) fn pump_marks(&mut self) {
        while let Some((chat, read_to)) = self.marks.unsent.pop_first() {
            self.transmit(|out| MarkRead { chat, read_to }.encode(out));
            let mark = self.marks.sent.entry(chat).or_default();
            *mark = read_to.max(*mark);
            if self.marks.sent.len() > READ_MARKS_MAX {
                self.marks.sent.pop_first();
            }
        }
    }
}
