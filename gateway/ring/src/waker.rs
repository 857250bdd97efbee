//! `Waker`: ends another thread's wait in `turn`. An atomic says whether that thread waits, so a wake costs a system
//! call only then. Invariant: whatever was written before `wake` is visible after the `Woken` that answers it.

use std::cell::UnsafeCell;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use io_uring::{opcode, types};

use crate::counters::Counters;
use crate::operation::{Kind, Operation};
use crate::ring::Ring;

const RUNNING: u32 = 0;
const PARKED: u32 = 1;
const NOTIFIED: u32 = 2;

/// Wakes the reactor that made it. Cheap to clone; harmless after the reactor is gone.
#[derive(Debug, Clone)]
pub struct Waker {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: AtomicU32,
    counter: OwnedFd,
}

impl Waker {
    /// Makes the reactor's current or next `turn` return and hand out `Woken`. Wakes before that are one.
    pub fn wake(&self) {
        // Always a read-modify-write: a plain load could be answered from before the reactor's own exchange, while the
        // caller's data, written just now, was not yet visible to it.
        if self.shared.state.swap(NOTIFIED, Ordering::AcqRel) == PARKED {
            self.shared.signal();
        }
    }
}

impl Shared {
    fn signal(&self) {
        let one = 1u64;
        // SAFETY: writes eight bytes from a local to a descriptor that `self` owns.
        // The result needs no look: the counter can only be full when it is readable already.
        unsafe {
            libc::write(
                self.counter.as_raw_fd(),
                (&raw const one).cast(),
                size_of::<u64>(),
            )
        };
    }
}

/// The reactor's side.
pub(crate) struct Parking {
    shared: Arc<Shared>,
    /// The kernel writes the counter's value here.
    value: Box<UnsafeCell<u64>>,
    is_armed: bool,
}

impl Parking {
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: takes no memory.
        let raw = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
        if raw < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was just made and is owned by nobody else.
        let counter = unsafe { OwnedFd::from_raw_fd(raw) };
        let shared = Arc::new(Shared {
            state: AtomicU32::new(RUNNING),
            counter,
        });
        Ok(Self {
            shared,
            value: Box::new(UnsafeCell::new(0)),
            is_armed: false,
        })
    }

    pub(crate) fn waker(&self) -> Waker {
        Waker {
            shared: Arc::clone(&self.shared),
        }
    }

    /// The counter whose reading ends a wait: further rings signal it when they have something.
    pub(crate) fn counter(&self) -> RawFd {
        self.shared.counter.as_raw_fd()
    }

    /// Keeps a read of the counter in flight. A signal before it is armed is kept by the counter.
    /// False if the submission queue had no room: then the thread must not park.
    pub(crate) fn arm(&mut self, ring: &mut Ring, counters: &mut Counters) -> bool {
        if self.is_armed {
            return true;
        }
        if !ring.has_room(1, counters) {
            return false;
        }
        let descriptor = types::Fd(self.shared.counter.as_raw_fd());
        let entry =
            opcode::Read::new(descriptor, self.value.get().cast(), size_of::<u64>() as u32).build();
        // SAFETY: the box is only freed, and the descriptor only closed, after the ring's operations have ended.
        unsafe { ring.push(entry, Operation::new(Kind::Wake, 0, 0)) };
        self.is_armed = true;
        true
    }

    pub(crate) fn read_completed(&mut self) {
        self.is_armed = false;
    }

    /// Announces that the thread will wait; false if a wake has already come.
    pub(crate) fn park(&self) -> bool {
        self.shared
            .state
            .compare_exchange(RUNNING, PARKED, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// Takes a wake, whether the thread was parked or not.
    pub(crate) fn unpark(&self) -> bool {
        self.shared.state.load(Ordering::Relaxed) != RUNNING
            && self.shared.state.swap(RUNNING, Ordering::AcqRel) == NOTIFIED
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;
    use std::thread;

    use super::*;

    /// Orders of memory that the hardware may not show are shown by Miri.
    #[test]
    fn what_was_written_before_a_wake_is_seen_by_whoever_takes_it() {
        for round in 0..if cfg!(miri) { 10 } else { 50 } {
            let parking = Parking::new().expect("a counter");
            let (waker, written) = (parking.waker(), AtomicU64::new(0));
            thread::scope(|scope| {
                scope.spawn(|| {
                    written.store(1, Ordering::Relaxed);
                    waker.wake();
                });
                let is_parked = round % 2 == 0 && parking.park();
                while !parking.unpark() {
                    thread::yield_now();
                }
                assert_eq!(written.load(Ordering::Relaxed), 1, "parked: {is_parked}");
            });
            assert!(!parking.unpark(), "a wake is taken once");
        }
    }
}
