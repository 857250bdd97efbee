//! `Driver`: everything of a reactor but the receive buffers, so that a callback can borrow those and still write.
//! Calls from outside only change slots and list them; `flush` then walks the list and makes the submissions.
//! Invariant: a slot is on the list at most once, and a slot that has something to submit is on it.

use std::marker::PhantomData;
use std::time::{Duration, Instant};
use std::{io, mem};

use io_uring::opcode;
use io_uring::types::CancelBuilder;

use crate::accept::Accepts;
use crate::buffers::SendPool;
use crate::close::Lingering;
use crate::config::{ReactorConfig, StartError};
use crate::connect::Connects;
use crate::connection::Connection;
use crate::counters::Counters;
use crate::event::CloseReason;
use crate::idle::IdleSweep;
use crate::operation::{Kind, Operation};
use crate::ring::Ring;
use crate::rings::Rings;
use crate::slab::{Slab, State};
use crate::waker::Parking;

pub(crate) struct Driver {
    pub(crate) rings: Rings,
    pub(crate) slab: Slab,
    pub(crate) send_pool: SendPool,
    pub(crate) accepts: Accepts,
    pub(crate) connects: Connects,
    pub(crate) lingering: Lingering,
    pub(crate) idle_sweep: IdleSweep,
    pub(crate) parking: Parking,
    pub(crate) counters: Counters,
    pub(crate) queued_bytes_max: usize,
    /// Announced and not yet closed.
    pub(crate) open_connections: u32,
    listed: Vec<u32>,
    /// The list of the flush that is under way; kept for its memory.
    walking: Vec<u32>,
    /// The kernel lets only the thread that set a ring up submit to it.
    not_send: PhantomData<*const ()>,
}

impl Driver {
    pub(crate) fn new(config: &ReactorConfig) -> Result<Self, StartError> {
        config.check()?;
        let rings = Rings::new(config)?;
        Ok(Self {
            slab: Slab::new(config.slots, rings.slots_per_ring()),
            rings,
            send_pool: SendPool::new(config.send_bytes_max, config.send_idle_bytes_max),
            accepts: Accepts::new(),
            connects: Connects::new(),
            lingering: Lingering::new(config.linger),
            idle_sweep: IdleSweep::new(config.idle_after),
            parking: Parking::new().map_err(StartError::Waker)?,
            counters: Counters::default(),
            queued_bytes_max: config.queued_bytes_max,
            open_connections: 0,
            listed: Vec::new(),
            walking: Vec::new(),
            not_send: PhantomData,
        })
    }

    /// The slot that the next `take` gives, its ring opened; none with the table full.
    pub(crate) fn next_slot(&mut self) -> io::Result<Option<u32>> {
        let Some(index) = self.slab.next() else {
            return Ok(None);
        };
        let before = self.rings.further().len();
        let opened = self.rings.open_for(index, self.parking.counter());
        self.counters.rings_opened += (self.rings.further().len() - before) as u64;
        self.counters.rings_refused += u64::from(opened.is_err());
        opened.map(|()| Some(index))
    }

    /// Has the next flush look at the slot.
    pub(crate) fn list(&mut self, index: u32) {
        let slot = self.slab.at(index);
        if !slot.is_listed {
            slot.is_listed = true;
            self.listed.push(index);
        }
    }

    /// Whether a flush left something for want of room in the submission queue.
    pub(crate) fn has_listed(&self) -> bool {
        !self.listed.is_empty() || self.connects.has_queued()
    }

    /// Makes all submissions that the slots, the listeners and the queued connects ask for.
    pub(crate) fn flush(&mut self) {
        self.meet_deadlines();
        self.submit_connects();
        mem::swap(&mut self.listed, &mut self.walking);
        for position in 0..self.walking.len() {
            let index = self.walking[position];
            self.slab.at(index).is_listed = false;
            if !self.advance(index) {
                self.list(index);
            }
        }
        self.walking.clear();
        self.submit_accepts();
    }

    /// Submits what a slot's state asks for; false if the submission queue had no room.
    fn advance(&mut self, index: u32) -> bool {
        let slot = self.slab.at(index);
        match slot.state {
            State::Free | State::Reserved | State::Connecting | State::Releasing => true,
            State::Open if slot.peer_ended => self.finish(index),
            State::Open => self.advance_receive(index) && self.advance_send(index),
            State::Flushing => self.advance_receive(index) && self.advance_flushing(index),
            State::Lingering => self.advance_receive(index) && self.advance_lingering(index),
            State::Aborting => self.advance_aborting(index),
        }
    }

    /// The peer has ended its stream, and what was written up to this flush still goes out.
    fn finish(&mut self, index: u32) -> bool {
        let slot = self.slab.at(index);
        slot.state = State::Flushing;
        slot.reason = CloseReason::PeerClosed;
        self.advance_flushing(index)
    }

    /// Counts a completion that ended one of the slot's operations; false, and counted as stale, if the slot has lived
    /// on since.
    pub(crate) fn end_operation(&mut self, connection: Connection) -> bool {
        match self.slab.get_mut(connection) {
            Some(slot) => {
                assert!(
                    slot.operations > 0,
                    "an operation ended that the slot did not start"
                );
                slot.operations -= 1;
                true
            }
            None => {
                self.counters.stale_completions += 1;
                false
            }
        }
    }

    /// Cancels everything and waits until the kernel works on nothing; false if it does not come to that by `end`.
    pub(crate) fn quiesce(&mut self, end: Instant) -> bool {
        let counters = &mut self.counters;
        self.rings
            .all()
            .all(|ring| quiesce_ring(ring, counters, end))
    }

    /// How long a turn may wait at most because of deadlines of the reactor's own.
    pub(crate) fn until_deadline(&mut self) -> Option<Duration> {
        Some(
            self.next_deadline()?
                .saturating_duration_since(Instant::now()),
        )
    }

    fn next_deadline(&mut self) -> Option<Instant> {
        let deadlines = [
            self.next_linger_end(),
            self.accepts.retry_at(),
            self.next_sweep(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Reads the clock only if something could be due.
    fn meet_deadlines(&mut self) {
        let Some(deadline) = self.next_deadline() else {
            return;
        };
        let now = Instant::now();
        if deadline <= now {
            self.end_lingering(now);
            self.sweep_idle(now);
            self.accepts.end_retry(now);
        }
    }
}

fn quiesce_ring(ring: &mut Ring, counters: &mut Counters, end: Instant) -> bool {
    while ring.operations() > 0 {
        let now = Instant::now();
        if now >= end {
            return false;
        }
        if ring.has_room(1, counters) {
            let entry = opcode::AsyncCancel2::new(CancelBuilder::any()).build();
            // SAFETY: a cancel names no memory.
            unsafe { ring.push(entry, Operation::new(Kind::Cancel, 0, 0)) };
        }
        if ring.enter(1, Some((end - now) / 20), counters).is_err() {
            return false;
        }
        while ring.next_completion().is_some() {}
    }
    // Releases the sockets now; the ring itself is torn down by the kernel in its own time.
    let _ = ring.io().submitter().unregister_files();
    true
}
