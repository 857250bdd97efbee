//! Every bound of a scenario's numbers, in one place; the least and the most are both allowed.

use ringpost_wire::limits;

/// Largest scenario file, in bytes.
pub const FILE_BYTES_MAX: u64 = 64 * 1024;
/// Longest `name`, in bytes: lower-case letters, digits and `-`.
pub const NAME_BYTES_MAX: usize = 40;
/// Longest `about`, in bytes.
pub const ABOUT_BYTES_MAX: usize = 400;
/// Longest `warm_up_s`, in seconds.
pub const WARM_UP_S_MAX: u64 = 3_600;
/// Longest `seconds`: a week.
pub const SECONDS_MAX: u64 = 7 * 86_400;
/// Largest `seed`: the largest whole number of TOML.
pub const SEED_MAX: u64 = i64::MAX as u64;
/// Smallest payload, in bytes: what the load generator writes into each to recognise it.
pub const PAYLOAD_BYTES_MIN: u32 = 16;
/// Largest payload, in bytes.
pub const PAYLOAD_BYTES_MAX: u32 = limits::PAYLOAD_BYTES_MAX as u32;
/// Most devices of a scenario.
pub const DEVICES_MAX: u32 = 1_000_000;
/// Most pairs.
pub const PAIRS_MAX: u32 = DEVICES_MAX / 2;
/// Most chats of a sender.
pub const CHATS_PER_SENDER_MAX: u32 = 1_000;
/// Most chats of a scenario.
pub const CHATS_MAX: u32 = 20_000_000;
/// Most unanswered sends of a device and chat.
pub const IN_FLIGHT_MAX: u32 = limits::UNANSWERED_MAX as u32;
/// Most sends a second, of all senders.
pub const RATE_MAX: u64 = 10_000_000;
/// Most connects a second, of all devices.
pub const CONNECTS_PER_SECOND_MAX: u32 = 1_000_000;
/// Most messages in a device's backlog.
pub const MESSAGES_MAX: u32 = 1_000_000;
/// Most messages stored for each session while all are away in a reconnect storm.
pub const STORM_BACKLOG_MAX: u32 = 16;
/// Most devices that send the backlog of a reconnect storm.
pub const STORM_SENDERS_MAX: u32 = 1_000;
/// Most messages that an offline drain stores.
pub const DRAIN_MESSAGES_MAX: u64 = 100_000_000;
/// Longest pause between two reads of a slow reader, in milliseconds.
pub const READ_EVERY_MS_MAX: u64 = 600_000;
/// Longest time in which the top is measured before an overload, in seconds.
pub const TOP_S_MAX: u64 = 3_600;
/// Least and most that an overload is, as a multiple of the top.
pub const OVERLOAD_FACTOR_MIN: f64 = 0.1;
/// See [`OVERLOAD_FACTOR_MIN`].
pub const OVERLOAD_FACTOR_MAX: f64 = 100.0;
/// Most devices of each of the two users of a hot chat.
pub const DEVICES_PER_USER_MAX: u32 = 16;
/// Smallest share of the world: a hundred users.
pub const FACTOR_MIN: f64 = 1e-7;
/// Largest share of the world: all of it.
pub const FACTOR_MAX: f64 = 1.0;
/// Most hours that a second of a run may stand for, as a factor: a day in a second.
pub const COMPRESS_MAX: u32 = 86_400;
/// Largest standard deviation of the logarithm of sizes.
pub const SIGMA_MAX: f64 = 4.0;
