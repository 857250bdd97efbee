//! The kinds of frames and their numbers on the wire. A number never changes its meaning.

use super::FrameError;
use super::message::MESSAGE_HEADER_BYTES;
use super::{Ack, Receipt, Sent};
use crate::limits::{
    FRAME_BYTES_MAX, PREFIX_BYTES, SIGNAL_FRAME_BYTES_MAX, SMALL_FRAME_BYTES_MAX,
    TOKEN_FRAME_BYTES_MAX,
};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        /// The kind of a frame: byte 4 of its prefix.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum FrameKind {
            $($(#[$doc])* $name = $number,)*
        }

        impl FrameKind {
            /// All kinds, ascending.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The kind of a number.
            ///
            /// # Errors
            /// `UnknownKind` for a number that this version does not know.
            pub fn from_wire(number: u8) -> Result<Self, FrameError> {
                match number {
                    $($number => Ok(Self::$name),)*
                    kind => Err(FrameError::UnknownKind { kind }),
                }
            }
        }
    };
}

kinds! {
    /// Client: a message for a chat.
    Send = 1;
    /// Server: a message is stored, with its sequence number and time.
    Sent = 2;
    /// Server: a message of a chat.
    Deliver = 3;
    /// Client: all messages of a chat up to a number are kept by this device.
    Ack = 4;
    /// Server: how far another member has received and read.
    Receipt = 5;
    /// Client: first frame of a connection.
    Hello = 16;
    /// Server: the session is open.
    Welcome = 17;
    /// Client: a newer token for the running session.
    Reauthenticate = 18;
    /// Client: heartbeat.
    Ping = 19;
    /// Server: answer to a heartbeat.
    Pong = 20;
    /// Server: leave this server within a time.
    GoAway = 21;
    /// Server: a request failed, or, when fatal, the connection is about to close.
    Failure = 22;
    /// Server: a send was refused.
    Refused = 23;
    /// Server: deliveries of a chat (or of all) were left out; read them from the log.
    Behind = 24;
    /// Client: the user has read a chat up to a number.
    MarkRead = 25;
    /// Client: open the one-to-one chat with a user.
    OpenChat = 26;
    /// Server: answer to `OpenChat`.
    ChatOpened = 27;
    /// Client: which chats hold messages for this device?
    ListPending = 28;
    /// Server: answer to `ListPending`.
    PendingList = 29;
    /// Client: read a stretch of a chat's log.
    ReadPage = 30;
    /// Server: end of the answer to `ReadPage`, after its `Deliver` frames.
    Page = 31;
    /// Reserved: something that is never stored.
    Signal = 32;
}

impl FrameKind {
    /// Bytes of the header: the whole struct of the struct frames, the prefix of the table frames. A later version may
    /// have a longer one, never a shorter.
    pub const fn header_bytes(self) -> usize {
        match self {
            Self::Send | Self::Deliver => MESSAGE_HEADER_BYTES,
            Self::Sent => Sent::FRAME_BYTES,
            Self::Ack => Ack::FRAME_BYTES,
            Self::Receipt => Receipt::FRAME_BYTES,
            _ => PREFIX_BYTES,
        }
    }

    /// Largest frame of this kind, prefix included, in bytes.
    pub const fn frame_bytes_max(self) -> usize {
        match self {
            Self::Send | Self::Deliver | Self::PendingList | Self::Page => FRAME_BYTES_MAX,
            Self::Hello | Self::Reauthenticate => TOKEN_FRAME_BYTES_MAX,
            Self::Signal => SIGNAL_FRAME_BYTES_MAX,
            _ => SMALL_FRAME_BYTES_MAX,
        }
    }
}
