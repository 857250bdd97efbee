//! Sending: bytes are copied into the socket's one coalescing buffer and leave with the next flush, one send in flight a
//! socket. Input: `write`; output: `Sent`. Invariant: bytes leave in the order written, and a refused write wrote none.

use std::mem;

use io_uring::opcode;

use crate::connection::Connection;
use crate::driver::Driver;
use crate::event::{CloseReason, Event};
use crate::operation::{Completion, Kind, Operation};
use crate::slab::State;

/// Why nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The connection has ended.
    #[error("the connection has ended")]
    Stale,
    /// The socket's limit of queued bytes, or the reactor's limit of send memory, would be passed.
    #[error("no room for more queued bytes")]
    NoRoom,
    /// The connection is being closed.
    #[error("the connection is being closed")]
    Closing,
}

impl Driver {
    pub(crate) fn write(
        &mut self,
        connection: Connection,
        parts: &[&[u8]],
    ) -> Result<usize, WriteError> {
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        let slot = self.slab.get_mut(connection).ok_or(WriteError::Stale)?;
        if !slot.is_usable() {
            return Err(WriteError::Closing);
        }
        let queued = slot.queued_bytes();
        if bytes > self.queued_bytes_max - queued
            || !self.send_pool.reserve(&mut slot.filling, bytes)
        {
            self.counters.write_refused += 1;
            return Err(WriteError::NoRoom);
        }
        for part in parts {
            slot.filling.append(part);
        }
        if !slot.is_sending {
            self.list(connection.slot());
        }
        Ok(queued + bytes)
    }

    /// Puts the next send in flight if there is something to send and none is; false if there was no room for it.
    pub(crate) fn advance_send(&mut self, index: u32) -> bool {
        let slot = self.slab.at(index);
        if slot.is_sending || slot.queued_bytes() == 0 {
            return true;
        }
        let (ring, fixed) = self.rings.of(index);
        if !ring.has_room(1, &mut self.counters) {
            return false;
        }
        if slot.sending.is_empty() {
            mem::swap(&mut slot.sending, &mut slot.filling);
        }
        let rest = &slot.sending.as_slice()[slot.sent_bytes as usize..];
        let entry = opcode::Send::new(fixed, rest.as_ptr(), rest.len() as u32)
            .flags(libc::MSG_NOSIGNAL)
            .build();
        // SAFETY: `sending` is neither written nor given back while `is_sending` is set, that is until the completion.
        unsafe { ring.push(entry, Operation::new(Kind::Send, index, slot.generation)) };
        slot.is_sending = true;
        slot.operations += 1;
        true
    }

    pub(crate) fn send_completed(
        &mut self,
        connection: Connection,
        completion: Completion,
    ) -> Option<Event<'static>> {
        self.counters.send_completions += 1;
        if !self.end_operation(connection) {
            return None;
        }
        let slot = self.slab.get_mut(connection)?;
        slot.is_sending = false;
        let taken = usize::try_from(completion.result).unwrap_or(0);
        slot.sent_bytes += taken as u32;
        if slot.sent_bytes as usize == slot.sending.len() || slot.state == State::Aborting {
            slot.sent_bytes = 0;
            self.send_pool.give_back(mem::take(&mut slot.sending));
        }
        let (state, queued_bytes) = (slot.state, slot.queued_bytes());
        self.counters.sent_bytes += taken as u64;
        if queued_bytes > 0 || state != State::Open {
            self.list(connection.slot());
        }
        match -completion.result {
            libc::EINTR | libc::EAGAIN | libc::ECANCELED => {}
            errno @ 1.. => self.abort(connection, CloseReason::from_errno(errno)),
            _ => {}
        }
        (taken > 0 && state != State::Aborting).then_some(Event::Sent {
            connection,
            bytes: taken,
            queued_bytes,
        })
    }
}
