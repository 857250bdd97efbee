//! Opening a session: `Hello`, the token, the answer of the user's home; later a newer token, or a newer session.

use ringpost_wire::limits::{
    FRAME_BYTES_MAX, HEARTBEAT_MS_MAX, HEARTBEAT_MS_MIN, PAYLOAD_BYTES_MAX, UNANSWERED_MAX,
};
use ringpost_wire::{DeviceAddress, ErrorCode, Hello, PROTOCOL_VERSION, Welcome};

use super::Worker;
use crate::overload::Use;
use crate::session::Phase;
use crate::{CoreId, Effect, Event, Mail, Now, PeerLimit, Refusal, SessionId, TokenHolder};

/// What a newcomer to a full core is told to wait, before jitter, in milliseconds.
const FULL_RETRY_MS: u64 = 5_000;

/// Why a token names nobody.
enum Unverified {
    /// It is not good: the session is over.
    Refused,
    /// The core has no time for its signature before so many milliseconds.
    PutOff { wait_ms: u64 },
}

impl Worker {
    /// Whether a handshake of TLS may be begun now: they keep the pace of sign-ins. One that may not is asked for again.
    pub fn may_begin_tls(&mut self, now: Now) -> bool {
        self.load.advance(now.ticks_us, self.batch.waiting() == 0);
        self.load.handshakes.take_tls(now.ticks_us).is_ok()
    }

    pub(super) fn hello(&mut self, id: SessionId, hello: &Hello<'_>) {
        if !(hello.version_min..=hello.version_max).contains(&PROTOCOL_VERSION) {
            return self.fail(
                id,
                ErrorCode::VersionUnsupported,
                "this server speaks version 1",
            );
        }
        if let Some(wait_ms) = self.pause_of_peer(id) {
            let detail = "failed sign-ins";
            return self.fail_with_advice(id, ErrorCode::RateLimited, wait_ms, detail);
        }
        if self.session_counts.signed_in >= self.config.signed_in_max as usize {
            let retry_after_ms = self.random.retry_after_ms(FULL_RETRY_MS);
            return self.fail_with_advice(id, ErrorCode::Overloaded, retry_after_ms, "sessions");
        }
        self.load
            .advance(self.now.ticks_us, self.batch.waiting() == 0);
        if let Err(wait_ms) = self.load.handshakes.take(self.now.ticks_us) {
            let retry_after_ms = self.random.retry_after_ms(wait_ms.max(1_000));
            return self.fail_with_advice(id, ErrorCode::Overloaded, retry_after_ms, "handshakes");
        }
        let holder = match self.verify(id, hello.token, Use::SignIn) {
            Ok(holder) => holder,
            Err(Unverified::Refused) => return,
            Err(Unverified::PutOff { wait_ms }) => {
                let retry_after_ms = self.random.retry_after_ms(wait_ms.max(1_000));
                let code = ErrorCode::Overloaded;
                return self.fail_with_advice(id, code, retry_after_ms, "signatures");
            }
        };
        let heartbeat_ms = match hello.heartbeat_ms {
            0 => self.config.heartbeat_ms,
            wished => wished,
        };
        let ticks_ms = self.now.ticks_ms();
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        self.peers.signed_in(session.peer);
        session.phase = Phase::Authenticating;
        self.session_counts.signed_in += 1;
        session.since_ms = ticks_ms;
        session.device = holder.device;
        session.token_expires_ms = holder.expires_ms;
        session.token_issued_ms = holder.issued_ms;
        session.heartbeat_ms = heartbeat_ms.clamp(HEARTBEAT_MS_MIN, HEARTBEAT_MS_MAX);
        let deadline_ms = session.deadline_ms(self.now);
        self.timers.arm(id.slot, deadline_ms);
        self.stranger_left();
        let attach = Mail::Attach {
            session: id,
            device: holder.device,
            issued_ms: holder.issued_ms,
        };
        if !self.request(self.shards.user_home(holder.device.user), attach) {
            let retry_after_ms = self.random.retry_after_ms(1_000);
            self.fail_with_advice(id, ErrorCode::Overloaded, retry_after_ms, "requests");
        }
    }

    /// What a session of an address that has failed to sign in too often is told to wait, in milliseconds.
    fn pause_of_peer(&mut self, id: SessionId) -> Option<u32> {
        let peer = self.sessions.get(id)?.peer;
        let left_ms = self.peers.pause_ms(peer, self.now)?;
        if self.peers.takes_try(peer, self.now) {
            return None;
        }
        self.counters.peers_refused.add(PeerLimit::SignIns);
        // Spread, for many may share the address.
        let wait_ms = left_ms + self.random.draw() % (left_ms / 4 + 1);
        Some(u32::try_from(wait_ms).unwrap_or(u32::MAX))
    }

