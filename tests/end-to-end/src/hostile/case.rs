//! The attacks by name.

use std::io;

use super::attack::Attack;
use super::tally::Tally;
use super::{address, chats, flood, garbage, numbers, silence, states, storm};

/// An attack.
#[derive(Clone, Copy)]
pub struct HostileCase {
    /// Its name.
    pub name: &'static str,
    /// Makes it, until the attack's end.
    pub(super) make: fn(&Attack<'_>, &mut Tally) -> io::Result<()>,
    /// Well-behaved people beside it connect with TLS.
    pub(super) is_beside_tls: bool,
}

/// All attacks.
pub const CASES: &[HostileCase] = &[
    case("random-bytes", garbage::random_bytes),
    case("unfinished-frames", garbage::unfinished_frames),
    case("silence", silence::silence),
    case("connect-storm", storm::connect_storm),
    case_beside_tls("tls-handshake-storm", storm::handshake_storm),
    case("one-address-flood", address::one_address_flood),
    case("guessed-tokens", address::guessed_tokens),
    case("tiny-frames", flood::tiny_frames),
    case("wrong-states", states::wrong_states),
    case("numbers-at-limits", numbers::numbers_at_limits),
    case("strangers-chats", chats::strangers_chats),
    case("acks-ahead", chats::acks_ahead),
    case("open-chat-flood", flood::open_chat_flood),
    case("one-chat-flood", flood::one_chat_flood),
    case("one-core-flood", flood::one_core_flood),
    case("never-reading", flood::never_reading),
];

const fn case(
    name: &'static str,
    make: fn(&Attack<'_>, &mut Tally) -> io::Result<()>,
) -> HostileCase {
    HostileCase {
        name,
        make,
        is_beside_tls: false,
    }
}

const fn case_beside_tls(
    name: &'static str,
    make: fn(&Attack<'_>, &mut Tally) -> io::Result<()>,
) -> HostileCase {
    HostileCase {
        is_beside_tls: true,
        ..case(name, make)
    }
}
