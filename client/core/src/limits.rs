//! Every limit and waiting time of the client, in one place, tied to the protocol's limits at compile time.
//!
//! Times are milliseconds.

use ringpost_wire::limits::{
    FRAME_BYTES_MAX, PAGE_BYTES_MAX, PAGE_MESSAGES_MAX, UNANSWERED_MAX as WIRE_UNANSWERED_MAX,
};

/// Messages kept for sending, over all chats; past it a send is not accepted.
pub const OUTBOX_MESSAGES_MAX: usize = 4_096;
/// Bytes of payload kept for sending, over all chats.
pub const OUTBOX_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Messages kept for sending in one chat.
pub const OUTBOX_CHAT_MESSAGES_MAX: usize = 1_024;
/// Highest number of a message that is believed: far beyond any real one, and sums with it do not overflow.
pub const PLAUSIBLE_SEQ_MAX: u64 = 1 << 62;
/// A number that no message has: a send with it is answered with the number that the server takes next.
pub const PROBE_CLIENT_SEQ: u64 = PLAUSIBLE_SEQ_MAX;
/// Unanswered sends of one chat.
pub const UNANSWERED_MAX: usize = 16;
/// Unanswered sends over all chats; further ones wait.
pub const IN_FLIGHT_MAX: usize = 512;

/// Messages given to the application and not confirmed; past it nothing more is delivered or read.
pub const UNCONFIRMED_MAX: usize = 1_024;
/// Messages of one chat that wait for an earlier one; past it the highest is dropped and read again later.
pub const GAP_MESSAGES_MAX: usize = 256;
/// Bytes of messages of one chat that wait for an earlier one.
pub const GAP_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of waiting messages over all chats, pages being read left out.
pub const GAP_TOTAL_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Messages asked for in one page.
pub const PULL_MESSAGES_MAX: u16 = 128;
/// Bytes asked for in one page.
pub const PULL_BYTES_MAX: u32 = 256 * 1024;
/// Chats asked for in one list.
pub const LIST_CHATS_MAX: u16 = 256;
/// Requests to open a chat that wait for an answer; past it one is refused.
pub const OPENS_MAX: usize = 256;
/// Chats whose read mark is remembered until it is known to have arrived; past it the first is forgotten.
pub const READ_MARKS_MAX: usize = 4_096;

/// Confirmed messages of a chat after which an acknowledgement goes out at once.
pub const ACK_MESSAGES: usize = 16;
/// Longest wait of an acknowledgement.
pub const ACK_WAIT_MS: u64 = 20;
/// How long a missing number may take to come by itself before the log is read.
pub const GAP_WAIT_MS: u64 = 50;
/// Wait before a stretch is sent again after a `Gap`, so that the answers to the later sends come in before.
pub const GAP_RESEND_WAIT_MS: u64 = 20;
/// First wait after a refusal for load that gives no advice; doubles.
pub const RETRY_WAIT_MS: u64 = 50;
/// Longest own wait after refusals for load.
pub const RETRY_WAIT_MS_MAX: u64 = 5_000;
/// Longest advice of a server that is followed.
pub const RETRY_AFTER_MS_MAX: u64 = 120_000;
/// First wait between two passes over the pending chats; doubles.
pub const LIST_WAIT_MS: u64 = 50;
/// Longest wait between two passes over the pending chats.
pub const LIST_WAIT_MS_MAX: u64 = 5_000;
/// Wait before a page is asked for again that brought nothing.
pub const PULL_WAIT_MS: u64 = 50;

/// Longest wait for a connection to open.
pub const DIAL_TIMEOUT_MS: u64 = 10_000;
/// Longest wait for `Welcome`.
pub const HANDSHAKE_TIMEOUT_MS: u64 = 10_000;
/// Longest wait for the answer to a heartbeat.
pub const PONG_TIMEOUT_MS: u64 = 20_000;
/// Time without any answer while some are due after which the server is asked, again and again, whether it lives.
pub const ANSWER_PING_MS: u64 = 10_000;
/// Longest time without any answer of a server that lives, while some are due; then the connection is given up.
pub const ANSWER_TIMEOUT_MS: u64 = 300_000;
/// First wait before a connection is tried again; doubles.
pub const BACKOFF_MS: u64 = 200;
/// Longest wait before a connection is tried again.
pub const BACKOFF_MS_MAX: u64 = 30_000;
/// How long after the loss of a connection, or the start of a client, the server may still take up the lost one.
pub const OWN_TAKEOVER_MS: u64 = 30_000;
/// A session that lasted so long makes the next backoff begin from the first wait.
pub const STABLE_SESSION_MS: u64 = 5_000;

const _: () = assert!(ANSWER_PING_MS + PONG_TIMEOUT_MS < ANSWER_TIMEOUT_MS);
const _: () = assert!(PLAUSIBLE_SEQ_MAX < ringpost_wire::limits::SEQ_MAX / 2 + 2);
const _: () = assert!(UNANSWERED_MAX == WIRE_UNANSWERED_MAX);
const _: () = assert!(PULL_MESSAGES_MAX as usize <= PAGE_MESSAGES_MAX);
const _: () = assert!(PULL_BYTES_MAX as usize <= PAGE_BYTES_MAX);
const _: () = assert!(PULL_MESSAGES_MAX as usize <= GAP_MESSAGES_MAX);
const _: () = assert!(PULL_BYTES_MAX as usize + FRAME_BYTES_MAX <= GAP_BYTES_MAX);
const _: () = assert!(GAP_BYTES_MAX <= GAP_TOTAL_BYTES_MAX);
const _: () = assert!(OUTBOX_CHAT_MESSAGES_MAX <= OUTBOX_MESSAGES_MAX);
