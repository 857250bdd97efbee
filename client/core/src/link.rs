//! The connection: when to connect, with which token, when to give up, and when to try again.
//!
//! States and what leads on: Idle → (Connect) Dialing or AwaitingToken → (Opened) Greeting → (Welcome) Live; a loss leads
//! to BackingOff and again to Dialing; a refusal for good to Ended. At most one connection is open or being opened.

use ringpost_wire::limits::TOKEN_BYTES_MAX;
use ringpost_wire::{Answer, ErrorCode, Failure, GoAway, Hello, PROTOCOL_VERSION, Reauthenticate};

use crate::effect::{ConnectionState, Effect, Ended};
use crate::frames::Frames;
use crate::limits::{
    BACKOFF_MS, BACKOFF_MS_MAX, DIAL_TIMEOUT_MS, HANDSHAKE_TIMEOUT_MS, OWN_TAKEOVER_MS,
    RETRY_AFTER_MS_MAX, STABLE_SESSION_MS,
};
use crate::machine::Machine;
use crate::timers::Timer;

/// What is known of the connection.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) state: ConnectionState,
    is_wanted: bool,
    token: Option<String>,
    /// Connections in a row that did not last.
    failures: u32,
    /// Until then a takeover may be by a connection of this device that was lost: it reached the server late. `None` before the
    /// first connection is wanted.
    own_takeover_until_ms: Option<u64>,
    /// Where `GoAway` asked to go.
    target: Option<String>,
    pub(crate) live_since_ms: u64,
    pub(crate) heartbeat_ms: u64,
    pub(crate) frames: Frames,
    /// An answer came since the deadline for answers was set.
    pub(crate) was_answered: bool,
    last_request: u32,
}

impl Link {
    pub(crate) fn new(token: Option<String>) -> Self {
        Self {
            state: ConnectionState::Idle,
            is_wanted: false,
            token,
            failures: 0,
            own_takeover_until_ms: None,
            target: None,
            live_since_ms: 0,
            heartbeat_ms: u64::from(ringpost_wire::limits::HEARTBEAT_MS),
            frames: Frames::default(),
            was_answered: false,
            last_request: 0,
        }
    }

    /// A number for a request; never 0.
    pub(crate) fn next_request(&mut self) -> u32 {
        self.last_request = self.last_request.checked_add(1).unwrap_or(1);
        self.last_request
    }

    pub(crate) fn is_connected(&self) -> bool {
        matches!(
            self.state,
            ConnectionState::Greeting | ConnectionState::Live
        )
    }

    fn has_connection(&self) -> bool {
        self.is_connected() || self.state == ConnectionState::Dialing
    }
}

impl Machine {
    pub(crate) fn set_connection(&mut self, state: ConnectionState) {
        if self.link.state != state {
            self.link.state = state;
            self.effects.push_back(Effect::State(state));
        }
    }

    pub(crate) fn connect(&mut self) {
        if self.link.state == ConnectionState::Ended {
            return;
        }
        let until_ms = &mut self.link.own_takeover_until_ms;
        until_ms.get_or_insert(self.now_ms + OWN_TAKEOVER_MS);
        self.link.is_wanted = true;
        if self.link.state == ConnectionState::Idle {
            self.dial();
        }
    }

    pub(crate) fn disconnect(&mut self) {
        if self.link.state == ConnectionState::Ended {
            return;
        }
        self.link.is_wanted = false;
        self.drop_connection();
        self.link.failures = 0;
        self.set_connection(ConnectionState::Idle);
    }

    pub(crate) fn dial(&mut self) {
        if self.link.token.is_none() {
            self.set_connection(ConnectionState::AwaitingToken);
            self.effects.push_back(Effect::NeedToken { refused: None });
            return;
        }
        self.set_connection(ConnectionState::Dialing);
        let target = self.link.target.take();
        self.effects.push_back(Effect::Dial { target });
        self.timers
            .set(Timer::Handshake, self.now_ms + DIAL_TIMEOUT_MS);
    }

    pub(crate) fn opened(&mut self) {
        if self.link.state != ConnectionState::Dialing {
            return;
        }
        self.link.frames.clear();
        self.set_connection(ConnectionState::Greeting);
        self.timers
            .set(Timer::Handshake, self.now_ms + HANDSHAKE_TIMEOUT_MS);
        let token = self.link.token.clone().unwrap_or_default();
        let client = self.options.client.clone();
        let heartbeat_ms = self.options.heartbeat_ms;
        self.transmit(|out| {
            let hello = Hello {
                version_min: PROTOCOL_VERSION,
                version_max: PROTOCOL_VERSION,
                token: &token,
                client: &client,
                heartbeat_ms,
            };
            hello.encode(out);
        });
    }

