//! The bell that wakes a store when it sleeps, and costs little when it does not.
//!
//! Invariant: what was written before a ring is seen by the sleeper's look that follows its falling asleep, or wakes it.

use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

/// Wakes the store: a thread that parks, or a task that is polled.
#[derive(Debug, Default)]
pub struct Bell {
    is_asleep: AtomicBool,
    sleeper: Mutex<Option<Waker>>,
}

impl Bell {
    /// Says that there is something to do. What there is must be written before.
    pub fn ring(&self) {
        fence(Ordering::SeqCst);
        if self.is_asleep.load(Ordering::Relaxed) && self.is_asleep.swap(false, Ordering::AcqRel) {
            let sleeper = self.sleeper.lock().unwrap_or_else(PoisonError::into_inner);
            sleeper.as_ref().inspect(|waker| waker.wake_by_ref());
        }
    }

    /// Makes this thread the one that sleeps. Panics when there is one.
    pub fn attend(&self) {
        let mut sleeper = self.sleeper.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(sleeper.is_none(), "one sleeper a bell");
        *sleeper = Some(Waker::from(Arc::new(Parked(std::thread::current()))));
    }

    /// Sleeps until rung, or until the time is over; not at all if `is_idle` says that something came in between.
    pub fn sleep(&self, timeout: Duration, is_idle: impl FnOnce() -> bool) {
        self.fall_asleep();
        if is_idle() {
            std::thread::park_timeout(timeout);
        }
        self.is_asleep.store(false, Ordering::Relaxed);
    }

    /// For a task: pending, and woken by the next ring, while `is_idle` says that there is nothing to do.
    pub fn poll_rung(&self, context: &mut Context<'_>, is_idle: impl FnOnce() -> bool) -> Poll<()> {
        {
            let mut sleeper = self.sleeper.lock().unwrap_or_else(PoisonError::into_inner);
            match sleeper.as_mut() {
                Some(waker) => waker.clone_from(context.waker()),
                None => *sleeper = Some(context.waker().clone()),
            }
        }
        self.fall_asleep();
        if is_idle() {
            return Poll::Pending;
        }
        self.is_asleep.store(false, Ordering::Relaxed);
        Poll::Ready(())
    }

    fn fall_asleep(&self) {
        self.is_asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }
}

/// A thread that parks.
struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicU32);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_task_is_woken_once_and_only_when_it_sleeps() {
        let (bell, count) = (Bell::default(), Arc::new(Count::default()));
        let waker = Waker::from(Arc::clone(&count));
        let mut context = Context::from_waker(&waker);
        let woken = || count.0.load(Ordering::Relaxed);
        bell.ring();
        assert_eq!(bell.poll_rung(&mut context, || false), Poll::Ready(()));
        bell.ring();
        assert_eq!(woken(), 0);
        assert_eq!(bell.poll_rung(&mut context, || true), Poll::Pending);
        bell.ring();
        bell.ring();
        assert_eq!(woken(), 1);
    }

    #[test]
    fn a_thread_sleeps_until_it_is_rung() {
        let bell = Arc::new(Bell::default());
        let work = Arc::new(AtomicBool::new(false));
        let ringer = {
            let (bell, work) = (Arc::clone(&bell), Arc::clone(&work));
            std::thread::spawn(move || {
                work.store(true, Ordering::Relaxed);
                bell.ring();
            })
        };
        bell.attend();
        while !work.load(Ordering::Relaxed) {
            bell.sleep(Duration::from_secs(60), || !work.load(Ordering::Relaxed));
        }
        ringer.join().expect("the ringer does not panic");
    }
}
