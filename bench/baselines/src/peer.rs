//! `Peer`: the load's side of one connection. Makes its frames, compares each echo with what was sent, and times it. Pure.

use crate::case::IN_FLIGHT_MAX;
use crate::frame::{FRAME_BYTES, first_of, set_number};

/// An echo differs from the frame that was sent.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the echo of frame {number} differs from what was sent")]
pub(crate) struct WrongEcho {
    pub(crate) number: u64,
}

/// One connection.
pub(crate) struct Peer {
    frame: [u8; FRAME_BYTES],
    sent: u64,
    echoed: u64,
    /// Begin of an echo that is not whole yet.
    partial: Vec<u8>,
    /// When the frames in flight were sent, by number modulo the most in flight.
    sent_at_ns: [u64; IN_FLIGHT_MAX],
}

impl Peer {
    pub(crate) fn new(connection: u64) -> Self {
        Self {
            frame: first_of(connection),
            sent: 0,
            echoed: 0,
            partial: Vec::with_capacity(FRAME_BYTES),
            sent_at_ns: [0; IN_FLIGHT_MAX],
        }
    }

    /// Appends the next frames to `out`.
    pub(crate) fn send(&mut self, frames: u64, now_ns: u64, out: &mut Vec<u8>) {
        for _ in 0..frames {
            assert!(
                self.in_flight() < IN_FLIGHT_MAX as u64,
                "too many in flight"
            );
            set_number(&mut self.frame, self.sent);
            out.extend_from_slice(&self.frame);
            self.sent_at_ns[place(self.sent)] = now_ns;
            self.sent += 1;
        }
    }

    /// Frames whose echo is still to come.
    pub(crate) fn in_flight(&self) -> u64 {
        self.sent - self.echoed
    }

    /// Compares what came; tells `on_echo` when each whole frame had been sent. Returns how many were whole.
    pub(crate) fn receive(
        &mut self,
        mut bytes: &[u8],
        mut on_echo: impl FnMut(u64),
    ) -> Result<u64, WrongEcho> {
        let before = self.echoed;
        if !self.partial.is_empty() {
            let missing = (FRAME_BYTES - self.partial.len()).min(bytes.len());
            let (head, rest) = bytes.split_at(missing);
            self.partial.extend_from_slice(head);
            bytes = rest;
            if self.partial.len() == FRAME_BYTES {
                let whole = std::mem::take(&mut self.partial);
                self.compare(&whole, &mut on_echo)?;
            }
        }
        let frames = bytes.chunks_exact(FRAME_BYTES);
        self.partial.extend_from_slice(frames.remainder());
        for frame in frames {
            self.compare(frame, &mut on_echo)?;
        }
        Ok(self.echoed - before)
    }

    fn compare(&mut self, echo: &[u8], on_echo: &mut impl FnMut(u64)) -> Result<(), WrongEcho> {
        let number = self.echoed;
        set_number(&mut self.frame, number);
        if number == self.sent || *echo != self.frame {
            return Err(WrongEcho { number });
        }
        on_echo(self.sent_at_ns[place(number)]);
        self.echoed += 1;
        Ok(())
    }
}

fn place(number: u64) -> usize {
    (number % IN_FLIGHT_MAX as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after_sending(frames: u64) -> (Peer, Vec<u8>) {
        let (mut peer, mut out) = (Peer::new(3), Vec::new());
        peer.send(frames, 50, &mut out);
        (peer, out)
    }

    #[test]
    fn echoes_are_counted_however_they_are_cut() {
        for step in [1, 100, 128, 129, 300, 512] {
            let (mut peer, out) = after_sending(4);
            let mut times = Vec::new();
            let mut whole = 0;
            for piece in out.chunks(step) {
                whole += peer.receive(piece, |sent_ns| times.push(sent_ns)).unwrap();
            }
            assert_eq!((whole, peer.in_flight()), (4, 0), "{step}");
            assert_eq!(times, [50; 4]);
        }
    }

    #[test]
    fn a_changed_byte_a_wrong_order_and_a_repeat_are_noticed() {
        let (mut peer, mut out) = after_sending(2);
        out[200] ^= 1;
        assert_eq!(peer.receive(&out, |_| {}), Err(WrongEcho { number: 1 }));
        let (mut peer, out) = after_sending(2);
        let swapped = [&out[128..], &out[..128]].concat();
        assert_eq!(peer.receive(&swapped, |_| {}), Err(WrongEcho { number: 0 }));
        let (mut peer, out) = after_sending(1);
        assert_eq!(
            peer.receive(&out.repeat(2), |_| {}),
            Err(WrongEcho { number: 1 })
        );
    }
}
