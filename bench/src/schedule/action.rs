//! `Planned`: one thing that one device does at one time.

/// One action and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Nanoseconds from the schedule's beginning. Those of a schedule never run back.
    pub at_ns: u64,
    /// What happens.
    pub action: Action,
}

/// What a device does. Devices and chats are numbered from 0, as in [`super::Population`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Connects and resumes. At 0 ns: is connected when the schedule begins.
    Connect {
        /// The device.
        device: u32,
    },
    /// Ends its session.
    Disconnect {
        /// The device.
        device: u32,
    },
    /// Sends a message; the device is connected.
    Send {
        /// The sender.
        device: u32,
        /// Where to.
        chat: u32,
        /// Size of the payload.
        payload_bytes: u32,
    },
    /// Tells that it has read all it has of a chat; the device is connected.
    Read {
        /// The reader.
        device: u32,
        /// The chat.
        chat: u32,
    },
    /// Tells that its user is typing; the device is connected.
    Typing {
        /// The device.
        device: u32,
        /// The chat.
        chat: u32,
    },
}
