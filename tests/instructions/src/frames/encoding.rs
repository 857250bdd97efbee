//! Building frames: the same frame over and over, each time at the beginning of one buffer.

use core::hint::black_box;

use ringpost_wire::{ClientFrame, FrameKind, ServerFrame, stamp_in_place};

use super::samples::{ACK, MESSAGE, SENT, STAMP, assert_deliver, assert_send, send};
use crate::Benchmark;

const FRAMES: u64 = 4_096;
const FRAME_BYTES_MAX: usize = 256;

/// Builds a frame `FRAMES` times.
struct Encoding<Encode> {
    encode: Encode,
    check: fn(&[u8]),
    out: Vec<u8>,
}

impl<Encode: FnMut(&mut Vec<u8>)> Benchmark for Encoding<Encode> {
    fn operations(&self) -> u64 {
        FRAMES
    }

    fn prepare(&mut self) {
        self.out.clear();
        self.out.reserve(FRAME_BYTES_MAX);
    }

    fn lap(&mut self) {
        for _ in 0..FRAMES {
            self.out.clear();
            (self.encode)(&mut self.out);
            black_box(&mut self.out);
        }
    }

    fn check(&self) {
        (self.check)(&self.out);
    }
}

fn encoding(encode: impl FnMut(&mut Vec<u8>) + 'static, check: fn(&[u8])) -> Box<dyn Benchmark> {
    let out = Vec::new();
    Box::new(Encoding { encode, check, out })
}

pub(crate) fn encode_send() -> Box<dyn Benchmark> {
    let encode = |out: &mut Vec<u8>| {
        let message = black_box(&MESSAGE);
        ringpost_wire::encode_send(message, out).expect("the message keeps every limit");
    };
    encoding(encode, assert_send)
}

pub(crate) fn encode_sent() -> Box<dyn Benchmark> {
    let check = |frame: &[u8]| {
        let decoded = ServerFrame::decode(FrameKind::Sent, frame);
        assert_eq!(decoded, Ok(ServerFrame::Sent(SENT)));
    };
    encoding(|out| black_box(&SENT).encode(out), check)
}

/// As the sequencer does: the received frame is copied, and the copy stamped.
pub(crate) fn encode_deliver() -> Box<dyn Benchmark> {
    let send = send();
    let encode = move |out: &mut Vec<u8>| {
        out.extend_from_slice(black_box(&send));
        stamp_in_place(out, black_box(&STAMP));
    };
    encoding(encode, assert_deliver)
}

pub(crate) fn encode_ack() -> Box<dyn Benchmark> {
    let check = |frame: &[u8]| {
        let decoded = ClientFrame::decode(FrameKind::Ack, frame);
        assert_eq!(decoded, Ok(ClientFrame::Ack(ACK)));
    };
    encoding(|out| black_box(&ACK).encode(out), check)
}
