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

/// Memory is reserved for all slots and touched, so used, only up to the last that was ever taken.
pub(crate) struct Slab {
    /// Those that were ever taken.
    slots: Vec<Slot>,
    slots_max: u32,
    slots_per_ring: u32,
    /// Released slots of each ring, the last released first: its memory is warm here and in the kernel.
    free: Vec<Vec<u32>>,
    /// No ring before this one has a free slot.
    first_free: usize,
}

impl Slab {
    pub(crate) fn new(slots_max: u32, slots_per_ring: u32) -> Self {
        let rings = slots_max.div_ceil(slots_per_ring) as usize;
        Self {
            slots: Vec::with_capacity(slots_max as usize),
            slots_max,
            slots_per_ring,
            free: vec![Vec::new(); rings],
            first_free: 0,
        }
    }

    /// Slots that were ever taken: all that is in use is below.
    pub(crate) fn len(&self) -> u32 {
        self.slots.len() as u32
    }

    /// The slot that `take` gives: of the first ring that has one, so that few rings are busy.
    pub(crate) fn next(&mut self) -> Option<u32> {
        while let Some(free) = self.free.get(self.first_free) {
            if let Some(&index) = free.last() {
                return Some(index);
            }
            let fresh = self.slots.len() as u32;
            if fresh < self.slots_max && (fresh / self.slots_per_ring) as usize == self.first_free {
                return Some(fresh);
            }
            self.first_free += 1;
        }
        None
    }

    /// Takes the slot that [`Slab::next`] tells.
    pub(crate) fn take(&mut self, state: State) -> Option<Connection> {
        let index = self.next()?;
        if index == self.slots.len() as u32 {
            self.slots.push(Slot::new());
        } else {
            self.free[self.first_free].pop();
        }
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
        let ring = (index / self.slots_per_ring) as usize;
        self.free[ring].push(index);
        self.first_free = self.first_free.min(ring);
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
        let mut slab = Slab::new(2, 2);
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
        let mut slab = Slab::new(2, 2);
        let taken = [slab.take(State::Open), slab.take(State::Open)];
        assert!(taken.iter().all(Option::is_some) && taken[0] != taken[1]);
        assert!(slab.next().is_none() && slab.take(State::Open).is_none());
        assert!(slab.get(Connection::new(9, 0)).is_none());
    }
}
