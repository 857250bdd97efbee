//! `Unread`: which chats each user has something new in, and when that is read. A bit a chat and user; a time only for
//! the chats of users that are connected.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::draw::{Draw, mix};
use super::world::READ_RECEIPT_SHARE;

const HABIT: u64 = 0x5265_6164;

/// Chats with something new, and the reads that are due.
#[derive(Clone, Debug)]
pub(super) struct Unread {
    chats: Vec<u32>,
    due: BinaryHeap<Reverse<Due>>,
    delay_ns_mean: f64,
    draw: Draw,
    seed: u64,
}

/// A chat of a user that is to be read; by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at_ns: u64,
    user: u32,
    place: u8,
}

impl Unread {
    pub(super) fn new(users: u32, delay_ns_mean: f64, draw: Draw, seed: u64) -> Self {
        Self {
            chats: vec![0; users as usize],
            due: BinaryHeap::new(),
            delay_ns_mean,
            draw,
            seed,
        }
    }

    /// A user has something new in its chat number `place`.
    pub(super) fn arrived(&mut self, user: u32, place: u8, now_ns: u64, is_online: bool) {
        let bit = 1 << place;
        let is_first = self.chats[user as usize] & bit == 0;
        if !is_first || !self.sends_receipts(user) {
            return;
        }
        self.chats[user as usize] |= bit;
        if is_online {
            self.plan(user, place, now_ns);
        }
    }

    /// A user has connected: it reads what came meanwhile.
    pub(super) fn returned(&mut self, user: u32, now_ns: u64) {
        let mut chats = self.chats[user as usize];
        while chats != 0 {
            self.plan(user, chats.trailing_zeros() as u8, now_ns);
            chats &= chats - 1;
        }
    }

    /// When the next read is due.
    pub(super) fn next_ns(&self) -> Option<u64> {
        self.due.peek().map(|Reverse(due)| due.at_ns)
    }

    /// Takes the next read: the user and the chat's place, if there is still something to read and the user is connected.
    pub(super) fn take(&mut self, is_online: impl Fn(u32) -> bool) -> Option<(u32, u8)> {
        let Reverse(Due { user, place, .. }) = self.due.pop()?;
        let bit = 1 << place;
        let is_read = self.chats[user as usize] & bit != 0 && is_online(user);
        if is_read {
            self.chats[user as usize] &= !bit;
        }
        is_read.then_some((user, place))
    }

    fn plan(&mut self, user: u32, place: u8, now_ns: u64) {
        let delay_ns = self.draw.exponential() * self.delay_ns_mean;
        self.due.push(Reverse(Due {
            at_ns: now_ns + delay_ns as u64,
            user,
            place,
        }));
    }

    fn sends_receipts(&self, user: u32) -> bool {
        let habit = mix(self.seed ^ mix(HABIT ^ u64::from(user)));
        (habit >> 11) as f64 / ((1_u64 << 53) as f64) < READ_RECEIPT_SHARE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: u32 = 1000;

    fn unread() -> Unread {
        Unread::new(USERS, 1e9, Draw::new(1, 1), 1)
    }

    #[test]
    fn messages_of_one_chat_have_one_read() {
        let mut unread = unread();
        for user in 0..USERS {
            for at_ns in 0..10 {
                unread.arrived(user, 3, at_ns, true);
            }
        }
        let mut reads = 0;
        while unread.next_ns().is_some() {
            let (_, place) = unread.take(|_| true).expect("each is something new");
            assert_eq!(place, 3);
            reads += 1;
        }
        let model = f64::from(USERS) * READ_RECEIPT_SHARE;
        let deviation = (model * (1.0 - READ_RECEIPT_SHARE)).sqrt();
        assert!(
            (f64::from(reads) - model).abs() < 5.0 * deviation,
            "{reads}"
        );
    }

    #[test]
    fn what_came_while_a_user_was_away_is_read_after_its_return() {
        let mut unread = unread();
        let user = (0..USERS)
            .find(|user| unread.sends_receipts(*user))
            .expect("most do");
        unread.arrived(user, 0, 5, false);
        unread.arrived(user, 7, 6, false);
        assert_eq!(unread.next_ns(), None);
        unread.returned(user, 100);
        assert!(unread.next_ns() >= Some(100));
        assert_eq!(unread.take(|_| false), None, "gone again");
        unread.returned(user, 200);
        let mut places = Vec::new();
        while unread.next_ns().is_some() {
            places.extend(unread.take(|_| true).map(|(_, place)| place));
        }
        places.sort_unstable();
        assert_eq!(places, [0, 7]);
    }
}
