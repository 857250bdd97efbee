//! Ids of chats, users, devices and messages, and the virtual shard that an id belongs to.
//!
//! User and chat ids are 16 bytes of a SHA-256; their top 12 bits name one of 4,096 shards.

use core::fmt;
use sha2::{Digest, Sha256};

/// A chat's sequence number: 1 for its first message, dense.
pub type Seq = u64;
/// A message's id, chosen at random by the client; it survives renumbering.
pub type MessageId = u64;
/// A device of a user, from the token's `did`; 1 or more.
pub type DeviceId = u32;

/// Number of virtual shards; fixed for the life of a cluster.
pub const SHARD_COUNT: usize = 4096;

/// One of the 4,096 virtual shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId(pub u16);

impl ShardId {
    fn of(id: &[u8; 16]) -> Self {
        Self((u16::from(id[0]) << 4) | (u16::from(id[1]) >> 4))
    }
}

/// A user: the first 16 bytes of SHA-256 over `ringpost user` and the token's `sub`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UserId(pub [u8; 16]);

/// A chat: for one-to-one chats derived from the two users, for groups random.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ChatId(pub [u8; 16]);

/// A device together with its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct DeviceAddress {
    /// The user.
    pub user: UserId,
    /// The user's device.
    pub device: DeviceId,
}

fn truncated(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    let digest = hasher.finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    id
}

impl UserId {
    /// The user that a token's `sub` names.
    pub fn from_subject(subject: &str) -> Self {
        Self(truncated(&[b"ringpost user\0", subject.as_bytes()]))
    }

    /// The shard whose home keeps this user's sessions.
    pub fn shard(&self) -> ShardId {
        ShardId::of(&self.0)
    }
}

impl ChatId {
    /// The one-to-one chat of two users; the order of the arguments does not matter. A chat with oneself is allowed.
    pub fn one_to_one(one: UserId, other: UserId) -> Self {
        let (low, high) = if one <= other {
            (one, other)
        } else {
            (other, one)
        };
        Self(truncated(&[b"ringpost chat\0", &low.0, &high.0]))
    }

    /// The shard whose home numbers this chat.
    pub fn shard(&self) -> ShardId {
        ShardId::of(&self.0)
    }
}

fn write_hex(id: &[u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    id.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

fn parse_hex(text: &str) -> Option<[u8; 16]> {
    let digits = text.as_bytes();
    if digits.len() != 32 {
        return None;
    }
    let mut id = [0; 16];
    for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(id)
}

macro_rules! hex_id {
    ($id:ident) => {
        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, f)
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, f)
            }
        }

        impl $id {
            /// Reads 32 hexadecimal digits; `None` for anything else.
            pub fn from_hex(text: &str) -> Option<Self> {
                parse_hex(text).map(Self)
            }
        }
    };
}

hex_id!(UserId);
hex_id!(ChatId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chat_of_two_users_does_not_depend_on_their_order() {
        let (ann, bob) = (UserId::from_subject("ann"), UserId::from_subject("bob"));
        assert_eq!(ChatId::one_to_one(ann, bob), ChatId::one_to_one(bob, ann));
        assert_ne!(ChatId::one_to_one(ann, bob), ChatId::one_to_one(ann, ann));
    }

    #[test]
    fn the_shard_is_the_top_twelve_bits() {
        let mut id = [0; 16];
        (id[0], id[1]) = (0xab, 0xcd);
        assert_eq!(ChatId(id).shard(), ShardId(0xabc));
        assert_eq!(UserId([0xff; 16]).shard(), ShardId(4095));
    }

    #[test]
    fn hexadecimal_round_trips_and_refuses_the_rest() {
        let ann = UserId::from_subject("ann");
        assert_eq!(UserId::from_hex(&ann.to_string()), Some(ann));
        assert_eq!(UserId::from_hex("ab"), None);
        assert_eq!(UserId::from_hex(&"zz".repeat(16)), None);
        assert_eq!(UserId::from_hex(&"+1".repeat(16)), None);
    }
}
