//! The splitter over a stream of many frames: three in four are sends of mixed sizes, the rest acknowledgements.

use core::hint::black_box;

use ringpost_wire::{FrameKind, Split, split};

use super::samples::PAYLOAD_BYTES;
use crate::Benchmark;
use crate::pairs::Pairs;

const FRAMES: u64 = 1_024;

/// A stream, and what was found in it.
struct Splitter {
    stream: Vec<u8>,
    sends: u64,
    acks: u64,
    bytes: usize,
}

impl Benchmark for Splitter {
    fn operations(&self) -> u64 {
        FRAMES
    }

    fn prepare(&mut self) {
        (self.sends, self.acks, self.bytes) = (0, 0, 0);
    }

    fn lap(&mut self) {
        let mut stream = black_box(&self.stream[..]);
        while let Ok(Split::Frame { kind, frame, rest }) = split(stream) {
            self.sends += u64::from(kind == FrameKind::Send);
            self.acks += u64::from(kind == FrameKind::Ack);
            self.bytes += black_box(frame).len();
            stream = rest;
        }
    }

    fn check(&self) {
        assert_eq!((self.sends, self.acks), (FRAMES / 4 * 3, FRAMES / 4));
        assert_eq!(self.bytes, self.stream.len());
    }
}

pub(crate) fn splitter() -> Box<dyn Benchmark> {
    let mut pairs = Pairs::new(2);
    let mut stream = Vec::new();
    for number in 0..FRAMES as usize {
        match number % 4 {
            3 => pairs.ack(0, &mut stream),
            _ => pairs.send(0, PAYLOAD_BYTES / 2 + number % PAYLOAD_BYTES, &mut stream),
        }
        pairs.answered();
    }
    Box::new(Splitter {
        stream,
        sends: 0,
        acks: 0,
        bytes: 0,
    })
}
