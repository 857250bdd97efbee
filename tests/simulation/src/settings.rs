//! What a scenario decides: how large the world is and what goes wrong in it. Times are milliseconds unless named otherwise.

use ringpost_storage_core::memory::FaultRates;

/// The settings of a scenario. A mean interval of 0 means never; shares are parts of 1,000.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Nodes over one store.
    pub nodes: usize,
    /// Circles of users who talk to each other, each with a node for its home; with one every node takes itself for the home of
    /// every shard.
    pub circles: usize,
    /// Mean time between two moves of a circle to another home.
    pub rehome_every_ms: u64,
    /// Most cores of a node; each run picks 1 to so many.
    pub cores_max: u64,
    /// Users with SDK clients.
    pub users: usize,
    /// Share of users with a second device.
    pub second_device_share: u64,
    /// Second devices appear in the middle of the run.
    pub is_second_late: bool,
    /// Messages that each SDK client sends.
    pub messages: u64,
    /// Largest payload of most messages, in bytes.
    pub payload_bytes_max: u64,
    /// Share of messages that are large.
    pub large_share: u64,
    /// Largest payload of large messages, in bytes.
    pub large_bytes_max: u64,
    /// Share of deliveries that an application keeps at once.
    pub kept_at_once_share: u64,
    /// Longest time until it has kept any other.
    pub kept_ms_max: u64,
    /// How long messages are made and faults happen.
    pub active_ms: u64,
    /// Faults of the store.
    pub store: FaultRates,
    /// Mean time between two times that the store cannot be reached.
    pub outage_every_ms: u64,
    /// Longest time of a request or an answer between lane and store, in microseconds.
    pub store_delay_us: u64,
    /// Longest time of a chunk of bytes on the network, in microseconds.
    pub link_delay_us: u64,
    /// Share of chunks that are cut anywhere.
    pub cut_chunk_share: u64,
    /// Mean time between two lost connections.
    pub cut_every_ms: u64,
    /// Share of lost connections of which an end is not told.
    pub half_open_share: u64,
    /// Mean time between two times that a link is dead in one direction or both.
    pub dead_link_every_ms: u64,
    /// Longest such time.
    pub dead_link_ms: u64,
    /// New connections are reset after so many bytes or fewer; 0 for never.
    pub reset_bytes: u64,
    /// Mean time between two ends of a node.
    pub node_crash_every_ms: u64,
    /// Share of them that are graceful.
    pub drain_share: u64,
    /// Mean time between two ends of a core.
    pub core_crash_every_ms: u64,
    /// Mean time between two stalls of a core.
    pub stall_every_ms: u64,
    /// Mean time between two crashes of a client.
    pub client_crash_every_ms: u64,
    /// Share of them after which the client goes on from an old copy of its state.
    pub restore_share: u64,
    /// Mean time between two moves of a client to another node.
    pub move_every_ms: u64,
    /// Mean time between two pauses of a client's reading.
    pub slow_reader_every_ms: u64,
    /// Longest such pause.
    pub slow_reader_ms: u64,
    /// Raw clients without dense numbers.
    pub doors: usize,
    /// Raw clients that break the rules of numbering.
    pub rule_breakers: usize,
    /// Mails that fit between two cores.
    pub mailbox_mails: usize,
    /// Age of waiting commands from which sends are refused.
    pub queue_delay_max_ms: u64,
    /// Sends a second of a device; 0 for any number.
    pub sends_per_second: u32,
    /// Handshakes a second of a core; 0 for any number.
    pub handshakes_per_second: u32,
    /// Share of tokens that are valid for seconds only.
    pub short_token_share: u64,
    /// Share of runs that keep messages for days.
    pub retention_days_share: u64,
    /// Largest difference of a node's clock to the true time when it starts.
    pub clock_skew_ms: u64,
    /// Mean time between two jumps of a node's clock.
    pub clock_jump_every_ms: u64,
    /// Largest difference to the true time after one.
    pub clock_jump_ms: u64,
    /// Mean time between two stops of a node's clock.
    pub clock_stop_every_ms: u64,
    /// Mean time between two devices that are unlinked.
    pub unlink_every_ms: u64,
    /// Mean time between two devices that are revoked.
    pub revoke_every_ms: u64,
    /// Mean time between two trims that an operator asks for.
    pub trim_every_ms: u64,
}

impl Default for Settings {
    /// A healthy world.
    fn default() -> Self {
        Self {
            nodes: 1,
            circles: 1,
            rehome_every_ms: 0,
            cores_max: 3,
            users: 4,
            second_device_share: 0,
            is_second_late: false,
            messages: 25,
            payload_bytes_max: 200,
            large_share: 10,
            large_bytes_max: 20_000,
            kept_at_once_share: 600,
            kept_ms_max: 700,
            active_ms: 10_000,
            store: FaultRates::NONE,
            outage_every_ms: 0,
            store_delay_us: 4_000,
            link_delay_us: 8_000,
            cut_chunk_share: 200,
            cut_every_ms: 0,
            half_open_share: 0,
            dead_link_every_ms: 0,
            dead_link_ms: 40_000,
            reset_bytes: 0,
            node_crash_every_ms: 0,
            drain_share: 0,
            core_crash_every_ms: 0,
            stall_every_ms: 0,
            client_crash_every_ms: 0,
            restore_share: 0,
            move_every_ms: 0,
            slow_reader_every_ms: 0,
            slow_reader_ms: 0,
            doors: 0,
            rule_breakers: 0,
            mailbox_mails: 256,
            queue_delay_max_ms: 1_000,
            sends_per_second: 0,
            handshakes_per_second: 0,
            short_token_share: 0,
            retention_days_share: 200,
            clock_skew_ms: 0,
            clock_jump_every_ms: 0,
            clock_jump_ms: 50_000,
            clock_stop_every_ms: 0,
            unlink_every_ms: 0,
            revoke_every_ms: 0,
            trim_every_ms: 0,
        }
    }
}
