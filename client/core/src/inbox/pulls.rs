//! Chats whose log is to be read, the one with the newest message first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use ringpost_wire::ChatId;

/// The queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pulls {
    order: BTreeSet<(Reverse<u64>, ChatId)>,
    times: BTreeMap<ChatId, u64>,
}

impl Pulls {
    /// Adds a chat, or moves it forward if `time_ms` is newer than before.
    pub(crate) fn add(&mut self, chat: ChatId, time_ms: u64) {
        let before = self.times.get(&chat).copied();
        if before.is_some_and(|before| before >= time_ms) {
            return;
        }
        if let Some(before) = before {
            self.order.remove(&(Reverse(before), chat));
        }
        self.times.insert(chat, time_ms);
        self.order.insert((Reverse(time_ms), chat));
    }

    pub(crate) fn pop_newest(&mut self) -> Option<ChatId> {
        let (_, chat) = self.order.pop_first()?;
        self.times.remove(&chat);
        Some(chat)
    }

    pub(crate) fn contains(&self, chat: ChatId) -> bool {
        self.times.contains_key(&chat)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.order.clear();
        self.times.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_chat_comes_first_and_each_once() {
        let [one, two, three] = [1, 2, 3].map(|byte| ChatId([byte; 16]));
        let mut pulls = Pulls::default();
        pulls.add(one, 10);
        pulls.add(two, 20);
        pulls.add(three, 30);
        pulls.add(one, 25);
        pulls.add(three, 5);
        let order: Vec<_> = std::iter::from_fn(|| pulls.pop_newest()).collect();
        assert_eq!(order, [three, one, two]);
        assert!(pulls.is_empty());
    }
}
