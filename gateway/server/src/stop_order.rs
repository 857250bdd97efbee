//! How far a stop has been ordered: written by whoever stops the node, read by cores and HTTP.
//!
//! Invariant: an order is never taken back; only a stronger one follows.

use std::sync::atomic::{AtomicU8, Ordering};

/// What cores are to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Order {
    /// Run on.
    #[default]
    Run,
    /// Run on, but be not ready: balancers are to send nobody here any more.
    Announce,
    /// Ask sessions to go, one after the other, then end.
    Drain,
    /// Close the remaining sessions now, then end.
    Hasten,
    /// End, whatever is unfinished.
    End,
}

/// The order that holds.
#[derive(Debug, Default)]
pub struct StopOrder(AtomicU8);

impl StopOrder {
    /// Gives an order, unless a stronger one holds.
    pub fn give(&self, order: Order) {
        self.0.fetch_max(order as u8, Ordering::AcqRel);
    }

    /// The order.
    pub fn get(&self) -> Order {
        match self.0.load(Ordering::Acquire) {
            0 => Order::Run,
            1 => Order::Announce,
            2 => Order::Drain,
            3 => Order::Hasten,
            _ => Order::End,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_never_taken_back() {
        let stop = StopOrder::default();
        assert_eq!(stop.get(), Order::Run);
        let orders = [Order::Announce, Order::Drain, Order::Hasten, Order::End];
        for order in orders {
            stop.give(order);
            assert_eq!(stop.get(), order);
        }
        stop.give(Order::Drain);
        assert_eq!(stop.get(), Order::End);
    }
}
