//! No wake is lost, whatever it races with; and a wake carries what was written before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::loopback::{small, turn_until};
use ringpost_gateway_ring::{Event, Reactor};

fn is_woken(event: &Event<'_>) -> bool {
    matches!(event, Event::Woken)
}

#[test]
fn a_wake_before_the_turn_is_kept_once() {
    let mut reactor = Reactor::new(small()).expect("io_uring");
    let waker = reactor.waker();
    waker.wake();
    waker.clone().wake();
    turn_until(&mut reactor, |_, event| is_woken(&event));
    let events = reactor
        .turn(Some(Duration::ZERO), |event| panic!("{event:?}"))
        .expect("turn");
    assert_eq!(events, 0);
    waker.wake();
    assert_eq!(
        reactor
            .turn(Some(Duration::ZERO), |event| assert!(is_woken(&event)))
            .expect("turn"),
        1
    );
}

/// The other thread waits for each answer, so every wake meets a reactor that is about to park, parked, or waking.
#[test]
fn no_wake_is_lost_in_a_race() {
    const ROUNDS: u64 = 20_000;
    let mut reactor = Reactor::new(small()).expect("io_uring");
    let waker = reactor.waker();
    let (asked, answered) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let other = {
        let (asked, answered) = (Arc::clone(&asked), Arc::clone(&answered));
        thread::spawn(move || {
            for round in 1..=ROUNDS {
                asked.store(round, Ordering::Relaxed);
                waker.wake();
                while answered.load(Ordering::Acquire) < round {
                    // Different paces on both sides walk the wake through every moment of the turn.
                    for _ in 0..round % 64 {
                        std::hint::spin_loop();
                    }
                    thread::yield_now();
                }
            }
        })
    };
    turn_until(&mut reactor, |_, event| {
        if is_woken(&event) {
            answered.store(asked.load(Ordering::Relaxed), Ordering::Release);
        }
        answered.load(Ordering::Relaxed) == ROUNDS
    });
    other.join().expect("other");
}

#[test]
fn wakes_of_many_threads_show_all_their_work() {
    const THREADS: u64 = 4;
    const ROUNDS: u64 = 5_000;
    let mut reactor = Reactor::new(small()).expect("io_uring");
    let work = Arc::new(AtomicU64::new(0));
    let others: Vec<_> = (0..THREADS)
        .map(|_| {
            let (work, waker) = (Arc::clone(&work), reactor.waker());
            thread::spawn(move || {
                for _ in 0..ROUNDS {
                    work.fetch_add(1, Ordering::Relaxed);
                    waker.wake();
                }
            })
        })
        .collect();
    turn_until(&mut reactor, |_, event| {
        is_woken(&event) && work.load(Ordering::Relaxed) == THREADS * ROUNDS
    });
    for other in others {
        other.join().expect("other");
    }
}
