//! Deliveries and receipts to sessions of this core: into the socket while there is room, otherwise the session is behind.
//!
//! Invariant: a delivery that is left out is either told to the client, or covered by what it was told before.

use bytes::Bytes;
use ringpost_wire::{
    Behind, ChatId, MessageView, Receipt, Seq, device_copy_bytes, write_device_copy,
};

use super::Worker;
use crate::session::Skipped;
use crate::{Group, Outgoing, SessionId, Step};

impl Worker {
    /// A message for sessions of this core.
    pub(super) fn deliver(&mut self, frame: &Bytes, sessions: &Group<SessionId>) {
        let Ok(message) = MessageView::of_deliver(frame) else {
            return;
        };
        for id in sessions.as_slice() {
            self.deliver_one(*id, frame, &message);
        }
    }

    fn deliver_one(&mut self, id: SessionId, frame: &Bytes, message: &MessageView<'_>) {
        let Some(session) = self.sessions.get(id).filter(|session| session.is_open()) else {
            return;
        };
        let chat = message.chat();
        let is_behind = session.behind_all
            || session
                .behind
                .as_ref()
                .is_some_and(|behind| behind.contains(chat));
        let bytes = device_copy_bytes(message, session.device);
        let fits = bytes.is_some_and(|bytes| bytes <= session.data_room_bytes());
        if is_behind || !fits {
            return self.skip(id, chat, message.seq());
        }
        let copy = if message.slice_count() == 0 {
            Outgoing::shared(frame.clone())
        } else {
            self.scratch.clear();
            write_device_copy(message, session.device, &mut self.scratch);
            Outgoing::copied(&self.scratch)
        };
        self.write_data(id, copy);
        self.counters.delivered += 1;
        let since_ms = self.now.clock_ms.saturating_sub(message.time_ms());
        self.counters.deliver.add(since_ms.saturating_mul(1_000));
    }

    /// Leaves a delivery out.
    fn skip(&mut self, id: SessionId, chat: ChatId, seq: Seq) {
        self.counters.skipped += 1;
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        session.skipped_in_pass = true;
        if session.behind_all {
            return;
        }
        let was_behind = session.is_behind();
        match session.behind.get_or_insert_default().skip(chat, seq) {
            Skipped::Known => {}
            Skipped::First => {
                self.session_counts.behind += usize::from(!was_behind);
                self.write_control(id, |out| Behind { chat, head: seq }.encode(out));
            }
            Skipped::TooMany => self.fall_behind_everywhere(id),
        }
    }

    /// Leaves out all deliveries until the client lists its pending chats again, and tells it to.
    pub(super) fn fall_behind_everywhere(&mut self, id: SessionId) {
        let Some(session) = self
            .sessions
            .get_mut(id)
            .filter(|session| session.is_open())
        else {
            return;
        };
        session.skipped_in_pass = true;
        if session.behind_all {
            return;
        }
        let was_behind = session.is_behind();
        session.behind_all = true;
        session.behind = None;
        self.session_counts.behind += usize::from(!was_behind);
        let all = Behind {
            chat: ChatId::default(),
            head: 0,
        };
        self.write_control(id, |out| all.encode(out));
    }

    /// The client is given a chat's log up to `to`. Answers the number up to which it must read on, if any.
    pub(super) fn read_up(&mut self, id: SessionId, chat: ChatId, to: Seq) -> Option<Seq> {
        if cfg!(planted = "behind_cleared_early") {
            self.forget_behind(id, chat);
            return None;
        }
        let session = self.sessions.get_mut(id)?;
        let left_out = session.behind.as_mut()?.read(chat, to);
        self.drop_empty_behind(id);
        left_out
    }

    /// The chat is no longer behind: there is nothing to read.
    pub(super) fn forget_behind(&mut self, id: SessionId, chat: ChatId) {
        let session = self.sessions.get_mut(id);
        if let Some(behind) = session.and_then(|session| session.behind.as_mut()) {
            behind.forget(chat);
            self.drop_empty_behind(id);
        }
    }

    fn drop_empty_behind(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let dropped = session.behind.take_if(|behind| behind.is_empty());
        if dropped.is_some() && !session.is_behind() {
            self.session_counts.behind -= 1;
        }
    }

    /// A receipt for sessions of this core. It is left out where there is no room: pages and lists carry the marks too.
    pub(super) fn deliver_receipt(&mut self, receipt: &Receipt, sessions: &Group<SessionId>) {
        self.scratch.clear();
        receipt.encode(&mut self.scratch);
        let frame = Outgoing::copied(&self.scratch);
        for id in sessions.as_slice() {
            let Some(session) = self.sessions.get(*id).filter(|session| session.is_open()) else {
                continue;
            };
            if session.data_room_bytes() < Receipt::FRAME_BYTES {
                self.counters.shed.add(Step::ReadReceipts);
                continue;
            }
            self.write_data(*id, frame.clone());
        }
    }
}
