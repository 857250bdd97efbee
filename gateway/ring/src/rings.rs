//! `Rings`: the io_urings of one thread. The first always exists, and in it the thread sleeps; each further one is opened
//! when the file tables before it are full. Input: an index of the socket table; output: its ring and its place there.
//! Invariant: the thread sleeps only after each further ring was seen to have nothing while its eventfd was enabled.

use std::os::fd::RawFd;
use std::sync::atomic::{Ordering, fence};
use std::{io, mem};

use io_uring::types::Fixed;

use crate::buffers::ReceiveBuffers;
use crate::config::{ReactorConfig, StartError};
use crate::counters::Counters;
use crate::limits;
use crate::open_files;
use crate::probe;
use crate::ring::Ring;

pub(crate) struct Rings {
    pub(crate) first: Ring,
    further: Vec<Ring>,
    slots: u32,
    slots_per_ring: u32,
    submission_entries: u32,
    receive_buffers: u16,
    receive_buffer_bytes: u32,
    /// Of rings opened since they were last taken.
    new_buffers: Vec<ReceiveBuffers>,
}

impl Rings {
    /// Sets up the first ring with its file table.
    pub(crate) fn new(config: &ReactorConfig) -> Result<Self, StartError> {
        let slots_per_ring = slots_per_ring(config)?;
        let entries = completion_entries(
            config,
            slots_per_ring,
            config.submission_entries,
            limits::COMPLETION_ENTRIES_MAX,
        );
        let first = Ring::new(config.submission_entries, entries)
            .map_err(|error| probe::explain_setup(error, probe::sysctl_disabled()))?;
        let table = config.slots.min(slots_per_ring);
        register_table(&first, table).map_err(|error| StartError::FileTable {
            slots: table,
            open_files_max: open_files::open_files_max(),
            error,
        })?;
        Ok(Self {
            first,
            further: Vec::new(),
            slots: config.slots,
            slots_per_ring,
            submission_entries: config
                .submission_entries
                .min(limits::FURTHER_SUBMISSION_ENTRIES),
            receive_buffers: config.receive_buffers.min(limits::FURTHER_RECEIVE_BUFFERS),
            receive_buffer_bytes: config
                .receive_buffer_bytes
                .min(limits::FURTHER_RECEIVE_BUFFER_BYTES),
            new_buffers: Vec::new(),
        })
    }

    pub(crate) fn slots_per_ring(&self) -> u32 {
        self.slots_per_ring
    }

    /// The ring of a socket, which is open, and the socket's place in that ring's file table.
    #[inline]
    pub(crate) fn of(&mut self, index: u32) -> (&mut Ring, Fixed) {
        if index < self.slots_per_ring {
            return (&mut self.first, Fixed(index));
        }
        let ring = (index / self.slots_per_ring) as usize - 1;
        (&mut self.further[ring], Fixed(index % self.slots_per_ring))
    }

    /// Number of the ring of a socket; the first is 0.
    pub(crate) fn number_of(&self, index: u32) -> u32 {
        index / self.slots_per_ring
    }

    /// Rings beside the first.
    #[inline]
    pub(crate) fn further(&mut self) -> &mut [Ring] {
        &mut self.further
    }

    /// All of them.
    pub(crate) fn all(&mut self) -> impl Iterator<Item = &mut Ring> {
        std::iter::once(&mut self.first).chain(&mut self.further)
    }

    /// Opens the rings up to the one of this socket. `signal` is an eventfd which the first ring reads.
    pub(crate) fn open_for(&mut self, index: u32, signal: RawFd) -> io::Result<()> {
        while self.number_of(index) as usize > self.further.len() {
            self.open(signal)?;
        }
        Ok(())
    }

    fn open(&mut self, signal: RawFd) -> io::Result<()> {
        let start = (self.further.len() as u32 + 1) * self.slots_per_ring;
        let table = self.slots_per_ring.min(self.slots - start);
        let entries = (self.submission_entries * 2)
            .next_power_of_two()
            .max(limits::FURTHER_COMPLETION_ENTRIES);
        let ring = Ring::new(self.submission_entries, entries)?;
        register_table(&ring, table)?;
        ring.io().submitter().register_eventfd(signal)?;
        let (count, bytes) = (self.receive_buffers, self.receive_buffer_bytes);
        // SAFETY: `new_buffers` is dropped after `further`, and whoever takes the buffers drops the rings first.
        let buffers = unsafe { ReceiveBuffers::new(ring.io(), count, bytes)? };
        self.further.push(ring);
        self.new_buffers.push(buffers);
        Ok(())
    }

