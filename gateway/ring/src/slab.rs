//! `Slab`: the state of every socket, one small slot for each entry of the file table.
//! Invariant: a slot is free only when the kernel works on nothing of it and its descriptor is released; taking it
//! again changes its generation.

use crate::Connection;
use crate::buffers::SendBuffer;
use crate::event::CloseReason;
use crate::limits::SLOT_BYTES_MAX;

/// Where a socket is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Nobody's.
    Free,
    /// Held for an accept in flight.
    Reserved,
    /// A connect is queued or in flight.
    Connecting,
    /// Bytes flow.
    Open,
    /// Closing: the rest of the queued bytes is being sent.
    Flushing,
    /// Closing: our end is shut down; waiting for the peer's.
    Lingering,
    /// Closing: waiting until the kernel has given up every operation.
    Aborting,
    /// Closing: the release of the descriptor is in flight.
    Releasing,
}

pub(crate) struct Slot {
    pub(crate) generation: u32,
    /// Operations of this socket which the kernel works on.
    pub(crate) operations: u16,
    pub(crate) state: State,
    /// On the reactor's list of sockets to look at before it enters the kernel.
    pub(crate) is_listed: bool,
    /// The connection was announced: its last event is `Closed`, else `ConnectFailed`.
    pub(crate) is_announced: bool,
    pub(crate) receive: Receive,
    pub(crate) receive_paused: bool,
    /// Something came since the last visit of the sweep for idle sockets.
    pub(crate) has_received: bool,
    /// Nothing has come for so long that a poll is enough.
    pub(crate) is_dormant: bool,
    /// The peer has ended its stream.
    pub(crate) peer_ended: bool,
    pub(crate) is_sending: bool,
    pub(crate) reason: CloseReason,
    /// How much of `sending` the kernel has taken.
    pub(crate) sent_bytes: u32,
    /// In flight: the kernel reads it, so it does not move and is not freed before its completion.
    pub(crate) sending: SendBuffer,
    /// Goes out when `sending` is drained.
    pub(crate) filling: SendBuffer,
}

/// How the socket waits for bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receive {
    /// Not at all.
    None,
    /// A multishot receive is in flight.
    Multishot,
    /// A poll is in flight.
    Poll,
    /// A receive or a poll is in flight and a cancel follows it.
    Ending,
}

const _: () = assert!(size_of::<Slot>() <= SLOT_BYTES_MAX);

impl Slot {
    fn new() -> Self {
        Self {
            generation: 0,
            operations: 0,
            state: State::Free,
            is_listed: false,
            is_announced: false,
            receive: Receive::None,
            receive_paused: false,
            has_received: true,
            is_dormant: false,
            peer_ended: false,
            is_sending: false,
            reason: CloseReason::Local,
            sent_bytes: 0,
            sending: SendBuffer::default(),
            filling: SendBuffer::default(),
        }
    }

    /// Bytes that the kernel has not taken yet.
    pub(crate) fn queued_bytes(&self) -> usize {
        self.sending.len() - self.sent_bytes as usize + self.filling.len()
    }

    /// Whether the caller may still write and receive.
    pub(crate) fn is_usable(&self) -> bool {
        matches!(self.state, State::Open | State::Connecting)
    }
}

pub(crate) struct Slab {
    slots: Vec<Slot>,
    /// Free slots, the last released first: its memory is warm here and in the kernel.
    free: Vec<u32>,
}

impl Slab {
    pub(crate) fn new(slots: u32) -> Self {
        Self {
            slots: (0..slots).map(|_| Slot::new()).collect(),
            free: (0..slots).rev().collect(),
        }
    }

    pub(crate) fn len(&self) -> u32 {
        self.slots.len() as u32
    }

    pub(crate) fn has_free(&self) -> bool {
        !self.free.is_empty()
    }

    pub(crate) fn take(&mut self, state: State) -> Option<Connection> {
        let index = self.free.pop()?;
        let slot = &mut self.slots[index as usize];
        assert!(slot.state == State::Free && slot.operations == 0 && slot.queued_bytes() == 0);
        slot.state = state;
        Some(Connection::new(index, slot.generation))
    }

    /// Frees a slot whose buffers were taken out; every id of it is stale from now on.
    pub(crate) fn release(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        assert!(slot.state != State::Free && slot.operations == 0 && slot.queued_bytes() == 0);
        let (generation, is_listed) = (slot.generation.wrapping_add(1), slot.is_listed);
        *slot = Slot {
            generation,
            is_listed,
            ..Slot::new()
        };
        self.free.push(index);
    }

    /// The slot of a live id.
    pub(crate) fn get_mut(&mut self, connection: Connection) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(connection.slot() as usize)?;
        let is_live = slot.generation == connection.generation()
            && !matches!(slot.state, State::Free | State::Reserved);
        is_live.then_some(slot)
    }

    /// The slot of a live id.
    pub(crate) fn get(&self, connection: Connection) -> Option<&Slot> {
        let slot = self.slots.get(connection.slot() as usize)?;
        let is_live = slot.generation == connection.generation()
            && !matches!(slot.state, State::Free | State::Reserved);
        is_live.then_some(slot)
    }

    /// The slot at an index of our own making, whatever its state.
    pub(crate) fn at(&mut self, index: u32) -> &mut Slot {
        &mut self.slots[index as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_released_id_is_stale() {
        let mut slab = Slab::new(2);
        let first = slab.take(State::Open).expect("free");
        assert!(slab.get_mut(first).is_some());
        slab.release(first.slot());
        assert!(slab.get(first).is_none());
        let second = slab.take(State::Open).expect("free");
        assert_eq!(second.slot(), first.slot());
        assert_ne!(second, first);
        assert!(slab.get(first).is_none() && slab.get(second).is_some());
    }

    #[test]
    fn the_table_ends() {
        let mut slab = Slab::new(2);
        let taken = [slab.take(State::Open), slab.take(State::Open)];
        assert!(taken.iter().all(Option::is_some) && taken[0] != taken[1]);
        assert!(!slab.has_free() && slab.take(State::Open).is_none());
        assert!(slab.get(Connection::new(9, 0)).is_none());
    }
}