    pub(crate) fn closed(&mut self) {
        if self.link.has_connection() {
            self.back_off(0);
        }
    }

    /// The connection is of no more use: close it and try again later.
    pub(crate) fn give_up(&mut self) {
        self.back_off(0);
    }

    /// `GoAway`: close the connection and open another at once.
    pub(crate) fn leave(&mut self) {
        self.drop_connection();
        self.dial();
    }

    pub(crate) fn set_token(&mut self, token: String) {
        if token.is_empty() || token.len() > TOKEN_BYTES_MAX {
            let refused = Some(ErrorCode::TokenMalformed);
            self.effects.push_back(Effect::NeedToken { refused });
            return;
        }
        self.link.token = Some(token.clone());
        match self.link.state {
            ConnectionState::Live => {
                self.transmit(|out| Reauthenticate { token: &token }.encode(out));
            }
            ConnectionState::AwaitingToken if self.link.failures == 0 => self.dial(),
            ConnectionState::AwaitingToken => self.back_off(0),
            _ => {}
        }
    }

    /// A server closes the connection after this frame.
    pub(crate) fn fatal(&mut self, failure: &Failure<'_>) {
        match failure.code.answer() {
            Answer::Stop if self.is_own_takeover(failure.code) => {
                self.back_off(0);
                self.link.own_takeover_until_ms = Some(0);
            }
            Answer::Stop => self.end(Ended::ByServer(failure.code)),
            Answer::NewToken => self.renew_token(failure.code),
            _ => self.back_off(u64::from(failure.retry_after_ms)),
        }
    }

    /// Whether a session that is over was taken over by an older connection of this very device. Once a lost connection: where two
    /// installations share an identity, the one that came first gives way.
    fn is_own_takeover(&self, code: ErrorCode) -> bool {
        code == ErrorCode::TakenOver && Some(self.now_ms) < self.link.own_takeover_until_ms
    }

    pub(crate) fn end(&mut self, why: Ended) {
        self.drop_connection();
        self.link.is_wanted = false;
        self.set_connection(ConnectionState::Ended);
        self.effects.push_back(Effect::Failed(why));
    }

    pub(crate) fn go_away(&mut self, go_away: &GoAway<'_>) {
        self.link.target = (!go_away.target.is_empty()).then(|| go_away.target.to_owned());
        let wait_ms = self.random.up_to(u64::from(go_away.delay_ms));
        self.timers.set(Timer::Leave, self.now_ms + wait_ms);
    }

    fn renew_token(&mut self, code: ErrorCode) {
        let was_live = self.is_live();
        self.drop_connection();
        self.link.token = None;
        self.link.failures = if was_live { 0 } else { self.link.failures + 1 };
        self.set_connection(ConnectionState::AwaitingToken);
        let refused = Some(code);
        self.effects.push_back(Effect::NeedToken { refused });
    }

    fn back_off(&mut self, retry_after_ms: u64) {
        let lasted = self.is_live() && self.now_ms >= self.link.live_since_ms + STABLE_SESSION_MS;
        if lasted {
            self.link.failures = 0;
        }
        self.drop_connection();
        let most_ms = BACKOFF_MS.saturating_mul(1 << self.link.failures.min(16));
        let half_ms = most_ms.min(BACKOFF_MS_MAX) / 2;
        let own_ms = half_ms + self.random.up_to(half_ms);
        let asked_ms = retry_after_ms.min(RETRY_AFTER_MS_MAX);
        let asked_ms = asked_ms + self.random.up_to(asked_ms / 4);
        self.link.failures = self.link.failures.saturating_add(1);
        self.timers
            .set(Timer::Dial, self.now_ms + own_ms.max(asked_ms));
        self.set_connection(ConnectionState::BackingOff);
    }

    /// Ends whatever belongs to the connection.
    fn drop_connection(&mut self) {
        if self.link.has_connection() {
            self.effects.push_back(Effect::Hangup);
        }
        if self.link.is_connected() {
            self.link.own_takeover_until_ms = Some(self.now_ms + OWN_TAKEOVER_MS);
        }
        let of_connection = [
            Timer::Dial,
            Timer::Handshake,
            Timer::Ping,
            Timer::Pong,
            Timer::Answer,
            Timer::Overdue,
            Timer::Leave,
            Timer::List,
            Timer::Reader,
            Timer::Open,
        ];
        for timer in of_connection {
            self.timers.clear(timer);
        }
        self.link.frames.clear();
        self.reader.connection_lost();
        self.lister.connection_lost();
        self.recovery.connection_lost();
        self.opens.connection_lost();
        self.marks.connection_lost();
        self.lanes_lost_connection();
    }
}
