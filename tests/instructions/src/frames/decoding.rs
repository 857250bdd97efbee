//! Verifying frames, as the receiver of each does: the same frame over and over.

use core::hint::black_box;

use ringpost_wire::{ClientFrame, FrameError, FrameKind, ServerFrame};

use super::samples::{ACK, READ_PAGE, SENT, assert_deliver, assert_send, deliver, frame, send};
use crate::Benchmark;

const FRAMES: u64 = 4_096;

/// Verifies a frame of a client `FRAMES` times.
struct ClientView {
    kind: FrameKind,
    frame: Vec<u8>,
    check: fn(&ClientFrame<'_>),
    verified: u64,
}

/// Verifies a frame of a server `FRAMES` times.
struct ServerView {
    kind: FrameKind,
    frame: Vec<u8>,
    check: fn(&ServerFrame<'_>),
    verified: u64,
}

/// How many of `FRAMES` times `decode` answered a frame.
fn count<'a, F>(decode: impl Fn() -> Result<F, FrameError> + 'a) -> u64 {
    let is_verified = |_: &u64| black_box(decode()).is_ok();
    (0..FRAMES).filter(is_verified).count() as u64
}

impl Benchmark for ClientView {
    fn operations(&self) -> u64 {
        FRAMES
    }

    fn prepare(&mut self) {
        self.verified = 0;
    }

    fn lap(&mut self) {
        let (kind, frame) = (self.kind, &self.frame);
        self.verified = count(|| ClientFrame::decode(black_box(kind), black_box(frame)));
    }

    fn check(&self) {
        assert_eq!(self.verified, FRAMES);
        let decoded = ClientFrame::decode(self.kind, &self.frame);
        (self.check)(&decoded.expect("it was verified"));
    }
}

impl Benchmark for ServerView {
    fn operations(&self) -> u64 {
        FRAMES
    }

    fn prepare(&mut self) {
        self.verified = 0;
    }

    fn lap(&mut self) {
        let (kind, frame) = (self.kind, &self.frame);
        self.verified = count(|| ServerFrame::decode(black_box(kind), black_box(frame)));
    }

    fn check(&self) {
        assert_eq!(self.verified, FRAMES);
        let decoded = ServerFrame::decode(self.kind, &self.frame);
        (self.check)(&decoded.expect("it was verified"));
    }
}

fn of_client(kind: FrameKind, frame: Vec<u8>, check: fn(&ClientFrame<'_>)) -> Box<dyn Benchmark> {
    Box::new(ClientView {
        kind,
        frame,
        check,
        verified: 0,
    })
}

fn of_server(kind: FrameKind, frame: Vec<u8>, check: fn(&ServerFrame<'_>)) -> Box<dyn Benchmark> {
    Box::new(ServerView {
        kind,
        frame,
        check,
        verified: 0,
    })
}

pub(crate) fn view_send() -> Box<dyn Benchmark> {
    of_client(FrameKind::Send, send(), |decoded| match decoded {
        ClientFrame::Send(view) => assert_send(view.frame()),
        other => panic!("{other:?}"),
    })
}

pub(crate) fn view_sent() -> Box<dyn Benchmark> {
    let frame = frame(|out| SENT.encode(out));
    of_server(FrameKind::Sent, frame, |decoded| {
        assert_eq!(*decoded, ServerFrame::Sent(SENT));
    })
}

pub(crate) fn view_deliver() -> Box<dyn Benchmark> {
    of_server(FrameKind::Deliver, deliver(), |decoded| match decoded {
        ServerFrame::Deliver(view) => assert_deliver(view.frame()),
        other => panic!("{other:?}"),
    })
}

pub(crate) fn view_ack() -> Box<dyn Benchmark> {
    let frame = frame(|out| ACK.encode(out));
    of_client(FrameKind::Ack, frame, |decoded| {
        assert_eq!(*decoded, ClientFrame::Ack(ACK));
    })
}

pub(crate) fn view_table() -> Box<dyn Benchmark> {
    let frame = frame(|out| READ_PAGE.encode(out));
    of_client(FrameKind::ReadPage, frame, |decoded| {
        assert_eq!(*decoded, ClientFrame::ReadPage(READ_PAGE));
    })
}
