//! Why a session cannot go on, in the words that metrics and logs use. Holds nothing that a peer said.

use rustls::{Error, InvalidMessage, PeerIncompatible};

/// Why a session ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Failure {
    /// The peer sent an alert: it does not trust the certificate, say.
    #[error("the peer sent an alert")]
    AlertReceived,
    /// No version of the protocol, or no cipher suite, group or signature, that both sides know.
    #[error("nothing that both sides support")]
    NothingShared,
    /// The first bytes are no TLS.
    #[error("the peer does not speak TLS")]
    NotTls,
    /// A message breaks the format.
    #[error("a message breaks the format")]
    Malformed,
    /// A record was altered or made with another key.
    #[error("a record does not decrypt")]
    BadRecord,
    /// The peer's certificate is not trusted. Only at a client.
    #[error("the peer's certificate is not trusted")]
    Untrusted,
    /// The peer broke the protocol in another way.
    #[error("the peer breaks the protocol")]
    Misbehaved,
    /// A message is longer than is kept.
    #[error("a message is too long")]
    TooLong,
    /// Anything that is not the peer's fault.
    #[error("an inner error")]
    Internal,
}

impl Failure {
    /// Every failure, in the order of metrics.
    pub const ALL: [Self; 9] = [
        Self::AlertReceived,
        Self::NothingShared,
        Self::NotTls,
        Self::Malformed,
        Self::BadRecord,
        Self::Untrusted,
        Self::Misbehaved,
        Self::TooLong,
        Self::Internal,
    ];

    /// Its name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::AlertReceived => "alert_received",
            Self::NothingShared => "nothing_shared",
            Self::NotTls => "not_tls",
            Self::Malformed => "malformed",
            Self::BadRecord => "bad_record",
            Self::Untrusted => "untrusted",
            Self::Misbehaved => "misbehaved",
            Self::TooLong => "too_long",
            Self::Internal => "internal",
        }
    }

    /// `has_heard` tells whether a whole record was taken in before.
    pub(crate) fn of(error: &Error, has_heard: bool) -> Self {
        match error {
            Error::AlertReceived(_) => Self::AlertReceived,
            Error::PeerIncompatible(PeerIncompatible::Tls12NotOfferedOrEnabled) => {
                Self::NothingShared
            }
            Error::PeerIncompatible(_) | Error::NoApplicationProtocol => Self::NothingShared,
            Error::InvalidMessage(
                InvalidMessage::InvalidContentType
                | InvalidMessage::UnknownProtocolVersion
                | InvalidMessage::MessageTooLarge,
            ) if !has_heard => Self::NotTls,
            Error::InvalidMessage(_) | Error::PeerSentOversizedRecord => Self::Malformed,
            Error::DecryptError => Self::BadRecord,
            Error::InvalidCertificate(_) | Error::NoCertificatesPresented => Self::Untrusted,
            Error::PeerMisbehaved(_)
            | Error::InappropriateMessage { .. }
            | Error::InappropriateHandshakeMessage { .. } => Self::Misbehaved,
            _ => Self::Internal,
        }
    }
}
