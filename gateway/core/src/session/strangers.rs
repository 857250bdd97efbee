//! Sessions that await their `Hello`, in the order in which they connected, to find the one that has said nothing for the longest.
//!
//! Invariant: every session that awaits its `Hello` is in it; of others there are never many more than of those.

use std::collections::VecDeque;

use crate::SessionId;

/// Ids of others that are kept in any case: clearing them away one by one would be more work.
const OTHERS_KEPT: usize = 64;

/// Who connected when.
#[derive(Debug, Default)]
pub(crate) struct Strangers {
    ids: VecDeque<SessionId>,
    /// How many of them still await their `Hello`.
    count: usize,
}

impl Strangers {
    /// A session connected.
    pub(crate) fn add(&mut self, id: SessionId) {
        self.ids.push_back(id);
        self.count += 1;
    }

    /// A session no longer awaits its `Hello`: it came, or the session is over. `is_stranger` tells which of the others do.
    pub(crate) fn left(&mut self, is_stranger: impl Fn(SessionId) -> bool) {
        self.count -= 1;
        if self.ids.len() > 2 * self.count + OTHERS_KEPT {
            self.ids.retain(|&id| is_stranger(id));
            self.ids.shrink_to(2 * self.ids.len() + OTHERS_KEPT);
        }
    }

    /// Takes out the one that has been a stranger for the longest. It counts until it has `left`.
    pub(crate) fn take_oldest(
        &mut self,
        is_stranger: impl Fn(SessionId) -> bool,
    ) -> Option<SessionId> {
        while let Some(id) = self.ids.pop_front() {
            if is_stranger(id) {
                return Some(id);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(slot: u32) -> SessionId {
        SessionId {
            slot,
            generation: 1,
        }
    }

    #[test]
    fn the_oldest_that_is_still_a_stranger_comes_first() {
        let mut strangers = Strangers::default();
        (0..4).for_each(|slot| strangers.add(id(slot)));
        let is_stranger = |id: SessionId| id.slot % 2 == 1;
        strangers.left(is_stranger);
        strangers.left(is_stranger);
        assert_eq!(strangers.take_oldest(is_stranger), Some(id(1)));
        assert_eq!(strangers.take_oldest(is_stranger), Some(id(3)));
        assert_eq!(strangers.take_oldest(is_stranger), None);
    }

    #[test]
    fn a_million_that_signed_in_take_no_memory() {
        let mut strangers = Strangers::default();
        for slot in 0..1_000_000 {
            strangers.add(id(slot));
            if slot >= 10 {
                strangers.left(|other| other.slot > slot - 10);
            }
            assert!(strangers.ids.capacity() <= 4 * OTHERS_KEPT);
        }
        let oldest = strangers.take_oldest(|other| other.slot >= 999_990);
        assert_eq!(oldest, Some(id(999_990)));
    }

    #[test]
    fn what_a_crowd_has_taken_is_given_back_when_it_has_left() {
        let mut strangers = Strangers::default();
        (0..100_000).for_each(|slot| strangers.add(id(slot)));
        for gone in 0..100_000 {
            strangers.left(|other| other.slot > gone);
        }
        assert!(strangers.ids.capacity() <= 4 * OTHERS_KEPT);
        assert_eq!(strangers.take_oldest(|_| false), None);
    }
}
