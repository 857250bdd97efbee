//! What an operator decides about a worker. Every value is checked by whoever reads the file; few may change after the start.

use std::sync::Arc;

use ringpost_wire::limits::HEARTBEAT_MS;

use crate::{CoreId, PeerLimits, TokenVerifier};

/// Settings of one worker.
#[derive(Clone, Debug)]
pub struct Config {
    /// This worker's core.
    pub core: CoreId,
    /// Cores of the node; all workers have the same number.
    pub cores: u16,
    /// Seed of hashers and jitter.
    pub seed: u64,
    /// Name and version of the server software, for `Welcome`.
    pub server: String,
    /// Keys and rules of session tokens; `Input::Tokens` replaces them.
    pub tokens: Arc<TokenVerifier>,
    /// Register unknown devices of valid tokens; otherwise refuse them.
    pub register_devices: bool,
    /// Most connections of this worker, those without a `Hello` too; slots of `SessionId` are below.
    pub sessions_max: u32,
    /// Most of them that are signed in or about to be; further ones are told to come back.
    pub signed_in_max: u32,
    /// Heartbeat of clients that wish for none, in milliseconds.
    pub heartbeat_ms: u32,
    /// Sends a second that a device may make in the long run; 0 for no limit.
    pub sends_per_second: u32,
    /// Sends that a device may make at once after a rest.
    pub sends_burst: u32,
    /// Chats a minute that a device may open in the long run; 0 for no limit.
    pub opens_per_minute: u32,
    /// Handshakes a second that this worker begins while nothing is late; 0 for what it can do.
    pub handshakes_per_second: u32,
    /// What one address may do on the whole node.
    pub peers: PeerLimits,
    /// Standing delay of the lane's queue from which new sends are refused, in milliseconds; the steps before them are shed from
    /// fractions of it.
    pub queue_delay_ms: u64,
    /// Age of the oldest waiting command from which new sends are refused at once, in milliseconds: the lane is stuck.
    pub queue_delay_max_ms: u64,
}

/// Limits that may change while a worker runs; each as in [`Config`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeableLimits {
    /// Sends a second that a device may make in the long run; 0 for no limit.
    pub sends_per_second: u32,
    /// Sends that a device may make at once after a rest.
    pub sends_burst: u32,
    /// Chats a minute that a device may open in the long run; 0 for no limit.
    pub opens_per_minute: u32,
    /// Handshakes a second that a worker begins; 0 for no limit.
    pub handshakes_per_second: u32,
    /// What one address may do on the whole node.
    pub peers: PeerLimits,
    /// Standing delay of the lane's queue from which new sends are refused, in milliseconds.
    pub queue_delay_ms: u64,
}

impl Config {
    /// Those of its limits that may change while the worker runs.
    pub fn changeable(&self) -> ChangeableLimits {
        ChangeableLimits {
            sends_per_second: self.sends_per_second,
            sends_burst: self.sends_burst,
            opens_per_minute: self.opens_per_minute,
            handshakes_per_second: self.handshakes_per_second,
            peers: self.peers,
            queue_delay_ms: self.queue_delay_ms,
        }
    }
}

impl Default for Config {
    /// One core without any token key: every token is refused until one is added.
    fn default() -> Self {
        Self {
            core: CoreId(0),
            cores: 1,
            seed: 0,
            server: String::new(),
            tokens: Arc::default(),
            register_devices: true,
            sessions_max: 1 << 20,
            signed_in_max: 1 << 20,
            heartbeat_ms: HEARTBEAT_MS,
            sends_per_second: 0,
            sends_burst: 256,
            opens_per_minute: 0,
            handshakes_per_second: 0,
            peers: PeerLimits::default(),
            queue_delay_ms: 100,
            queue_delay_max_ms: 1_000,
        }
    }
}
