//! Compares what arrived with what was sent: byte for byte, in order, each once.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ringpost_wire::Seq;
use serde::Serialize;

/// What is wrong, counted. All zero is right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Messages that did not arrive.
    pub lost: u64,
    /// Messages that arrived again.
    pub repeated: u64,
    /// Messages that arrived after one with a higher number, or stand at another place than they were said.
    pub misordered: u64,
    /// Messages that arrived with other bytes.
    pub altered: u64,
    /// Numbers missing between the chat's first and last.
    pub gaps: u64,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub fn is_right(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what another found.
    pub fn add(&mut self, other: &Self) {
        self.lost += other.lost;
        self.repeated += other.repeated;
        self.misordered += other.misordered;
        self.altered += other.altered;
        self.gaps += other.gaps;
    }

    /// Compares what one client was given, in the order in which it came, with what the other said.
    pub fn of_arrivals(arrived: &[(Seq, Bytes)], said: &[Bytes]) -> Self {
        let mut verdict = Self::default();
        let mut once: BTreeMap<Seq, &Bytes> = BTreeMap::new();
        for (seq, payload) in arrived {
            let is_behind = once.last_key_value().is_some_and(|(last, _)| seq < last);
            if once.insert(*seq, payload).is_some() {
                verdict.repeated += 1;
            } else if is_behind {
                verdict.misordered += 1;
            }
        }
        let missing = said.len().saturating_sub(once.len());
        verdict.lost = missing as u64;
        if once.len() > said.len() {
            verdict.repeated += (once.len() - said.len()) as u64;
        }
        let pairs = once.values().zip(said);
        verdict.altered = pairs.filter(|(one, other)| **one != *other).count() as u64;
        verdict
    }

    /// Checks the places of a whole chat: `places` are the numbers in the order in which the lines were said.
    pub fn of_places(places: &[Seq]) -> Self {
        let distinct: BTreeSet<Seq> = places.iter().copied().collect();
        let last = distinct.last().copied().unwrap_or(0);
        let descents = places.windows(2).filter(|pair| pair[0] > pair[1]).count();
        Self {
            misordered: descents as u64,
            gaps: last - distinct.len() as u64,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    fn said() -> Vec<Bytes> {
        vec![payload("a"), payload("b"), payload("c")]
    }

    fn of(arrived: &[(Seq, &'static str)]) -> Verdict {
        let arrived: Vec<_> = arrived
            .iter()
            .map(|(seq, text)| (*seq, payload(text)))
            .collect();
        Verdict::of_arrivals(&arrived, &said())
    }

    #[test]
    fn what_arrived_as_said_is_right() {
        assert!(of(&[(1, "a"), (3, "b"), (5, "c")]).is_right());
        assert!(Verdict::of_places(&[1, 2, 3]).is_right());
    }

    #[test]
    fn each_fault_is_told() {
        assert_eq!(of(&[(1, "a"), (3, "b")]).lost, 1);
        assert_eq!(of(&[(1, "a"), (3, "b"), (3, "b"), (5, "c")]).repeated, 1);
        assert_eq!(of(&[(1, "a"), (3, "b"), (5, "c"), (7, "c")]).repeated, 1);
        assert_eq!(of(&[(3, "b"), (1, "a"), (5, "c")]).misordered, 1);
        assert_eq!(of(&[(1, "a"), (3, "x"), (5, "c")]).altered, 1);
        assert_eq!(Verdict::of_places(&[1, 3, 4]).gaps, 1);
        assert_eq!(Verdict::of_places(&[2, 1, 3]).misordered, 1);
    }
}
