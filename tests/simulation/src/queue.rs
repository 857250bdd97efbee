//! Everything that is going to happen, ordered by time and then by when it was arranged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// One arranged thing; compared by its time and number only.
struct Arranged<E> {
    at_us: u64,
    number: u64,
    event: E,
}

impl<E> PartialEq for Arranged<E> {
    fn eq(&self, other: &Self) -> bool {
        (self.at_us, self.number) == (other.at_us, other.number)
    }
}

impl<E> Eq for Arranged<E> {}

impl<E> PartialOrd for Arranged<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Arranged<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at_us, self.number).cmp(&(other.at_us, other.number))
    }
}

/// The queue.
pub struct Queue<E> {
    heap: BinaryHeap<Reverse<Arranged<E>>>,
    numbers: u64,
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self {
            heap: BinaryHeap::new(),
            numbers: 0,
        }
    }
}

impl<E> Queue<E> {
    /// Arranges `event` at `at_us`.
    pub fn push(&mut self, at_us: u64, event: E) {
        self.numbers += 1;
        self.heap.push(Reverse(Arranged {
            at_us,
            number: self.numbers,
            event,
        }));
    }

    /// Takes what is next, with its time.
    pub fn pop(&mut self) -> Option<(u64, E)> {
        let Reverse(next) = self.heap.pop()?;
        Some((next.at_us, next.event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_comes_first_and_then_the_order_of_arranging() {
        let mut queue = Queue::default();
        for (at_us, event) in [(5, "c"), (3, "a"), (5, "d"), (3, "b")] {
            queue.push(at_us, event);
        }
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(order, [(3, "a"), (3, "b"), (5, "c"), (5, "d")]);
    }
}
