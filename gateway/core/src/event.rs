//! What a worker reports beside its effects: plain data for logs and for later parts. Nothing depends on its being heard.

use ringpost_wire::{ChatId, DeviceAddress, ErrorCode, Seq, UserId};

use crate::SessionId;

/// Something worth knowing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A device's session is open.
    SessionLive {
        /// The session.
        session: SessionId,
        /// The device.
        device: DeviceAddress,
        /// Its generation.
        generation: u64,
    },
    /// A session ended, before or after it was open.
    SessionEnded {
        /// The session.
        session: SessionId,
        /// The device, once its token was checked.
        device: Option<DeviceAddress>,
        /// What the client was told; `None` when the connection simply went.
        code: Option<ErrorCode>,
    },
    /// A chat became pending for a user who has no session: a push would wake a device.
    BecamePending {
        /// The user.
        user: UserId,
        /// The chat.
        chat: ChatId,
        /// The message.
        seq: Seq,
    },
}
