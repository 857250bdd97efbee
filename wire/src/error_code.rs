//! The error codes of the protocol and what a client does about each.
//!
//! Codes are stable numbers: a code never changes its meaning, and a retired one is not used again.

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $answer:ident;)*) => {
        /// Why a frame, a request or a session was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum ErrorCode {
            $($(#[$doc])* $name = $code,)*
        }

        impl ErrorCode {
            /// All codes, ascending.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code of a number on the wire; `None` for one that this version does not know.
            pub fn from_wire(code: u16) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// The code's name, as it stands in logs, metrics and the documentation.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// What a client does about it.
            pub fn answer(self) -> Answer {
                match self {
                    $(Self::$name => Answer::$answer,)*
                }
            }
        }
    };
}

/// What a client does about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The session is over for good: do not reconnect until a person or another token changed something.
    Stop,
    /// The connection is over: get a new token, then connect again.
    NewToken,
    /// The connection is over: connect again after a backoff.
    Reconnect,
    /// Repeat the same request with the same numbers and bytes after `retry_after_ms`.
    RetrySame,
    /// Follow the numbering rules: resend from `expected`, or renumber.
    Renumber,
    /// Final for this request: tell the application.
    Report,
}

error_codes! {
    /// A frame's bytes break the format.
    MalformedFrame = 1, Reconnect;
    /// A declared length over the limit.
    FrameTooLarge = 2, Reconnect;
    /// A kind that this version does not know.
    UnknownKind = 3, Reconnect;
    /// A frame that the session's state does not allow, or one that only a server sends.
    UnexpectedFrame = 4, Reconnect;
    /// No protocol version in common.
    VersionUnsupported = 5, Stop;
    /// No valid `Hello` in time.
    HandshakeTimeout = 6, Reconnect;
    /// Nothing was heard for two heartbeats.
    HeartbeatTimeout = 7, Reconnect;
    /// The token is not a well-formed JWT.
    TokenMalformed = 16, NewToken;
    /// The token's signature does not verify.
    TokenSignature = 17, NewToken;
    /// The token's time is over.
    TokenExpired = 18, NewToken;
    /// The token was issued in the future.
    TokenNotYetValid = 19, NewToken;
    /// The token is meant for another audience.
    TokenAudience = 20, NewToken;
    /// The token's algorithm is not the key's.
    TokenAlgorithm = 21, NewToken;
    /// The token's issuer is not accepted.
    TokenIssuer = 22, NewToken;
    /// The token names a key that is not configured.
    TokenKeyUnknown = 23, NewToken;
    /// A claim is missing or outside its limits.
    TokenClaims = 24, NewToken;
    /// The device is not registered and registration at first sign-in is off, or the user has too many devices.
    DeviceRefused = 25, Stop;
    /// The device was unlinked.
    DeviceUnlinked = 26, Stop;
    /// The new token names another user or device than the session.
    TokenOtherDevice = 27, NewToken;
    /// An operator revoked the device's tokens issued until then.
    DeviceRevoked = 28, Stop;
    /// Another session of the same device took over.
    TakenOver = 32, Stop;
    /// The server is going away.
    Draining = 33, Reconnect;
    /// The peer does not read what it asked for.
    SlowConsumer = 34, Reconnect;
    /// The number was used for another message, or its answer is no longer kept.
    SequenceReused = 48, Renumber;
    /// Numbers before this one are missing.
    Gap = 49, Renumber;
    /// The sender is not a member of the chat.
    NotMember = 50, Report;
    /// The sender may read but not write.
    NoRight = 51, Report;
    /// There is no such chat.
    UnknownChat = 52, Report;
    /// There is no such user.
    UnknownUser = 53, Report;
    /// The payload or its slices are outside the limits.
    PayloadTooLarge = 54, Report;
    /// The sender's list of the recipients' devices is old; `device_epoch` carries the current one.
    DevicesChanged = 55, Report;
    /// The server has more to do than it can.
    Overloaded = 56, RetrySame;
    /// The device sends faster than it may, or its address must pause after failed sign-ins.
    RateLimited = 57, RetrySame;
    /// More unanswered sends than allowed.
    TooManyUnanswered = 58, RetrySame;
    /// The store cannot be reached.
    Unavailable = 59, RetrySame;
    /// An earlier send of the chat was refused for load: send that one first.
    RefusedBefore = 60, RetrySame;
    /// The user has too many chats, or opens them too fast.
    ChatLimit = 61, Report;
    /// A sequence number beyond the chat's head.
    BeyondHead = 62, Report;
    /// A field of the request is outside its limits.
    InvalidRequest = 63, Report;
    /// A reserved frame or feature that this version does not offer.
    Unsupported = 64, Report;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_round_trip() {
        for pair in ErrorCode::ALL.windows(2) {
            assert!((pair[0] as u16) < (pair[1] as u16));
        }
        for &code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_wire(code as u16), Some(code));
        }
        assert_eq!(ErrorCode::from_wire(0), None);
        assert_eq!(ErrorCode::from_wire(9999), None);
    }
}
