//! Every limit of the gateway, in one place, with relations between them asserted at compile time.

use ringpost_storage_core::limits::{BATCH_COMMANDS_MAX, DAY_MS, DEVICE_UNSEEN_DAYS_MIN};
use ringpost_wire::limits::{
    FRAME_BYTES_MAX, PAGE_BYTES_MAX, PAGE_EMPTY_RANGES_MAX, TOKEN_BYTES_MAX,
};

/// Bytes of data (deliveries, pages) that may wait for a session's socket.
pub const OUTBOUND_DATA_BYTES_MAX: usize = 128 * 1024;
/// Further bytes that only control frames may use; a session that exhausts them is closed.
pub const OUTBOUND_CONTROL_BYTES: usize = 32 * 1024;
/// Waiting bytes from which a session's requests are no longer received.
pub const OUTBOUND_PAUSE_BYTES: usize = OUTBOUND_DATA_BYTES_MAX + 8 * 1024;
/// Waiting bytes below which they are received again.
pub const OUTBOUND_RESUME_BYTES: usize = OUTBOUND_DATA_BYTES_MAX / 2;
/// Waiting bytes from which a session may be ended for taking none of them, when memory for sending runs short.
pub const UNTAKEN_BYTES_MIN: usize = 4 * 1024;
/// For how long it has taken none then, in milliseconds.
pub const UNTAKEN_MS: u64 = 1_000;
/// Sessions that are looked at for it at a time.
pub const RELIEF_VISITS_MAX: usize = 1024;
/// Bytes of messages in one page to a session.
pub const PAGE_BYTES_AT_ONCE: usize = 64 * 1024;
/// Largest `Page` frame, in bytes.
pub const PAGE_FRAME_BYTES: usize = 512 + 24 * PAGE_EMPTY_RANGES_MAX;
/// Room that a page needs before it is read.
pub const PAGE_ROOM_BYTES_MIN: usize = 32 * 1024;
/// Bytes of a `PendingList` beside its chats.
pub const PENDING_FRAME_BYTES: usize = 512;
/// Bytes of one chat in a `PendingList`.
pub const PENDING_CHAT_BYTES: usize = 56;
/// Unanswered `OpenChat` and `MarkRead` of a session.
pub const SESSION_REQUESTS_MAX: u8 = 32;
/// Pages of a session that may wait for the one in flight.
pub const PAGES_WAITING_MAX: usize = 4;
/// Chats that a session may be behind in; beyond, it is behind in all.
pub const BEHIND_CHATS_MAX: usize = 64;
/// Chats of a session for which a refusal for load is remembered; beyond, the store's `Gap` answers.
pub const STICKY_CHATS_MAX: usize = 64;
/// Chats in which a session may have unanswered sends at a time.
pub const SENDING_CHATS_MAX: usize = 64;
/// Slots of a full table that are kept free for newcomers, as long as there are sessions that have said no `Hello`.
pub const NEWCOMER_SLOTS: u32 = 128;
/// Largest frame before authentication, in bytes.
pub const HELLO_BYTES_MAX: usize = 4 * 1024;
/// Partial frames of a worker.
pub const PARTIAL_FRAMES_MAX: usize = 16 * 1024;
/// Bytes of all partial frames of a worker.
pub const PARTIAL_BYTES_MAX: usize = 64 * 1024 * 1024;
/// A frame must be complete after this time, in milliseconds.
pub const PARTIAL_TIMEOUT_MS: u64 = 30_000;
/// An attach must be answered after this time, in milliseconds.
pub const ATTACH_TIMEOUT_MS: u64 = 30_000;
/// Age at which a live session is ended so that its device signs in anew, and is seen, in milliseconds: a day.
pub const SESSION_AGE_MS_MAX: u64 = 24 * 60 * 60 * 1_000;
/// By how much less it is for some, so that those that came together do not come back together, in milliseconds.
pub const SESSION_AGE_SPREAD_MS: u64 = SESSION_AGE_MS_MAX / 4;
/// Time that a shell gives a closing socket to take what was written, in milliseconds.
pub const FLUSH_TIMEOUT_MS: u64 = 5_000;
/// Requests to one core that may be unanswered.
pub const REQUESTS_MAX: usize = 16 * 1024;
/// Deliveries and receipts that may wait for one core's mailbox.
pub const DELIVERIES_MAX: usize = 16 * 1024;
/// Bytes of frames in them.
pub const DELIVERY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Acknowledgements that may wait for one core's mailbox, or in its open batch.
pub const ACKS_MAX: usize = 64 * 1024;
/// Acknowledgements in one mail.
pub const ACKS_PER_MAIL_MAX: usize = 1024;
/// Attaches that a user home may have in progress.
pub const ATTACHES_MAX: usize = 4 * 1024;
/// Chats of an attach that are linked at a time.
pub const LINKS_IN_FLIGHT_MAX: usize = 16;
/// Commands that may wait for the lane, acknowledgements not counted. Read marks may use a half, new sends three quarters.
pub const WAITING_COMMANDS_MAX: usize = 16 * 1024;
/// Bytes of their frames.
pub const WAITING_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of frames in one batch.
pub const BATCH_FRAME_BYTES_MAX: usize = 200_000;
/// Bytes of pages that one batch reads.
pub const BATCH_PAGE_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Sessions that one turn of a sweep (overflow, drain) visits.
pub const SWEEP_SESSIONS: u32 = 1024;
/// Stretch of time of which the least delay counts for the level of load, in microseconds.
pub const OVERLOAD_INTERVAL_US: u64 = 100_000;
/// Intervals after which an idle core has forgotten all load.
pub const OVERLOAD_INTERVALS_AT_ONCE: u32 = 64;
/// Least and most that those are told to wait who are refused for the home's load, before chance adds up to a half, in milliseconds.
pub const OVERLOAD_RETRY_MS_MIN: u64 = 100;
/// See [`OVERLOAD_RETRY_MS_MIN`].
pub const OVERLOAD_RETRY_MS_MAX: u64 = 5_000;
/// Sign-ins a second that a core begins in any case, however late it is, unless it is configured to fewer.
pub const HANDSHAKES_PER_SECOND_MIN: u32 = 200;
/// Sign-ins a second that a core begins at most.
pub const HANDSHAKES_PER_SECOND_MAX: u32 = 20_000;
/// What a signature of HS256 costs to verify, in microseconds of a core, rounded up; `examples/verify.rs` measures it.
pub const HS256_US: u32 = 1;
/// As [`HS256_US`], for EdDSA.
pub const EDDSA_US: u32 = 36;
/// As [`HS256_US`], for ES256.
pub const ES256_US: u32 = 54;
/// Of its time a core spends one part in so many on the signatures of sign-ins, at most; those beyond are told to come back.
pub const SIGN_INS_CORE_PART: u32 = 3;
/// As [`SIGN_INS_CORE_PART`], for newer tokens of sessions.
pub const RENEWALS_CORE_PART: u32 = 20;
/// Signatures that a core verifies at once after a rest, in microseconds that they cost.
pub const SIGNATURES_AT_ONCE_US: u32 = 20_000;
/// Addresses of peers that a core remembers; beyond, those worth the least are forgotten.
pub const PEERS_MAX: usize = 64 * 1024;
/// Addresses for which there is room from the first on.
pub const PEERS_AT_ONCE: usize = 64;
/// Time between two turns, in milliseconds.
pub const SWEEP_INTERVAL_MS: u64 = 2;
/// Sessions of a drain are asked to go at least as fast as one in so many milliseconds.
pub const DRAIN_SESSION_MS_MAX: u64 = 2;
/// Least and most that a refused sender is told to wait, in milliseconds.
pub const RETRY_AFTER_MS_MIN: u32 = 50;
/// See [`RETRY_AFTER_MS_MIN`].
pub const RETRY_AFTER_MS_MAX: u32 = 10_000;
/// What a client is told to wait whose command the lane could not run, in milliseconds: another lane holds the shard, or the
/// store is away.
pub const LANE_RETRY_AFTER_MS: u64 = 250;
/// State of an idle session, in bytes.
pub const SESSION_BYTES_MAX: usize = 256;
/// By how much the clock of a token's issuer may differ, in milliseconds, by default.
pub const TOKEN_LEEWAY_MS: u64 = 60_000;
/// By how much at most.
pub const TOKEN_LEEWAY_MS_MAX: u64 = 300_000;
/// Keys that tokens may be signed with.
pub const TOKEN_KEYS_MAX: usize = 64;
/// Bytes of a key's name.
pub const KEY_ID_BYTES_MAX: usize = 128;
/// Least bytes of a secret for HS256: those of its digest (RFC 7518, 3.2).
pub const TOKEN_SECRET_BYTES_MIN: usize = 32;
/// Bytes of a JSON Web Key Set.
pub const JWKS_BYTES_MAX: usize = 256 * 1024;

