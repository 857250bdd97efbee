//! A session's sends: what is refused on the spot, what goes to the chat's home, and the answers that come back.

use bytes::Bytes;
use ringpost_wire::{Answer, ChatId, ErrorCode, MessageView, Refused, Sent};

use super::Worker;
use super::admission::Kind;
use crate::{CoreId, Mail, SendAnswer, SendResult, SessionId, Step};

impl Worker {
    pub(super) fn send(&mut self, id: SessionId, message: &MessageView<'_>) {
        let (chat, client_seq) = (message.chat(), message.client_seq());
        match self.admit_send(id, chat, message) {
            Ok(()) => self.pass_send_on(id, message),
            Err((code, wait_ms)) => self.refuse_send(id, chat, client_seq, (code, wait_ms)),
        }
    }

    /// What speaks against a send before its home is asked, and how long to wait, in milliseconds.
    fn admit_send(
        &mut self,
        id: SessionId,
        chat: ChatId,
        message: &MessageView<'_>,
    ) -> Result<(), (ErrorCode, u64)> {
        let (rate, ticks_us) = (self.rates.sends, self.now.ticks_us);
        let home = self.shards.chat_home(chat);
        let has_room = self.outboxes[usize::from(home.0)].has_request_room();
        let Some(session) = self.sessions.get_mut(id) else {
            return Ok(());
        };
        let sending = session.sending.get_or_insert_default();
        if sending.is_refused_before(chat, message.client_seq(), message.unanswered()) {
            return Err((ErrorCode::RefusedBefore, self.load.refused_again()));
        }
        if sending.is_full(chat) {
            return Err((ErrorCode::TooManyUnanswered, 0));
        }
        if !has_room {
            return Err((ErrorCode::Overloaded, 1_000));
        }
        let taken = session.sends.take(rate, ticks_us);
        taken.map_err(|wait_ms| (ErrorCode::RateLimited, wait_ms))?;
        if home == self.config.core {
            // Before anything is copied: a refusal must cost little.
            self.admit(Kind::Send)?;
        }
        Ok(())
    }

    fn pass_send_on(&mut self, id: SessionId, message: &MessageView<'_>) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let chat = message.chat();
        let sending = session.sending.get_or_insert_default();
        sending.passed_on(chat, message.client_seq());
        let mail = Mail::Send {
            session: id,
            device: session.device,
            frame: Bytes::copy_from_slice(message.frame()),
        };
        let home = self.shards.chat_home(chat);
        self.outbox(home).request(mail);
    }

    fn refuse_send(
        &mut self,
        id: SessionId,
        chat: ChatId,
        client_seq: u64,
        (code, wait_ms): (ErrorCode, u64),
    ) {
        let refused = Refused {
            chat,
            client_seq,
            code,
            expected: 0,
            retry_after_ms: self.random.retry_after_ms(wait_ms),
            device_epoch: 0,
        };
        self.write_refused(id, &refused);
    }

    /// Answers from a chat home, in the order in which it decided.
    pub(super) fn sends_answered(&mut self, home: CoreId, answers: &[SendAnswer]) {
        self.outbox(home).answered(answers.len());
        for answer in answers {
            let id = answer.session;
            let Some(session) = self.sessions.get_mut(id) else {
                continue;
            };
            let sending = session.sending.get_or_insert_default();
            match &answer.result {
                SendResult::Sent(sent) => {
                    sending.answered(sent.chat);
                    sending.seen(sent.chat, sent.client_seq);
                    self.write_sent(id, sent);
                }
                SendResult::Refused(refused) => {
                    sending.answered(refused.chat);
                    self.write_refused(id, refused);
                }
            }
        }
    }

    fn write_sent(&mut self, id: SessionId, sent: &Sent) {
        self.write_control(id, |out| sent.encode(out));
    }

    /// Tells the sender, and remembers a refusal for load so that later numbers do not overtake.
    fn write_refused(&mut self, id: SessionId, refused: &Refused) {
        *self.counters.refused.entry(refused.code).or_default() += 1;
        let is_for_load = refused.code.answer() == Answer::RetrySame;
        if is_for_load {
            self.counters.shed.add(Step::NewSends);
            if let Some(session) = self.sessions.get_mut(id) {
                let sending = session.sending.get_or_insert_default();
                sending.refused_for_load(refused.chat, refused.client_seq);
            }
        }
        self.write_control(id, |out| refused.encode(out));
    }
}
