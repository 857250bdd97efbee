//! A connection as the network sees it: two streams of bytes and what each end believes.

use std::collections::VecDeque;

use ringpost_gateway_core::SessionId;

use crate::tap::Tap;

/// A connection's place in the list of all that ever were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnectionId(pub usize);

/// The client at the one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// One with the SDK's machine.
    Sdk(usize),
    /// One that speaks the protocol by hand.
    Raw(usize),
}

/// One of the two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the node.
    Up,
    /// From the node to the client.
    Down,
}

/// Bytes on their way.
#[derive(Debug, Default)]
pub struct Stream {
    /// What was written and has not arrived.
    pub bytes: VecDeque<u8>,
    /// An arrival is arranged.
    pub is_flowing: bool,
    /// The sender closes after these bytes.
    pub ends: bool,
    /// Nothing passes before then.
    pub dead_until_us: u64,
    /// After so many more bytes the connection is reset.
    pub left_bytes: Option<u64>,
}

/// A connection.
#[derive(Debug)]
pub struct Connection {
    /// The client.
    pub peer: Peer,
    /// The client's life that opened it.
    pub peer_life: u32,
    /// When the client asked for it, in microseconds.
    pub dialed_us: u64,
    /// The node.
    pub node: usize,
    /// The node's life that accepted it.
    pub node_life: u32,
    /// The core that accepted it.
    pub core: usize,
    /// The session, once accepted.
    pub session: Option<SessionId>,
    /// Bytes to the node.
    pub up: Stream,
    /// Bytes to the client.
    pub down: Stream,
    /// The client holds it open.
    pub is_client_open: bool,
    /// The node holds it open.
    pub is_server_open: bool,
    /// The network carries nothing any more.
    pub is_cut: bool,
    /// The node does not take bytes now.
    pub is_receiving_paused: bool,
    /// What its frames have told.
    pub tap: Tap,
}

impl Connection {
    /// A connection that is being opened.
    pub fn new(peer: Peer, peer_life: u32, node: usize, dialed_us: u64) -> Self {
        Self {
            peer,
            peer_life,
            dialed_us,
            node,
            node_life: 0,
            core: 0,
            session: None,
            up: Stream::default(),
            down: Stream::default(),
            is_client_open: true,
            is_server_open: false,
            is_cut: false,
            is_receiving_paused: false,
            tap: Tap::default(),
        }
    }

    /// The stream of a direction.
    pub fn stream(&mut self, direction: Direction) -> &mut Stream {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }
}
