//! The life of a connection beside its frames: it begins, makes room, falls due, and ends for any reason.
//!
//! Invariant: `end` is the only way out of the table, so that whatever a session holds is given back once.

use core::net::IpAddr;

use ringpost_wire::{ErrorCode, Failure};

use super::Worker;
use crate::limits::{
    NEWCOMER_SLOTS, OUTBOUND_PAUSE_BYTES, OUTBOUND_RESUME_BYTES, PARTIAL_TIMEOUT_MS,
};
use crate::session::{Phase, Session};
use crate::{Effect, Event, Mail, Outgoing, PeerKey, SessionId};

impl Worker {
    pub(super) fn connected(&mut self, id: SessionId, peer: Option<IpAddr>) {
        if let Some(older) = self.sessions.at(id.slot) {
            self.end(older, None);
        }
        let peer = peer.map_or(PeerKey::default(), |peer| self.peers.key(peer));
        if !self.sessions.is_inside(id) || !self.takes(peer) {
            self.effects.push_back(Effect::Close {
                session: id,
                flush: false,
            });
            return;
        }
        self.make_room();
        let session = Session::new(id, peer, self.now);
        let deadline_ms = session.deadline_ms(self.now);
        self.sessions.insert(session);
        self.timers.arm(id.slot, deadline_ms);
        self.strangers.add(id);
        if self.sweeps.is_draining() {
            self.fail(id, ErrorCode::Draining, "");
        }
    }

    /// Counts a connection of `peer`, or its refusal.
    fn takes(&mut self, peer: PeerKey) -> bool {
        let taken = self.peers.connect(peer, self.now);
        taken
            .inspect_err(|&limit| self.counters.peers_refused.add(limit))
            .is_ok()
    }

    /// While the table is almost full, a newcomer takes the place of the session that has said no `Hello` for the longest. It is
    /// closed without a word: waiting until it is heard would keep the place.
    fn make_room(&mut self) {
        let slots = self.config.sessions_max;
        let spare = NEWCOMER_SLOTS.min(slots / 4);
        if self.sessions.count() + (spare as usize) < slots as usize {
            return;
        }
        let sessions = &self.sessions;
        let oldest = self
            .strangers
            .take_oldest(|id| is_stranger(sessions.get(id)));
        if let Some(id) = oldest {
            self.close(id, ErrorCode::Overloaded, false);
        }
    }

    /// A session has said its `Hello`, or is over before.
    pub(super) fn stranger_left(&mut self) {
        let sessions = &self.sessions;
        self.strangers.left(|id| is_stranger(sessions.get(id)));
    }

    pub(super) fn disconnected(&mut self, id: SessionId) {
        self.end(id, None);
    }

    /// Bytes left: resumes what waited for room.
    pub(super) fn progressed(&mut self, id: SessionId, sent_bytes: usize) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let sent_bytes = u32::try_from(sent_bytes).unwrap_or(u32::MAX);
        session.queued_bytes = session.queued_bytes.saturating_sub(sent_bytes);
        session.has_taken = true;
        if session.receiving_paused && (session.queued_bytes as usize) < OUTBOUND_RESUME_BYTES {
            session.receiving_paused = false;
            self.effects
                .push_back(Effect::ResumeReceiving { session: id });
        }
        self.start_page(id);
    }

    /// Stops taking requests from a session whose answers it does not take.
    pub(super) fn pause_if_full(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if session.queued_bytes as usize >= OUTBOUND_PAUSE_BYTES && !session.receiving_paused {
            session.receiving_paused = true;
            self.effects
                .push_back(Effect::PauseReceiving { session: id });
        }
    }

    /// The deadline of the session in `slot` has come, or may have.
    pub(super) fn session_due(&mut self, slot: u32) {
        let Some(id) = self.sessions.at(slot) else {
            return;
        };
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        match overdue(session, self.now) {
            Some(code) => self.fail(id, code, ""),
            None => {
                let deadline_ms = session.deadline_ms(self.now);
                self.timers.arm(slot, deadline_ms);
            }
        }
    }

    /// Tells the client why, and closes after what was written before.
    pub(super) fn fail(&mut self, id: SessionId, code: ErrorCode, detail: &str) {
        self.fail_with_advice(id, code, 0, detail);
    }

    /// As `fail`, with a time after which another try is welcome.
    pub(super) fn fail_with_advice(
        &mut self,
        id: SessionId,
        code: ErrorCode,
        retry_after_ms: u32,
        detail: &str,
    ) {
        if self.sessions.get(id).is_none() {
            return;
        }
        let failure = Failure {
            code,
            request: 0,
            fatal: true,
            retry_after_ms,
            detail,
        };
        self.scratch.clear();
        failure.encode(&mut self.scratch);
        let frame = Outgoing::copied(&self.scratch);
        self.effects.push_back(Effect::Write { session: id, frame });
        self.close(id, code, true);
    }

    /// Ends a session of ours and its connection.
    pub(super) fn close(&mut self, id: SessionId, code: ErrorCode, flush: bool) {
        *self.counters.refused.entry(code).or_default() += 1;
        self.effects.push_back(Effect::Close { session: id, flush });
        self.end(id, Some(code));
    }

    /// Forgets a session and gives back all that it held.
    fn end(&mut self, id: SessionId, code: Option<ErrorCode>) {
        let Some(session) = self.sessions.remove(id) else {
            return;
        };
        self.timers.cancel(id.slot);
        self.peers.end(session.peer);
        let is_known = session.phase != Phase::AwaitingHello;
        match is_known {
            true => self.session_counts.signed_in -= 1,
            false => self.stranger_left(),
        }
        if let Some(partial) = &session.partial
            && !cfg!(planted = "partial_kept")
        {
            self.partials.end(partial);
        }
        if session.is_behind() {
            self.session_counts.behind -= 1;
        }
        if session.is_open() {
            self.session_counts.live -= 1;
            let home = self.shards.user_home(session.device.user);
            let detach = Mail::Detach {
                device: session.device,
                generation: session.generation,
            };
            self.post(home, detach);
        }
        self.effects.push_back(Effect::Event(Event::SessionEnded {
            session: id,
            device: is_known.then_some(session.device),
            code,
        }));
    }
}

fn is_stranger(session: Option<&Session>) -> bool {
    session.is_some_and(|session| session.phase == Phase::AwaitingHello)
}

/// Which deadline of a session is over, if any.
fn overdue(session: &Session, now: crate::Now) -> Option<ErrorCode> {
    let ticks_ms = now.ticks_ms();
    if let Some(partial) = &session.partial
        && ticks_ms >= partial.since_ms + PARTIAL_TIMEOUT_MS
    {
        return Some(ErrorCode::MalformedFrame);
    }
    if session.is_open() {
        if now.clock_ms >= session.token_expires_ms {
            return Some(ErrorCode::TokenExpired);
        }
        // Signing in is what shows that a device is still there; one unlinked meanwhile is told so then.
        if ticks_ms >= session.age_deadline_ms() {
            return Some(ErrorCode::Draining);
        }
        return (ticks_ms >= session.silence_deadline_ms()).then_some(ErrorCode::HeartbeatTimeout);
    }
    let is_over = ticks_ms >= session.deadline_ms(now);
    is_over.then_some(match session.phase {
        Phase::AwaitingHello => ErrorCode::HandshakeTimeout,
        _ => ErrorCode::Unavailable,
    })
}
