//! A session's rarer requests: opening a chat, and marking one as read.

use ringpost_storage_core::outcome;
use ringpost_wire::{ChatOpened, ErrorCode, MarkRead, OpenChat};

use super::Worker;
use crate::limits::SESSION_REQUESTS_MAX;
use crate::{Mail, Refusal, SessionId, Step};

impl Worker {
    pub(super) fn ask_open_chat(&mut self, id: SessionId, open: OpenChat) {
        let (rate, ticks_us) = (self.rates.opens, self.now.ticks_us);
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let opener = session.device.user;
        if let Err(wait_ms) = session.opens.take(rate, ticks_us) {
            let retry_after_ms = self.random.retry_after_ms(wait_ms);
            let code = ErrorCode::ChatLimit;
            return self.refuse_request(id, open.request, code, retry_after_ms);
        }
        let chat = ringpost_wire::ChatId::one_to_one(opener, open.user);
        let mail = Mail::OpenChat {
            session: id,
            request: open.request,
            opener,
            other: open.user,
        };
        self.ask_home(id, open.request, chat, mail);
    }

    pub(super) fn ask_mark_read(&mut self, id: SessionId, mark: MarkRead) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        let mail = Mail::MarkRead {
            session: id,
            device: session.device,
            chat: mark.chat,
            read_to: mark.read_to,
        };
        self.ask_home(id, 0, mark.chat, mail);
    }

    /// Posts a request unless the session has too many unanswered ones or the home has no room.
    fn ask_home(&mut self, id: SessionId, request: u32, chat: ringpost_wire::ChatId, mail: Mail) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let has_room = session.requests_unanswered < SESSION_REQUESTS_MAX;
        session.requests_unanswered += u8::from(has_room);
        let step = match mail {
            Mail::MarkRead { .. } => Step::ReadReceipts,
            _ => Step::NewSends,
        };
        if has_room && self.request(self.shards.chat_home(chat), mail) {
            return;
        }
        if has_room {
            self.one_answered(id);
        }
        self.counters.shed.add(step);
        let retry_after_ms = self.random.retry_after_ms(500);
        self.refuse_request(id, request, ErrorCode::Overloaded, retry_after_ms);
    }

    fn one_answered(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.requests_unanswered = session.requests_unanswered.saturating_sub(1);
        }
    }

    pub(super) fn read_marked(&mut self, id: SessionId, answer: Result<(), Refusal>) {
        self.one_answered(id);
        if let Err(refusal) = answer {
            self.refuse_request(id, 0, refusal.code, refusal.retry_after_ms);
        }
    }

    pub(super) fn chat_opened(
        &mut self,
        id: SessionId,
        request: u32,
        answer: Result<outcome::ChatOpened, Refusal>,
    ) {
        self.one_answered(id);
        match answer {
            Ok(opened) => {
                let opened = ChatOpened {
                    request,
                    chat: opened.chat,
                    head: opened.head,
                    device_epoch: opened.device_epoch,
                };
                self.write_control(id, |out| opened.encode(out));
            }
            Err(refusal) => self.refuse_request(id, request, refusal.code, refusal.retry_after_ms),
        }
    }
}
