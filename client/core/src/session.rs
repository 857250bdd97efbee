//! The frames of a session: each verified frame goes to the part that it concerns.
//!
//! A frame that the state does not allow, or that breaks the format, ends the connection; it is tried again later.

use ringpost_wire::{Failure, FrameKind, Ping, Receipt, ServerFrame, Welcome};

use crate::effect::{ConnectionState, Effect, Ended};
use crate::limits::{PLAUSIBLE_SEQ_MAX, PONG_TIMEOUT_MS, PROBE_CLIENT_SEQ};
use crate::machine::Machine;
use crate::record::Record;
use crate::timers::Timer;

/// Whether every number is inside the range in which sums cannot overflow.
fn is_plausible(frame: &ServerFrame<'_>) -> bool {
    match frame {
        ServerFrame::Deliver(message) => message.seq() <= PLAUSIBLE_SEQ_MAX,
        ServerFrame::Sent(sent) => (1..=PLAUSIBLE_SEQ_MAX).contains(&sent.seq),
        ServerFrame::Refused(refused) => refused.expected < PROBE_CLIENT_SEQ,
        ServerFrame::Page(page) => {
            page.from > 0 && page.to <= PLAUSIBLE_SEQ_MAX && page.head <= PLAUSIBLE_SEQ_MAX
        }
        ServerFrame::PendingList(list) => {
            let is_plausible =
                |from, head| from > 0 && from <= PLAUSIBLE_SEQ_MAX && head <= PLAUSIBLE_SEQ_MAX;
            list.chats
                .iter()
                .all(|chat| is_plausible(chat.from, chat.head))
        }
        ServerFrame::Behind(behind) => behind.head <= PLAUSIBLE_SEQ_MAX,
        ServerFrame::ChatOpened(opened) => opened.head <= PLAUSIBLE_SEQ_MAX,
        _ => true,
    }
}

impl Machine {
    pub(crate) fn received(&mut self, bytes: &[u8]) {
        if !self.link.is_connected() {
            return;
        }
        self.link.frames.push(bytes);
        while self.link.is_connected() {
            match self.link.frames.next() {
                Ok(None) => return,
                Ok(Some((kind, frame))) => self.frame(kind, &frame),
                Err(_) => self.give_up(),
            }
        }
    }

    fn frame(&mut self, kind: FrameKind, bytes: &[u8]) {
        let Ok(frame) = ServerFrame::decode(kind, bytes) else {
            self.give_up();
            return;
        };
        if self.is_live() {
            self.session_frame(frame);
            return;
        }
        match frame {
            ServerFrame::Welcome(welcome) => self.welcome(&welcome),
            ServerFrame::Failure(failure) => self.fatal(&failure),
            _ => self.give_up(),
        }
    }

    fn session_frame(&mut self, frame: ServerFrame<'_>) {
        if !is_plausible(&frame) {
            return self.give_up();
        }
        match frame {
            ServerFrame::Deliver(message) => self.message(&message),
            ServerFrame::Sent(sent) => self.sent(&sent),
            ServerFrame::Refused(refused) => self.refused(&refused),
            ServerFrame::Receipt(receipt) => self.receipt(&receipt),
            ServerFrame::Page(page) => self.page(&page),
            ServerFrame::PendingList(list) => self.pending_list(&list),
            ServerFrame::Behind(behind) => self.behind(&behind),
            ServerFrame::ChatOpened(opened) => self.chat_opened(&opened),
            ServerFrame::Pong(_) => self.pong(),
            ServerFrame::GoAway(go_away) => self.go_away(&go_away),
            ServerFrame::Failure(failure) => self.failure(&failure),
            ServerFrame::Signal(_) => {}
            ServerFrame::Welcome(_) => self.give_up(),
        }
    }

    fn welcome(&mut self, welcome: &Welcome<'_>) {
        match self.state.owner() {
            Some(owner) if owner != welcome.device => return self.end(Ended::OtherDevice),
            Some(_) => {}
            None => self.persist(Record::Owner(welcome.device)),
        }
        self.timers.clear(Timer::Handshake);
        self.link.heartbeat_ms = u64::from(welcome.heartbeat_ms);
        self.link.live_since_ms = self.now_ms;
        self.link.was_answered = false;
        self.set_connection(ConnectionState::Live);
        let at_ms = self.now_ms + self.link.heartbeat_ms;
        self.timers.set(Timer::Ping, at_ms);
        self.lanes.make_all_ready();
        self.lister.session_began();
        self.flush_acks();
    }

    pub(crate) fn ping(&mut self) {
        let nonce = self.random.next();
        self.transmit(|out| Ping { nonce }.encode(out));
        self.timers
            .set_if_clear(Timer::Pong, self.now_ms + PONG_TIMEOUT_MS);
    }

    fn pong(&mut self) {
        self.timers.clear(Timer::Pong);
        self.marks.settled();
    }

    fn receipt(&mut self, receipt: &Receipt) {
        self.effects.push_back(Effect::Receipt {
            chat: receipt.chat,
            user: Some(receipt.user),
            delivered_to: receipt.delivered_to,
            read_to: receipt.read_to,
        });
    }

    /// A request failed, or the connection is about to close.
    fn failure(&mut self, failure: &Failure<'_>) {
        if failure.fatal {
            self.fatal(failure);
            return;
        }
        let is_known = failure.request != 0
            && (self.page_failed(failure)
                || self.list_failed(failure)
                || self.open_failed(failure));
        if is_known {
            self.link.was_answered = true;
        } else {
            self.effects.push_back(Effect::Noticed {
                code: failure.code,
                detail: failure.detail.to_owned(),
            });
        }
    }
}