    /// The receive buffers of rings opened since the last call, in their order.
    #[inline]
    pub(crate) fn take_buffers(&mut self) -> Option<Vec<ReceiveBuffers>> {
        if self.new_buffers.is_empty() {
            None
        } else {
            Some(mem::take(&mut self.new_buffers))
        }
    }

    /// Submits what is queued on further rings and has the kernel make their completions, without waiting.
    /// Rings that have nothing cost a look at their flags.
    #[inline]
    pub(crate) fn enter_further(&mut self, counters: &mut Counters) -> io::Result<()> {
        for ring in &mut self.further {
            if ring.has_work() {
                // What the kernel does in this call would only signal what is seen anyway.
                ring.disable_signal();
                ring.enter(0, None, counters)?;
            }
        }
        Ok(())
    }

    /// Whether the thread may sleep in the first ring. On true every later completion of a further ring signals.
    ///
    /// The kernel queues the work, sets TASKRUN, and then looks whether the eventfd is enabled; here it is enabled before
    /// TASKRUN is looked at, with full barriers on both sides: one of the two sees the other. The kernel signals only
    /// when its list of work was empty; a list that was not is one whose TASKRUN flag is set, which is seen here.
    #[inline]
    pub(crate) fn may_sleep(&mut self) -> bool {
        if self.further.is_empty() {
            return true;
        }
        self.further.iter_mut().for_each(Ring::enable_signal);
        fence(Ordering::SeqCst);
        self.further
            .iter_mut()
            .all(|ring| !ring.has_work() && ring.completions_ready() == 0)
    }
}

fn register_table(ring: &Ring, slots: u32) -> io::Result<()> {
    ring.io().submitter().register_files_sparse(slots)
}

fn completion_entries(
    config: &ReactorConfig,
    slots_per_ring: u32,
    submission_entries: u32,
    entries_max: u32,
) -> u32 {
    config
        .slots
        .min(slots_per_ring)
        .max(submission_entries * 2)
        .next_power_of_two()
        .min(entries_max)
}

/// The size of each file table, if the process may open all rings that this takes.
fn slots_per_ring(config: &ReactorConfig) -> Result<u32, StartError> {
    let open_files_max = open_files::open_files_max();
    let allowed = u32::try_from(open_files_max)
        .unwrap_or(u32::MAX)
        .clamp(1, limits::SLOTS_MAX);
    let slots_per_ring = config.ring_slots.unwrap_or(allowed);
    let rings = config.slots.div_ceil(slots_per_ring);
    let further = u64::from(rings) - 1;
    if rings > limits::RINGS_MAX
        || (further > 0 && further + limits::OPEN_FILES_RESERVED > open_files_max)
    {
        return Err(StartError::Rings {
            slots: config.slots,
            rings,
            open_files_max,
        });
    }
    Ok(slots_per_ring)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_rings_than_files_are_refused_at_the_start() {
        let config = |slots, ring_slots| ReactorConfig {
            slots,
            ring_slots: Some(ring_slots),
            ..ReactorConfig::default()
        };
        assert_eq!(slots_per_ring(&config(40, 8)).expect("five rings"), 8);
        let error = slots_per_ring(&config(1 << 20, 8)).expect_err("131,072 rings");
        assert!(error.to_string().contains("RLIMIT_NOFILE"), "{error}");
    }

    #[test]
    fn each_index_has_its_own_place() {
        let config = ReactorConfig {
            slots: 10,
            ring_slots: Some(4),
            ..ReactorConfig::default()
        };
        let mut rings = Rings::new(&config).expect("io_uring");
        // SAFETY: takes no memory.
        let signal = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
        rings.open_for(9, signal).expect("rings");
        assert_eq!(rings.further().len(), 2);
        let buffers = rings.take_buffers().expect("those of further rings");
        assert_eq!(buffers.len(), 2);
        let places: Vec<_> = (0..10)
            .map(|index| (rings.number_of(index), rings.of(index).1.0))
            .collect();
        let expected: Vec<_> = (0..10).map(|index| (index / 4, index % 4)).collect();
        assert_eq!(places, expected);
        drop(rings);
        drop(buffers);
        // SAFETY: made above and used no more.
        unsafe { libc::close(signal) };
    }
}
