//! `Session`: what a worker keeps of one connection. At most 256 bytes while it is idle.
//!
//! Invariant: `queued_bytes` is what was written and not yet reported sent; `reserved_bytes` is kept free for an answer.

use ringpost_wire::DeviceAddress;
use ringpost_wire::limits::{FRAME_BYTES_MAX, HANDSHAKE_TIMEOUT_MS};

use super::{BehindChats, Partial, Pulling, Sending};
use crate::limits::{
    ATTACH_TIMEOUT_MS, OUTBOUND_CONTROL_BYTES, OUTBOUND_DATA_BYTES_MAX, PARTIAL_TIMEOUT_MS,
    SESSION_AGE_MS_MAX, SESSION_AGE_SPREAD_MS, SESSION_BYTES_MAX, UNTAKEN_BYTES_MIN,
};
use crate::rate_limit::RateLimit;
use crate::{Now, PeerKey, SessionId};

const _: () = assert!(size_of::<Option<Session>>() <= SESSION_BYTES_MAX);

/// Where a session stands, and what it accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Accepts `Hello` only.
    AwaitingHello,
    /// The token was good; the user's home is asked. Accepts nothing.
    Authenticating,
    /// Accepts every client frame but `Hello`.
    Live,
    /// As `Live`, and asked to go.
    Draining,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    /// Whose connection it is counted as.
    pub(crate) peer: PeerKey,
    pub(crate) phase: Phase,
    /// Deliveries of all chats are left out until pending chats are listed again.
    pub(crate) behind_all: bool,
    /// A delivery was left out since the latest list of pending chats was begun.
    pub(crate) skipped_in_pass: bool,
    pub(crate) receiving_paused: bool,
    /// Much waits for its client, and it is on the list of those.
    pub(crate) is_untaken: bool,
    /// Its client has taken something since the list was gone through.
    pub(crate) has_taken: bool,
    /// Unanswered `OpenChat` and `MarkRead`.
    pub(crate) requests_unanswered: u8,
    pub(crate) heartbeat_ms: u32,
    /// Valid from `Authenticating` on.
    pub(crate) device: DeviceAddress,
    /// Valid from `Live` on.
    pub(crate) generation: u64,
    pub(crate) token_expires_ms: u64,
    /// When its token was issued; a newer one is no older. Valid from `Authenticating` on.
    pub(crate) token_issued_ms: u64,
    /// When the phase began, in ticks (milliseconds).
    pub(crate) since_ms: u64,
    /// When something was last heard, in ticks (milliseconds).
    pub(crate) heard_ms: u64,
    pub(crate) queued_bytes: u32,
    pub(crate) reserved_bytes: u32,
    pub(crate) sends: RateLimit,
    pub(crate) opens: RateLimit,
    pub(crate) partial: Option<Box<Partial>>,
    pub(crate) sending: Option<Box<Sending>>,
    pub(crate) pulling: Option<Box<Pulling>>,
    pub(crate) behind: Option<Box<BehindChats>>,
}

impl Session {
    pub(crate) fn new(id: SessionId, peer: PeerKey, now: Now) -> Self {
        Self {
            id,
            peer,
            phase: Phase::AwaitingHello,
            behind_all: false,
            skipped_in_pass: false,
            receiving_paused: false,
            is_untaken: false,
            has_taken: false,
            requests_unanswered: 0,
            heartbeat_ms: 0,
            device: DeviceAddress {
                user: Default::default(),
                device: 0,
            },
            generation: 0,
            token_expires_ms: 0,
            token_issued_ms: 0,
            since_ms: now.ticks_ms(),
            heard_ms: now.ticks_ms(),
            queued_bytes: 0,
            reserved_bytes: 0,
            sends: RateLimit::default(),
            opens: RateLimit::default(),
            partial: None,
            sending: None,
            pulling: None,
            behind: None,
        }
    }

    /// Whether the session is open: authenticated and in the directory.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Live | Phase::Draining)
    }

    /// Whether deliveries of any chat are left out.
    pub(crate) fn is_behind(&self) -> bool {
        self.behind_all || self.behind.is_some()
    }

    /// Bytes of data that may still be written.
    pub(crate) fn data_room_bytes(&self) -> usize {
        let taken = self.queued_bytes as usize + self.reserved_bytes as usize;
        // Planted: what waits for a socket is not limited.
        if cfg!(planted = "outbound_unbounded") {
            return usize::MAX;
        }
        OUTBOUND_DATA_BYTES_MAX.saturating_sub(taken)
    }

    /// Whether so much waits for the client that it is on the list of those, or is to be.
    pub(crate) fn is_much_untaken(&self) -> bool {
        self.queued_bytes as usize >= UNTAKEN_BYTES_MIN
    }

    /// Whether a control frame of `bytes` may be written. One page may overshoot the data part by one frame.
    pub(crate) fn has_control_room(&self, bytes: usize) -> bool {
        self.queued_bytes as usize + bytes
            <= OUTBOUND_DATA_BYTES_MAX + FRAME_BYTES_MAX + OUTBOUND_CONTROL_BYTES
    }

    /// Gives back what only a busy session needs.
    pub(crate) fn release_idle(&mut self) {
        self.sending.take_if(|sending| sending.is_idle());
        self.pulling.take_if(|pulling| pulling.is_idle());
    }

    /// When the session must be looked at next, in ticks (milliseconds).
    pub(crate) fn deadline_ms(&self, now: Now) -> u64 {
        let phase = match self.phase {
            Phase::AwaitingHello => self.since_ms + HANDSHAKE_TIMEOUT_MS,
            Phase::Authenticating => self.since_ms + ATTACH_TIMEOUT_MS,
            Phase::Live | Phase::Draining => {
                let left_ms = self.token_expires_ms.saturating_sub(now.clock_ms);
                let token_ms = now.ticks_ms() + left_ms;
                self.silence_deadline_ms()
                    .min(token_ms)
                    .min(self.age_deadline_ms())
            }
        };
        match &self.partial {
            Some(partial) => phase.min(partial.since_ms + PARTIAL_TIMEOUT_MS),
            None => phase,
        }
    }

    /// When a session is old enough to be ended, in ticks (milliseconds).
    pub(crate) fn age_deadline_ms(&self) -> u64 {
        // User ids are hashes: sessions that began together, as after a restart, do not end together.
        let [.., a, b, c, d] = self.device.user.0;
        let spread_ms = u64::from(u32::from_be_bytes([a, b, c, d])) % SESSION_AGE_SPREAD_MS;
        self.since_ms + SESSION_AGE_MS_MAX - spread_ms
    }

    /// When a session that stays silent is given up, in ticks (milliseconds).
    pub(crate) fn silence_deadline_ms(&self) -> u64 {
        self.heard_ms + 2 * u64::from(self.heartbeat_ms)
    }
}
