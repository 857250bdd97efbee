//! Sessions in the order in which they connected, to find the one that has said nothing for the longest.
//!
//! Invariant: every session that awaits its `Hello` is in it; others may be, at most as many as the table has slots.

use std::collections::VecDeque;

use crate::SessionId;

/// Who connected when.
#[derive(Debug, Default)]
pub(crate) struct Strangers(VecDeque<SessionId>);

impl Strangers {
    /// A session connected. `is_stranger` tells which of them still await their `Hello`; `slots` is the table's size.
    pub(crate) fn add(
        &mut self,
        id: SessionId,
        slots: usize,
        is_stranger: impl Fn(SessionId) -> bool,
    ) {
        if self.0.len() >= 2 * slots {
            self.0.retain(|&id| is_stranger(id));
        }
        self.0.push_back(id);
    }

    /// Takes out the one that has been a stranger for the longest.
    pub(crate) fn take_oldest(
        &mut self,
        is_stranger: impl Fn(SessionId) -> bool,
    ) -> Option<SessionId> {
        while let Some(id) = self.0.pop_front() {
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
        (0..4).for_each(|slot| strangers.add(id(slot), 4, |_| true));
        let is_stranger = |id: SessionId| id.slot % 2 == 1;
        assert_eq!(strangers.take_oldest(is_stranger), Some(id(1)));
        assert_eq!(strangers.take_oldest(is_stranger), Some(id(3)));
        assert_eq!(strangers.take_oldest(is_stranger), None);
    }

    #[test]
    fn those_that_signed_in_are_forgotten_in_time() {
        let mut strangers = Strangers::default();
        for slot in 0..1_000 {
            strangers.add(id(slot), 4, |id| id.slot + 3 > slot);
            assert!(strangers.0.len() <= 8);
        }
    }
}
