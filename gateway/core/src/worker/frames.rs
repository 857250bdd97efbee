//! What a session accepts in each of its states, and who handles it. Anything else ends the session.

use ringpost_wire::{Ack, ClientFrame, ErrorCode, Failure, FrameKind, Ping, Pong};

use super::Worker;
use crate::session::Phase;
use crate::{DeviceAck, SessionId, Step};

impl Worker {
    /// A whole frame of a session.
    pub(super) fn frame(&mut self, id: SessionId, kind: FrameKind, frame: &[u8]) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        if !self.may_be_so_large(id, frame.len()) {
            return self.fail(id, ErrorCode::FrameTooLarge, "before authentication");
        }
        let is_expected = match session.phase {
            Phase::AwaitingHello => kind == FrameKind::Hello,
            Phase::Authenticating => false,
            Phase::Live | Phase::Draining => kind != FrameKind::Hello,
        };
        if !is_expected {
            return self.fail(id, ErrorCode::UnexpectedFrame, "");
        }
        match ClientFrame::decode(kind, frame) {
            Ok(frame) => self.client_frame(id, frame),
            Err(error) => self.refuse_frame(id, error),
        }
    }

    fn client_frame(&mut self, id: SessionId, frame: ClientFrame<'_>) {
        match frame {
            ClientFrame::Send(message) => self.send(id, &message),
            ClientFrame::Ack(ack) => self.ack(id, ack),
            ClientFrame::Hello(hello) => self.hello(id, &hello),
            ClientFrame::Reauthenticate(newer) => self.reauthenticate(id, newer.token),
            ClientFrame::Ping(ping) => self.ping(id, ping),
            ClientFrame::MarkRead(mark) => self.ask_mark_read(id, mark),
            ClientFrame::OpenChat(open) => self.ask_open_chat(id, open),
            ClientFrame::ListPending(list) => self.ask_pending(id, &list),
            ClientFrame::ReadPage(page) => self.ask_page(id, page),
            ClientFrame::Signal(_) => self.refuse_request(id, 0, ErrorCode::Unsupported, 0),
        }
    }

    fn ping(&mut self, id: SessionId, ping: Ping) {
        let pong = Pong {
            nonce: ping.nonce,
            time_ms: self.now.clock_ms,
        };
        self.write_control(id, |out| pong.encode(out));
        if let Some(session) = self.sessions.get_mut(id) {
            session.release_idle();
        }
    }

    /// Passes an acknowledgement on; without room for it, the client is made to list and acknowledge again.
    fn ack(&mut self, id: SessionId, ack: Ack) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        let device_ack = DeviceAck {
            device: session.device,
            chat: ack.chat,
            seq: ack.seq,
        };
        let home = self.shards.chat_home(ack.chat);
        if !self.outbox(home).ack(device_ack) {
            self.counters.shed.add(Step::Acks);
            self.fall_behind_everywhere(id);
        }
    }

    /// Tells the client that a request failed; the session goes on.
    pub(super) fn refuse_request(
        &mut self,
        id: SessionId,
        request: u32,
        code: ErrorCode,
        retry_after_ms: u32,
    ) {
        *self.counters.refused.entry(code).or_default() += 1;
        let failure = Failure {
            code,
            request,
            fatal: false,
            retry_after_ms,
            detail: "",
        };
        self.write_control(id, |out| failure.encode(out));
    }
}
