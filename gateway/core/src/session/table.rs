//! The table of sessions: slots that the shell names, in chunks so that growth never copies it.
//!
//! Invariant: a session is found only by the generation with which it was put in.

use super::Session;
use crate::SessionId;

const CHUNK_SLOTS: usize = 1024;

/// All sessions of a worker.
pub(crate) struct SessionTable {
    chunks: Vec<Vec<Option<Session>>>,
    slots_max: u32,
    count: usize,
}

impl SessionTable {
    pub(crate) fn new(slots_max: u32) -> Self {
        Self {
            chunks: Vec::new(),
            slots_max,
            count: 0,
        }
    }

    /// Number of sessions.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Slots that were ever used are below this.
    pub(crate) fn slots(&self) -> u32 {
        (self.chunks.len() * CHUNK_SLOTS) as u32
    }

    /// The id of the session in a slot.
    pub(crate) fn at(&self, slot: u32) -> Option<SessionId> {
        let session =
            self.chunks.get(slot as usize / CHUNK_SLOTS)?[slot as usize % CHUNK_SLOTS].as_ref();
        session.map(|session| session.id)
    }

    /// The session, if it is still that one.
    pub(crate) fn get(&self, id: SessionId) -> Option<&Session> {
        let slot = id.slot as usize;
        let session = self.chunks.get(slot / CHUNK_SLOTS)?[slot % CHUNK_SLOTS].as_ref();
        session.filter(|session| session.id == id)
    }

    /// The session, if it is still that one.
    pub(crate) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        let slot = id.slot as usize;
        let session = self.chunks.get_mut(slot / CHUNK_SLOTS)?[slot % CHUNK_SLOTS].as_mut();
        session.filter(|session| session.id == id)
    }

    /// Whether `id` names a slot of this table.
    pub(crate) fn is_inside(&self, id: SessionId) -> bool {
        id.slot < self.slots_max
    }

    /// Puts a session into its free slot.
    pub(crate) fn insert(&mut self, session: Session) {
        assert!(self.is_inside(session.id), "the slot was checked before");
        let slot = session.id.slot as usize;
        while self.chunks.len() <= slot / CHUNK_SLOTS {
            self.chunks.push((0..CHUNK_SLOTS).map(|_| None).collect());
        }
        let place = &mut self.chunks[slot / CHUNK_SLOTS][slot % CHUNK_SLOTS];
        assert!(place.is_none(), "the slot was freed before");
        *place = Some(session);
        self.count += 1;
    }

    /// Takes a session out.
    pub(crate) fn remove(&mut self, id: SessionId) -> Option<Session> {
        let slot = id.slot as usize;
        let place = &mut self.chunks.get_mut(slot / CHUNK_SLOTS)?[slot % CHUNK_SLOTS];
        let session = place.take_if(|session| session.id == id)?;
        self.count -= 1;
        Some(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Now, PeerKey};

    #[test]
    fn another_generation_is_another_session() {
        let mut table = SessionTable::new(5_000);
        let id = |generation| SessionId {
            slot: 4_000,
            generation,
        };
        assert!(table.get(id(1)).is_none());
        table.insert(Session::new(id(1), PeerKey::default(), Now::default()));
        assert!(table.get(id(1)).is_some() && table.get_mut(id(2)).is_none());
        assert!(table.remove(id(2)).is_none() && table.remove(id(1)).is_some());
        assert_eq!((table.count(), table.at(4_000)), (0, None));
        assert!(!table.is_inside(SessionId {
            slot: 5_000,
            generation: 1
        }));
    }
}
