//! The gateway of one core, without any I/O: sessions, routing to home cores, delivery and acknowledgements.
//!
//! [`Worker`] is one core's whole state. A shell tells it what happened ([`Input`]), performs its [`Effect`]s in order,
//! carries its [`Mail`]s to other cores and calls it again at its deadline.

mod address;
mod config;
mod counters;
mod effect;
mod event;
mod histogram;
mod home;
mod input;
pub mod limits;
mod mail;
mod outbox;
mod outgoing;
mod overload;
mod peer;
mod random;
mod rate_limit;
mod seeded_hasher;
mod session;
mod shard_map;
mod time;
mod timer_wheel;
mod token;
mod worker;

pub use address::{CoreId, SessionAddress, SessionId};
pub use config::{ChangeableLimits, Config};
pub use counters::{Counters, Shed};
pub use effect::{AdminRefused, Effect};
pub use event::Event;
pub use histogram::{BUCKETS, DOUBLINGS, Histogram};
pub use input::{Input, LaneState};
pub use mail::{
    DeviceAck, Group, Mail, MailError, Recipient, Refusal, SendAnswer, SendResult, ShardSet,
};
pub use outgoing::{INLINE_BYTES_MAX, Outgoing};
pub use overload::{STEPS_BY_LEVEL, Step};
pub use peer::{PeerKey, PeerLimit, PeerLimits, PeerRefusals, Peers};
pub use shard_map::ShardMap;
pub use time::Now;
pub use token::{
    Algorithm, Jwks, JwksError, KeyError, KeySet, KeySetError, NewToken, NoRandomness,
    RandomSource, SkippedKey, TokenError, TokenHolder, TokenKey, TokenRules, TokenSigner,
    TokenVerifier,
};
pub use worker::{Summary, Worker};
