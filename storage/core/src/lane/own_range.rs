//! Which ranges lie within the rows of one chat or one user, so that a fence protects the whole of them.
//!
//! When in doubt a range is foreign: that costs a read conflict and is never wrong.

use ringpost_wire::{ChatId, ShardId, UserId};

use crate::store::{Key, KeyRange};

/// Bytes of a key up to the end of its first id: the family and 16 bytes.
const ID_END: usize = 17;

/// The home of all rows that `range` can hold; `None` when there may be several.
pub(super) fn home_of_range(range: &KeyRange) -> Option<ShardId> {
    let begin = range.begin.as_slice();
    let prefix = Key::from_slice(begin.get(..ID_END)?)?;
    let is_within = range.end <= prefix.prefix_end();
    let mut id = [0; 16];
    id.copy_from_slice(&begin[1..ID_END]);
    match begin[0] {
        0x01..=0x05 if is_within => Some(ChatId(id).shard()),
        0x12 | 0x13 if is_within => Some(UserId(id).shard()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(begin: &[u8], end: &[u8]) -> KeyRange {
        KeyRange {
            begin: Key::of(&[begin]),
            end: Key::of(&[end]),
        }
    }

    #[test]
    fn the_log_of_a_chat_has_one_home() {
        let mut chat = [0xab; 17];
        chat[0] = 0x02;
        let low = [&chat[..], &[0; 8]].concat();
        let high = [&chat[..], &[0xff; 8]].concat();
        let home = Some(ShardId(0xaba));
        assert_eq!(home_of_range(&range(&low, &high)), home);
        assert_eq!(home_of_range(&KeyRange::prefix(Key::of(&[&chat]))), home);
        let mut next = chat;
        next[16] += 1;
        assert_eq!(
            home_of_range(&range(&low, &[&next[..], &[0]].concat())),
            None
        );
        assert_eq!(home_of_range(&range(&chat[..3], &low)), None);
    }

    #[test]
    fn rows_that_chats_write_under_a_user_have_many_homes() {
        let mut user = [0xab; 17];
        for (family, home) in [
            (0x10, None),
            (0x11, None),
            (0x12, Some(ShardId(0xaba))),
            (0x13, Some(ShardId(0xaba))),
            (0x20, None),
        ] {
            user[0] = family;
            let range = KeyRange::prefix(Key::of(&[&user]));
            assert_eq!(home_of_range(&range), home, "{family:x}");
        }
    }
}
