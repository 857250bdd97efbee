//! The session directory of a user home: which devices of its users have a session, where, and of which generation.
//!
//! Invariant: at most one session a device; it is replaced only by a higher generation and removed only by its own.

use core::hash::BuildHasher;

use hashbrown::HashTable;
use ringpost_wire::{DeviceAddress, DeviceId, UserId};
use slab::Slab;

use crate::seeded_hasher::SeededState;
use crate::{Group, SessionAddress};

/// A device's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeviceSession {
    pub(crate) device: DeviceId,
    pub(crate) generation: u64,
    pub(crate) at: SessionAddress,
}

/// A user with sessions.
struct User {
    id: UserId,
    sessions: Group<DeviceSession>,
}

/// The sessions of a home's users. The table holds places in the list instead of users: half of its buckets may be empty, and each is
/// then five bytes and not fifty.
pub(crate) struct Directory {
    hashing: SeededState,
    places: HashTable<u32>,
    users: Slab<User>,
    devices: usize,
}

impl Directory {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            hashing: SeededState(seed),
            places: HashTable::new(),
            users: Slab::new(),
            devices: 0,
        }
    }

    fn place(&self, user: UserId) -> Option<usize> {
        let is_user = |place: &u32| self.users[*place as usize].id == user;
        let found = self.places.find(self.hashing.hash_one(user), is_user);
        found.map(|place| *place as usize)
    }

    fn insert(&mut self, id: UserId, session: DeviceSession) {
        let sessions = Group::One(session);
        let place = self.users.insert(User { id, sessions }) as u32;
        let (hashing, users) = (&self.hashing, &self.users);
        let hash = |place: &u32| hashing.hash_one(users[*place as usize].id);
        self.places.insert_unique(hash(&place), place, hash);
    }

    fn forget(&mut self, user: UserId) {
        let users = &self.users;
        let is_user = |place: &u32| users[*place as usize].id == user;
        let found = self.places.find_entry(self.hashing.hash_one(user), is_user);
        if let Ok(found) = found {
            let (place, _) = found.remove();
            self.users.remove(place as usize);
        }
    }

    /// Number of devices with a session.
    pub(crate) fn devices(&self) -> usize {
        self.devices
    }

    /// The sessions of a user, in no order that matters.
    pub(crate) fn sessions(&self, user: UserId) -> &[DeviceSession] {
        self.place(user)
            .map_or(&[], |place| self.users[place].sessions.as_slice())
    }

    /// Enters a session and answers the older one of the same device.
    pub(crate) fn register(
        &mut self,
        user: UserId,
        session: DeviceSession,
    ) -> Option<DeviceSession> {
        let Some(place) = self.place(user) else {
            self.insert(user, session);
            self.devices += 1;
            return None;
        };
        let sessions = &mut self.users[place].sessions;
        let mut known = sessions.as_mut_slice().iter_mut();
        match known.find(|known| known.device == session.device) {
            Some(known) => {
                assert!(
                    known.generation < session.generation,
                    "a home gives out ascending generations"
                );
                Some(core::mem::replace(known, session))
            }
            None => {
                sessions.push(session);
                self.devices += 1;
                None
            }
        }
    }

    /// Removes the session of a device unless a newer one took its place.
    pub(crate) fn remove(&mut self, device: DeviceAddress, generation: u64) {
        let Some(place) = self.place(device.user) else {
            return;
        };
        let sessions = &mut self.users[place].sessions;
        let found = sessions.as_slice().iter().position(|known| {
            known.device == device.device
                && (known.generation == generation || cfg!(planted = "takeover_ignores_generation"))
        });
        let Some(index) = found else { return };
        self.devices -= 1;
        match sessions {
            Group::Many(many) if many.len() > 1 => {
                many.swap_remove(index);
            }
            _ => self.forget(device.user),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: UserId = UserId([1; 16]);

    fn session(device: DeviceId, generation: u64) -> DeviceSession {
        DeviceSession {
            device,
            generation,
            at: SessionAddress::default(),
        }
    }

    fn address(device: DeviceId) -> DeviceAddress {
        DeviceAddress { user: USER, device }
    }

    #[test]
    fn only_its_own_generation_removes_a_session() {
        let mut directory = Directory::new(0);
        assert_eq!(directory.register(USER, session(1, 10)), None);
        assert_eq!(directory.register(USER, session(2, 11)), None);
        assert_eq!(
            directory.register(USER, session(1, 12)),
            Some(session(1, 10))
        );
        directory.remove(address(1), 10);
        assert_eq!(
            (directory.sessions(USER).len(), directory.devices()),
            (2, 2)
        );
        directory.remove(address(1), 12);
        assert_eq!(directory.sessions(USER), [session(2, 11)]);
        directory.remove(address(2), 11);
        assert_eq!(
            (directory.sessions(USER).len(), directory.devices()),
            (0, 0)
        );
    }
}