    /// Whom the token of a session names. One that is not good ends the session, and counts against its address where nobody can have
    /// issued it: a phone that is late is no attacker.
    fn verify(
        &mut self,
        id: SessionId,
        token: &str,
        purpose: Use,
    ) -> Result<TokenHolder, Unverified> {
        let read = self.config.tokens.read(token);
        if let Ok(signed) = &read {
            let budget = &mut self.load.signatures;
            let taken = budget.take(purpose, signed.algorithm(), self.now.ticks_us);
            if let Err(wait_ms) = taken {
                self.counters.signatures_put_off += 1;
                return Err(Unverified::PutOff { wait_ms });
            }
        }
        let verified = read.and_then(|signed| signed.verify(self.now.clock_ms));
        verified.map_err(|error| {
            if error.is_forged()
                && let Some(session) = self.sessions.get(id)
            {
                self.peers.sign_in_failed(session.peer, self.now);
            }
            self.fail(id, error.code(), "");
            Unverified::Refused
        })
    }

    /// The user's home has the session in its directory. If it ended meanwhile, the home is told to forget it.
    pub(super) fn attached(
        &mut self,
        home: CoreId,
        id: SessionId,
        device: DeviceAddress,
        generation: u64,
    ) {
        let waiting = self
            .sessions
            .get_mut(id)
            .filter(|session| session.phase == Phase::Authenticating && session.device == device);
        let Some(session) = waiting else {
            return self.post(home, Mail::Detach { device, generation });
        };
        session.phase = Phase::Live;
        session.generation = generation;
        let heartbeat_ms = session.heartbeat_ms;
        let deadline_ms = session.deadline_ms(self.now);
        self.timers.arm(id.slot, deadline_ms);
        self.session_counts.live += 1;
        self.counters.attached += 1;
        self.effects.push_back(Effect::Event(Event::SessionLive {
            session: id,
            device,
            generation,
        }));
        self.welcome(id, device, generation, heartbeat_ms);
        self.ask_late_comer_to_go(id);
    }

    fn welcome(
        &mut self,
        id: SessionId,
        device: DeviceAddress,
        generation: u64,
        heartbeat_ms: u32,
    ) {
        let time_ms = self.now.clock_ms;
        let server = core::mem::take(&mut self.config.server);
        self.write_control(id, |out| {
            Welcome {
                version: PROTOCOL_VERSION,
                device,
                generation,
                time_ms,
                heartbeat_ms,
                frame_bytes_max: FRAME_BYTES_MAX as u32,
                payload_bytes_max: PAYLOAD_BYTES_MAX as u32,
                unanswered_max: UNANSWERED_MAX as u16,
                server: &server,
            }
            .encode(out);
        });
        self.config.server = server;
    }

    pub(super) fn attach_refused(&mut self, id: SessionId, refusal: Refusal) {
        let session = self.sessions.get(id);
        if session.is_some_and(|session| session.phase == Phase::Authenticating) {
            self.fail_with_advice(id, refusal.code, refusal.retry_after_ms, "");
        }
    }

    /// A newer session of the device took over, unless this one is itself a newer one in the same slot.
    pub(super) fn taken_over(&mut self, id: SessionId, generation: u64) {
        let session = self.sessions.get(id);
        if session.is_some_and(|session| session.is_open() && session.generation == generation) {
            self.counters.taken_over += 1;
            self.fail(id, ErrorCode::TakenOver, "");
        }
    }

    /// A newer token for the session. It may be given as often as chats may be opened, for each is verified.
    pub(super) fn reauthenticate(&mut self, id: SessionId, token: &str) {
        let (rate, ticks_us) = (self.rates.opens, self.now.ticks_us);
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if let Err(wait_ms) = session.opens.take(rate, ticks_us) {
            let retry_after_ms = self.random.retry_after_ms(wait_ms);
            return self.refuse_request(id, 0, ErrorCode::RateLimited, retry_after_ms);
        }
        let holder = match self.verify(id, token, Use::Renewal) {
            Ok(holder) => holder,
            Err(Unverified::Refused) => return,
            Err(Unverified::PutOff { wait_ms }) => {
                let retry_after_ms = self.random.retry_after_ms(wait_ms);
                return self.refuse_request(id, 0, ErrorCode::Overloaded, retry_after_ms);
            }
        };
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if session.device != holder.device {
            return self.fail(id, ErrorCode::TokenOtherDevice, "");
        }
        // With an older one a session would outlive a revocation of the tokens issued until then.
        if holder.issued_ms < session.token_issued_ms {
            return self.fail(id, ErrorCode::TokenClaims, "older than the session's token");
        }
        session.token_expires_ms = holder.expires_ms;
        session.token_issued_ms = holder.issued_ms;
        let deadline_ms = session.deadline_ms(self.now);
        self.timers.arm(id.slot, deadline_ms);
    }
}
