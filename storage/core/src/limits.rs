//! Every limit of the store's rules, in one place, tied to each other and to FoundationDB's limits at compile time.
//!
//! FoundationDB: a transaction lasts 5 s and writes 10 MB at most, keys have at most 10 kB, values 100 kB.

use ringpost_wire::limits::{FRAME_BYTES_MAX, UNANSWERED_MAX};

/// FoundationDB's limit of a transaction, in bytes.
pub const TRANSACTION_BYTES_HARD_MAX: usize = 10_000_000;
/// FoundationDB's limit of a value, in bytes.
pub const VALUE_BYTES_HARD_MAX: usize = 100_000;
/// FoundationDB's limit of a key, in bytes.
pub const KEY_BYTES_HARD_MAX: usize = 10_000;
/// FoundationDB's limit of a transaction's age, in milliseconds.
pub const TRANSACTION_MS_HARD_MAX: u64 = 5_000;
/// Bytes of writes at which a batch is closed.
pub const BATCH_BYTES_AIM: usize = 250_000;
/// Bytes of messages read for pages at which a batch is closed.
pub const BATCH_READ_BYTES_AIM: usize = 2_000_000;
/// Most commands of a batch.
pub const BATCH_COMMANDS_MAX: usize = 4_096;
/// Age of a lane's read version at which it takes a new one, in milliseconds.
pub const VERSION_AGE_MS_MAX: u64 = 2_000;
/// Senders whose window is kept in the chat's head; further ones have rows of their own.
pub const HEAD_WINDOWS_MAX: usize = 16;
/// Members that a chat's head names; the members of a larger chat are found by their rows.
pub const HEAD_MEMBERS_MAX: usize = 8;
/// Results kept a window.
pub const WINDOW_RESULTS_MAX: usize = UNANSWERED_MAX;
/// Members of a chat up to which each gets a pending row.
pub const FAN_OUT_MEMBERS_MAX: usize = 256;
/// Devices of a user.
pub const DEVICES_MAX: usize = 16;
/// Rows of devices of a user, unlinked ones too; a user with more gets no further device.
pub const DEVICE_ROWS_MAX: usize = 256;
/// Chats named in one `Registered`.
pub const LINK_PAGE_CHATS: usize = 256;
/// Intervals in which a member sees a chat.
pub const INTERVALS_MAX: usize = 64;
/// Messages that are removed one by one when they are trimmed together; more are removed as a range.
pub const TRIM_SINGLES_MAX: u64 = 32;
/// Messages that one `Trim` removes at most.
pub const TRIM_MESSAGES_MAX: usize = 256;
/// Days after which a device that never came is unlinked, by default.
pub const DEVICE_UNSEEN_DAYS: u32 = 45;
/// Fewest days that can be asked for.
pub const DEVICE_UNSEEN_DAYS_MIN: u32 = 1;
/// Most days that can be asked for.
pub const DEVICE_UNSEEN_DAYS_MAX: u32 = 3_650;
/// A day, in milliseconds.
pub const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

const _: () = assert!(FRAME_BYTES_MAX <= VALUE_BYTES_HARD_MAX);
const _: () = assert!(crate::store::KEY_BYTES_MAX <= KEY_BYTES_HARD_MAX);
/// Most bytes that one command writes: a message, the pending row of every member, and the rows beside them.
pub const COMMAND_BYTES_MAX: usize = FRAME_BYTES_MAX + FAN_OUT_MEMBERS_MAX * 256 + 32_768;

const _: () = assert!(2 + DEVICES_MAX * 12 + crate::store::KEY_BYTES_MAX <= 256);
const _: () = assert!(BATCH_BYTES_AIM + COMMAND_BYTES_MAX < TRANSACTION_BYTES_HARD_MAX / 10);
const _: () = assert!(BATCH_BYTES_AIM <= 250_000);
const _: () = assert!(HEAD_MEMBERS_MAX <= FAN_OUT_MEMBERS_MAX);
const _: () = assert!(VERSION_AGE_MS_MAX * 2 < TRANSACTION_MS_HARD_MAX);
