//! Receiving: one multishot receive a socket, into buffers that all sockets share. Input: pause and resume; output:
//! `Received`. Invariant: bytes are handed out in order, and a receive that ended for want of buffers took none.

use io_uring::{opcode, squeue};

use crate::buffers::{RECEIVE_GROUP, ReceiveBuffers};
use crate::connection::Connection;
use crate::driver::Driver;
use crate::event::{CloseReason, Event};
use crate::operation::{Completion, Kind, Operation};
use crate::slab::{Receive, Slot, State};
use crate::sockets::Sockets;

impl Driver {
    /// Stops receiving; what the kernel has already handed over still comes. False if the connection has ended.
    pub(crate) fn pause_receiving(&mut self, connection: Connection) -> bool {
        self.set_receive_paused(connection, true)
    }

    pub(crate) fn resume_receiving(&mut self, connection: Connection) -> bool {
        self.set_receive_paused(connection, false)
    }

    fn set_receive_paused(&mut self, connection: Connection, paused: bool) -> bool {
        let Some(slot) = self.slab.get_mut(connection) else {
            return false;
        };
        if slot.is_usable() {
            slot.receive_paused = paused;
            self.list(connection.slot());
        }
        true
    }

    /// Makes the receive be in flight, or end, as the slot asks for; false if there was no room for the submission.
    pub(crate) fn advance_receive(&mut self, index: u32) -> bool {
        let slot = self.slab.at(index);
        let wanted = match slot {
            Slot {
                receive_paused: true,
                ..
            }
            | Slot {
                peer_ended: true, ..
            } => Receive::None,
            Slot {
                is_dormant: true, ..
            } => Receive::Poll,
            _ => Receive::Multishot,
        };
        let (ring, fixed) = self.rings.of(index);
        let (next, entry, kind) = match (slot.receive, wanted) {
            (Receive::None, Receive::Multishot) => {
                let entry = opcode::RecvMulti::new(fixed, RECEIVE_GROUP).build();
                (Receive::Multishot, entry, Kind::Receive)
            }
            (Receive::None, Receive::Poll) => {
                let events = (libc::POLLIN | libc::POLLRDHUP) as u32;
                (
                    Receive::Poll,
                    opcode::PollAdd::new(fixed, events).build(),
                    Kind::Poll,
                )
            }
            (Receive::Multishot, Receive::None | Receive::Poll) => (
                Receive::Ending,
                cancel(Kind::Receive, index, slot.generation),
                Kind::Cancel,
            ),
            (Receive::Poll, Receive::None) => (
                Receive::Ending,
                cancel(Kind::Poll, index, slot.generation),
                Kind::Cancel,
            ),
            _ => return true,
        };
        if !ring.has_room(1, &mut self.counters) {
            return false;
        }
        slot.receive = next;
        self.counters.receives_idled += u64::from(next == Receive::Poll);
        slot.operations += u16::from(kind != Kind::Cancel);
        // SAFETY: a receive writes to provided buffers only, which outlive the ring; polls and cancels name no memory.
        unsafe { ring.push(entry, Operation::new(kind, index, slot.generation)) };
        true
    }

    /// Ends or continues the receive as a completion says; true if its bytes are for the caller.
    fn receive_completed(&mut self, connection: Connection, completion: Completion) -> bool {
        self.counters.receive_completions += 1;
        let ended = !completion.has_more();
        if ended && !self.end_operation(connection) {
            return false;
        }
        let Some(slot) = self.slab.get_mut(connection) else {
            self.counters.stale_completions += 1;
            return false;
        };
        if ended {
            slot.receive = Receive::None;
        }
        if completion.result > 0 {
            slot.has_received = true;
            slot.is_dormant = false;
        }
        slot.peer_ended |= completion.result == 0;
        let is_open = slot.state == State::Open;
        if ended || completion.result == 0 {
            self.list(connection.slot());
        }
        match -completion.result {
            libc::ENOBUFS => self.counters.receive_buffer_exhausted += 1,
            libc::ECANCELED | libc::EINTR | libc::EAGAIN => {}
            errno @ 1.. => self.abort(connection, CloseReason::from_errno(errno)),
            _ => self.counters.received_bytes += completion.result as u64,
        }
        is_open && completion.result > 0
    }
}

/// A cancel of the one operation of this kind of a slot's life.
pub(crate) fn cancel(kind: Kind, index: u32, generation: u32) -> squeue::Entry {
    opcode::AsyncCancel::new(Operation::new(kind, index, generation).pack()).build()
}

/// Hands the bytes of a receive's completion to `on_event` and the buffer back to the kernel; counts the event.
pub(crate) fn deliver(
    driver: &mut Driver,
    buffers: &mut ReceiveBuffers,
    connection: Connection,
    completion: Completion,
    on_event: &mut impl FnMut(&mut Sockets<'_>, Event<'_>),
) -> usize {
    let is_for_caller = driver.receive_completed(connection, completion);
    let Some(number) = io_uring::cqueue::buffer_select(completion.flags) else {
        return 0;
    };
    let bytes = usize::try_from(completion.result).unwrap_or(0);
    let look = |bytes: &[u8]| {
        if is_for_caller {
            let mut sockets = Sockets::new(driver);
            on_event(&mut sockets, Event::Received { connection, bytes });
        }
    };
    // SAFETY: the completion names the buffer, and each completion is taken once, here. `buffers` are those of its ring.
    unsafe { buffers.hand_out(number, bytes, look) };
    usize::from(is_for_caller)
}
