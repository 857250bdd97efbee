//! What is to be done with the outcome of a command: whom to answer. One a command, kept in the order of the commands.

use ringpost_wire::{ChatId, DeviceAddress, ShardId};

use crate::{CoreId, SessionAddress};

/// Where an outcome goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reply {
    /// To the sender, as `Sent` or `Refused`, and to the members.
    Send {
        to: SessionAddress,
        chat: ChatId,
        client_seq: u64,
        /// When the send came to this home, in ticks (microseconds).
        taken_us: u64,
    },
    /// To the reader.
    Page { to: SessionAddress, request: u32 },
    /// To the device that lists.
    Pending { to: SessionAddress, request: u32 },
    /// To the reader, and the receipt to the members.
    ReadMark { to: SessionAddress },
    /// To the opener.
    OpenChat { to: SessionAddress, request: u32 },
    /// The receipt to the members. An acknowledgement that was not run is asked of the sessions of this shard's users again.
    Ack { user_shard: ShardId },
    /// To an attach of this home.
    Register { attach: u64 },
    /// To an attach of this home.
    FinishLinking { attach: u64 },
    /// To an attach of the user's home.
    Link { home: CoreId, attach: u64 },
    /// To an operator.
    Admin { ticket: u64 },
    /// To an operator, after the device's session was told to end.
    Revoke { ticket: u64, device: DeviceAddress },
}
