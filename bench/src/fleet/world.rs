//! `World`: users, their devices and their chats, by dense indices. Device d belongs to user d / devices_per_user.
//!
//! A *side* is one device in one chat. Sides are sorted by device, then by the chat's id, so that a frame's side is found
//! by a search among the device's own.

use std::ops::Range;

use ringpost_wire::{ChatId, UserId};

/// The two users of a chat.
pub type Members = (u32, u32);

/// Who there is.
pub struct World {
    prefix: String,
    devices_per_user: u32,
    users: Vec<UserId>,
    chats: Vec<ChatId>,
    members: Vec<Members>,
    first_side: Vec<u32>,
    sides: Vec<SideKey>,
}

#[derive(Clone, Copy)]
struct SideKey {
    id_prefix: u64,
    chat: u32,
}

fn id_prefix(chat: &ChatId) -> u64 {
    u64::from_be_bytes(*chat.0.first_chunk().expect("an id has 16 bytes"))
}

impl World {
    /// A world whose users are named `prefix` and their number.
    pub fn new(prefix: &str, users: u32, devices_per_user: u32, members: Vec<Members>) -> Self {
        let ids = (0..users).map(|user| UserId::from_subject(&format!("{prefix}-{user}")));
        let users: Vec<UserId> = ids.collect();
        let chats: Vec<ChatId> = members
            .iter()
            .map(|&(a, b)| ChatId::one_to_one(users[a as usize], users[b as usize]))
            .collect();
        let mut world = Self {
            prefix: prefix.to_owned(),
            devices_per_user,
            users,
            chats,
            members,
            first_side: Vec::new(),
            sides: Vec::new(),
        };
        world.lay_out_sides();
        world
    }

    fn lay_out_sides(&mut self) {
        let mut counts = vec![0u32; self.devices() as usize + 1];
        for &(a, b) in &self.members {
            for device in self.devices_of(a).chain(self.devices_of(b)) {
                counts[device as usize + 1] += 1;
            }
        }
        for index in 1..counts.len() {
            counts[index] += counts[index - 1];
        }
        self.first_side = counts.clone();
        let total = counts.last().copied().unwrap_or_default();
        self.sides = vec![
            SideKey {
                id_prefix: 0,
                chat: 0
            };
            total as usize
        ];
        for (chat, &(a, b)) in self.members.iter().enumerate() {
            let key = SideKey {
                id_prefix: id_prefix(&self.chats[chat]),
                chat: chat as u32,
            };
            for device in self.devices_of(a).chain(self.devices_of(b)) {
                self.sides[counts[device as usize] as usize] = key;
                counts[device as usize] += 1;
            }
        }
        for device in 0..self.devices() {
            let range = self.sides_of(device);
            self.sides[range.start as usize..range.end as usize]
                .sort_unstable_by_key(|side| side.id_prefix);
        }
    }

    /// Devices.
    pub fn devices(&self) -> u32 {
        self.users.len() as u32 * self.devices_per_user
    }

    /// Chats.
    pub fn chats(&self) -> u32 {
        self.chats.len() as u32
    }

    /// Sides of all devices.
    pub fn sides(&self) -> u32 {
        self.sides.len() as u32
    }

    /// The user of a device.
    pub fn user_of(&self, device: u32) -> u32 {
        device / self.devices_per_user
    }

    /// The number of a device within its user, from 1.
    pub fn device_number(&self, device: u32) -> u32 {
        device % self.devices_per_user + 1
    }

    /// The devices of a user.
    pub fn devices_of(&self, user: u32) -> Range<u32> {
        user * self.devices_per_user..(user + 1) * self.devices_per_user
    }

    /// The name of a user in tokens.
    pub fn subject(&self, user: u32) -> String {
        format!("{}-{user}", self.prefix)
    }

    /// The id of a user.
    pub fn user_id(&self, user: u32) -> UserId {
        self.users[user as usize]
    }

    /// The id of a chat.
    pub fn chat_id(&self, chat: u32) -> ChatId {
        self.chats[chat as usize]
    }

    /// The users of a chat.
    pub fn members(&self, chat: u32) -> Members {
        self.members[chat as usize]
    }

    /// The sides of a device.
    pub fn sides_of(&self, device: u32) -> Range<u32> {
        self.first_side[device as usize]..self.first_side[device as usize + 1]
    }

    /// The chat of a side.
    pub fn chat_of(&self, side: u32) -> u32 {
        self.sides[side as usize].chat
    }

    /// The side of a device in a chat, if it is a member.
    pub fn side(&self, device: u32, chat: &ChatId) -> Option<u32> {
        let range = self.sides_of(device);
        let keys = &self.sides[range.start as usize..range.end as usize];
        let wanted = id_prefix(chat);
        let first = keys.partition_point(|key| key.id_prefix < wanted);
        let among = keys[first..]
            .iter()
            .take_while(|key| key.id_prefix == wanted);
        let offset = among
            .into_iter()
            .position(|key| self.chats[key.chat as usize] == *chat)?;
        Some(range.start + (first + offset) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_side_is_found_and_no_stranger_is() {
        let world = World::new("world", 6, 2, vec![(0, 1), (1, 2), (0, 2), (3, 4)]);
        assert_eq!((world.devices(), world.chats(), world.sides()), (12, 4, 16));
        for device in 0..world.devices() {
            let user = world.user_of(device);
            for chat in 0..world.chats() {
                let (a, b) = world.members(chat);
                let side = world.side(device, &world.chat_id(chat));
                assert_eq!(side.is_some(), user == a || user == b);
                if let Some(side) = side {
                    assert_eq!(world.chat_of(side), chat);
                    assert!(world.sides_of(device).contains(&side));
                }
            }
        }
        assert_eq!(world.sides_of(10).len(), 0);
        assert_eq!((world.user_of(5), world.device_number(5)), (2, 2));
    }
}
