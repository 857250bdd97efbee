//! Changed copies of an input: the cheap half of a fuzzer, for runs without one.

use rand::seq::IndexedRandom as _;
use rand::{Rng as _, RngExt as _};

/// Bytes that decoders are often wrong about.
const TELLING: [u8; 8] = [0, 1, 0x0f, 0x10, 0x7f, 0x80, 0xfe, 0xff];

/// A copy of `input` with one to four changes: bits and bytes changed, a part removed, repeated or overwritten, an end cut
/// off, or a part of `other` put in.
pub fn mutated(input: &[u8], other: &[u8], random: &mut rand_chacha::ChaCha8Rng) -> Vec<u8> {
    let mut changed = input.to_vec();
    for _ in 0..random.random_range(1..=4) {
        change(&mut changed, other, random);
    }
    changed
}

fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut rand_chacha::ChaCha8Rng) {
    if bytes.is_empty() {
        bytes.push(random.next_u32() as u8);
        return;
    }
    let at = random.random_range(0..bytes.len());
    let end = random.random_range(at..bytes.len().min(at + 64)) + 1;
    match random.random_range(0..7) {
        0 => bytes[at] ^= 1 << random.random_range(0..8),
        1 => bytes[at] = *TELLING.choose(random).expect("not empty"),
        2 => bytes[at] = bytes[at].wrapping_add(random.next_u32() as u8),
        3 => bytes.truncate(at),
        4 => drop(bytes.drain(at..end)),
        5 => {
            let part = bytes[at..end].to_vec();
            bytes.splice(at..at, part);
        }
        _ => {
            let from = random.random_range(0..=other.len());
            let to = random.random_range(from..=other.len().min(from + 64));
            bytes.splice(at..at, other[from..to].iter().copied());
        }
    }
}
