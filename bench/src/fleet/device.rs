//! `Device`: the session of one simulated device.

use std::collections::VecDeque;

use ringpost_gateway_ring::Connection;

use super::pull::Pull;

/// How far a session has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// There is no connection.
    #[default]
    Offline,
    /// The connection is being made or `Hello` is on its way.
    Joining,
    /// `Welcome` came.
    Live,
}

/// A device.
#[derive(Debug, Default)]
pub struct Device {
    pub connection: Option<Connection>,
    pub stage: Stage,
    /// Whether it is meant to be connected: a connection that is lost is made again.
    pub is_wanted: bool,
    pub was_live: bool,
    pub has_received: bool,
    pub is_opening: bool,
    pub is_touched: bool,
    /// Attempts to connect since it was last live.
    pub attempts: u8,
    pub heartbeat_ms: u32,
    pub partial: Vec<u8>,
    pub connect_began_ns: u64,
    /// Since when it wants to be back.
    pub resume_began_ns: u64,
    /// It went away by its own will, so what waited meanwhile says nothing of the node.
    pub has_left: bool,
    /// What was due before is not measured.
    pub measured_from_ns: u64,
    /// Chats with unanswered sends.
    pub busy_chats: u32,
    /// Sides that may send once there are fewer.
    pub blocked: VecDeque<u32>,
    pub last_write_ns: u64,
    pub next_beat_ns: u64,
    pub pull: Option<Box<Pull>>,
    /// Chats that it has still to open, as offsets into its sides.
    pub next_open: u32,
    /// Next side for a send of the closed loop, as an offset into its sides.
    pub rotation: u32,
    /// Sends of the closed loop that are left.
    pub sends_left: u64,
}
