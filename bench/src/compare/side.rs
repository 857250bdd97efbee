//! The two sides of a comparison and the order of their runs: A B, B A, A B and so on.
//!
//! A drift of the machine then favours neither side: over two rounds a linear one cancels out.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Side {
    /// What is compared with.
    A,
    /// What is compared.
    B,
}

impl fmt::Display for Side {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::A => "A",
            Self::B => "B",
        })
    }
}

/// Every run of a comparison in its order, with its round from 1.
pub fn order(rounds: u32) -> impl Iterator<Item = (Side, u32)> {
    (1..=rounds).flat_map(|round| {
        let sides = if round % 2 == 1 {
            [Side::A, Side::B]
        } else {
            [Side::B, Side::A]
        };
        sides.map(|side| (side, round))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_take_turns_at_being_first() {
        let text: String = order(3).map(|(side, _)| side.to_string()).collect();
        assert_eq!(text, "ABBAAB");
        assert_eq!(order(2).last(), Some((Side::A, 2)));
        assert_eq!(order(0).count(), 0);
    }
}
