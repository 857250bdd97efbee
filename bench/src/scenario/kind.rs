//! `Load`: the kinds of load, each with the numbers that make it. Bounds are in `bounds`, meanings in `docs/scenarios.md`.

use serde::{Deserialize, Serialize};

/// What the devices do.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Load {
    /// Devices in pairs: one sends, the other receives and acknowledges.
    Pairs(Pairs),
    /// Messages are stored for devices that are away; then these come back and pull.
    OfflineDrain(OfflineDrain),
    /// All sessions are cut at once and come back at once.
    ReconnectStorm(ReconnectStorm),
    /// Very many sessions, few of them active.
    IdleMillion(IdleMillion),
    /// Pairs of which a share of the receivers reads slowly or not at all.
    SlowReaders(SlowReaders),
    /// One chat in which all devices send.
    HotChat(HotChat),
    /// Pairs that find out how much the node sustains, and then want several times as much.
    Overload(Overload),
    /// A part of the world over a part of a day.
    Day(Day),
}

/// Devices in pairs; device `i` sends to the user of device `pairs + i` and of those that follow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pairs {
    /// Senders, and as many receivers.
    pub pairs: u32,
    /// Unanswered sends of a sender.
    #[serde(default = "in_flight")]
    pub in_flight: u32,
    /// Sends a second of all senders; 0 is a closed loop: as fast as the answers come.
    #[serde(default)]
    pub rate: u64,
    /// Chats over which a sender rotates, each with another user.
    #[serde(default = "one")]
    pub chats_per_sender: u32,
}

/// A backlog is stored in a closed loop while its devices are away; then all come back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfflineDrain {
    /// Devices that are away, one chat each.
    pub devices: u32,
    /// Messages stored for each.
    pub messages: u32,
    /// Devices that send them.
    pub senders: u32,
    /// Unanswered sends of a sender.
    #[serde(default = "in_flight")]
    pub in_flight: u32,
    /// Devices that come back a second; 0 is all at once.
    #[serde(default)]
    pub returns_per_second: u32,
}

/// All sessions are cut; what is stored for them meanwhile is caught up after the return.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReconnectStorm {
    /// Sessions that are cut.
    pub sessions: u32,
    /// Pairs among them that write to each other.
    pub pairs_active: u32,
    /// Sends a second of all active pairs while they are connected.
    pub rate: u64,
    /// Counted seconds until the cut.
    pub cut_after_s: u64,
    /// Seconds from the cut to the return, in which the backlog is stored.
    #[serde(default = "away_s")]
    pub away_s: u64,
    /// Messages stored for each session while it is away.
    #[serde(default = "one")]
    pub backlog: u32,
    /// Devices, not among the sessions, that send the backlog.
    #[serde(default = "backlog_senders")]
    pub senders: u32,
}

/// Sessions are made at a pace and held; each gets at least one message in the counted time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdleMillion {
    /// Sessions, an even number.
    pub sessions: u32,
    /// Sessions made a second.
    pub connects_per_second: u32,
    /// Pairs among them that write to each other.
    pub active_pairs: u32,
    /// Sends a second of all active pairs, beside the one message that each session gets.
    #[serde(default)]
    pub rate: u64,
}

/// Pairs of which a share of the receivers reads slowly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlowReaders {
    /// Senders, and as many receivers.
    pub pairs: u32,
    /// Share of the receivers that read slowly, spread evenly.
    pub slow_share: f64,
    /// Milliseconds between two reads of a slow reader; 0 is never again.
    pub read_every_ms: u64,
    /// Sends a second of all senders; 0 is a closed loop.
    #[serde(default)]
    pub rate: u64,
    /// Unanswered sends of a sender.
    #[serde(default = "in_flight")]
    pub in_flight: u32,
}

/// Two users with many devices in their one chat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HotChat {
    /// Devices of each of the two users.
    pub devices_per_user: u32,
    /// Unanswered sends of a device.
    #[serde(default = "in_flight")]
    pub in_flight: u32,
    /// Sends a second of all devices; 0 is a closed loop.
    #[serde(default)]
    pub rate: u64,
}

/// Pairs as in [`Pairs`], one chat each. First a closed loop finds the top; then sends come at `factor` times that rate, whatever the node
/// does, and what it refuses is sent again when it said; then none come, and all must get in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overload {
    /// Senders, and as many receivers.
    pub pairs: u32,
    /// Unanswered sends of a sender.
    #[serde(default = "in_flight")]
    pub in_flight: u32,
    /// Senders that find the top, each with one send unanswered: enough to keep the node busy, too few for an overload.
    #[serde(default = "top_senders")]
    pub top_senders: u32,
    /// Seconds in which the top is measured, after the warm-up.
    #[serde(default = "top_s")]
    pub top_s: u64,
    /// Sends a second, as a multiple of the top.
    #[serde(default = "factor")]
    pub factor: f64,
}

/// A part of the world; the counted seconds begin at `begin_hour` and stand for `compress` times as many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Day {
    /// Share of the world's users, and so of its messages.
    pub factor: f64,
    /// Seconds of the world in a second of the run.
    #[serde(default = "one")]
    pub compress: u32,
    /// Hour of the day, UTC, at which the counted time begins.
    #[serde(default)]
    pub begin_hour: u32,
    /// Whether each region greets the new year at its midnight.
    #[serde(default)]
    pub new_year: bool,
}

impl Load {
    /// The kind's name in files.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Pairs(_) => "pairs",
            Self::OfflineDrain(_) => "offline-drain",
            Self::ReconnectStorm(_) => "reconnect-storm",
            Self::IdleMillion(_) => "idle-million",
            Self::SlowReaders(_) => "slow-readers",
            Self::HotChat(_) => "hot-chat",
            Self::Overload(_) => "overload",
            Self::Day(_) => "day",
        }
    }

    /// The names of all kinds.
    pub const KINDS: [&str; 8] = [
        "pairs",
        "offline-drain",
        "reconnect-storm",
        "idle-million",
        "slow-readers",
        "hot-chat",
        "overload",
        "day",
    ];
}

fn one() -> u32 {
    1
}

fn in_flight() -> u32 {
    super::bounds::IN_FLIGHT_MAX
}

fn top_senders() -> u32 {
    2_000
}

fn top_s() -> u64 {
    10
}

fn factor() -> f64 {
    3.0
}

fn away_s() -> u64 {
    5
}

fn backlog_senders() -> u32 {
    64
}