const _: () = assert!(OUTBOUND_DATA_BYTES_MAX >= FRAME_BYTES_MAX + PAGE_ROOM_BYTES_MIN);
const _: () = assert!(OUTBOUND_DATA_BYTES_MAX <= PAGE_BYTES_MAX);
const _: () = assert!(OUTBOUND_PAUSE_BYTES < OUTBOUND_DATA_BYTES_MAX + OUTBOUND_CONTROL_BYTES);
const _: () = assert!(PAGE_ROOM_BYTES_MIN > 2 * PAGE_FRAME_BYTES);
const _: () = assert!(PAGE_BYTES_AT_ONCE + PAGE_FRAME_BYTES < OUTBOUND_DATA_BYTES_MAX);
const _: () = assert!(OUTBOUND_RESUME_BYTES < OUTBOUND_PAUSE_BYTES);
const _: () = assert!(UNTAKEN_BYTES_MIN < OUTBOUND_RESUME_BYTES);
const _: () = assert!(HELLO_BYTES_MAX > TOKEN_BYTES_MAX + 512);
const _: () = assert!(HELLO_BYTES_MAX <= FRAME_BYTES_MAX);
const _: () = assert!(SESSION_AGE_MS_MAX <= DEVICE_UNSEEN_DAYS_MIN as u64 * DAY_MS);
const _: () = assert!(WAITING_COMMANDS_MAX >= BATCH_COMMANDS_MAX);
const _: () = assert!(DELIVERIES_MAX >= BATCH_COMMANDS_MAX);
const _: () = assert!(RETRY_AFTER_MS_MIN < RETRY_AFTER_MS_MAX);
const _: () = assert!(OVERLOAD_RETRY_MS_MIN >= RETRY_AFTER_MS_MIN as u64);
const _: () =
    assert!(OVERLOAD_RETRY_MS_MAX + OVERLOAD_RETRY_MS_MAX / 2 <= RETRY_AFTER_MS_MAX as u64);
const _: () = assert!(HANDSHAKES_PER_SECOND_MIN <= HANDSHAKES_PER_SECOND_MAX);
const _: () = assert!(SIGNATURES_AT_ONCE_US >= HANDSHAKES_PER_SECOND_MAX * HS256_US);
const _: () = assert!(1_000_000 / SIGN_INS_CORE_PART >= HANDSHAKES_PER_SECOND_MAX * HS256_US);
