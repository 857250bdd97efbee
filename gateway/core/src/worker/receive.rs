//! From bytes to frames: whole frames are handled where they lie, the rest is kept until it is complete.
//!
//! Invariant: at most one partial frame a session, and none beside whole frames that were not handled.

use ringpost_wire::limits::PREFIX_BYTES;
use ringpost_wire::{ErrorCode, FrameError, Split, split};

use super::Worker;
use crate::SessionId;
use crate::limits::HELLO_BYTES_MAX;
use crate::session::Partial;

impl Worker {
    pub(super) fn received(&mut self, id: SessionId, bytes: &[u8]) {
        let ticks_ms = self.now.ticks_ms();
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        session.heard_ms = ticks_ms;
        let mut rest = bytes;
        if let Some(partial) = session.partial.take() {
            match self.complete(id, partial, bytes) {
                Some(after) => rest = after,
                None => return,
            }
        }
        while !rest.is_empty() && self.sessions.get(id).is_some() {
            match split(rest) {
                Ok(Split::Frame {
                    kind,
                    frame,
                    rest: after,
                }) => {
                    self.frame(id, kind, frame);
                    rest = after;
                }
                Ok(Split::More { frame_bytes }) => return self.keep(id, rest, frame_bytes),
                Err(error) => return self.refuse_frame(id, error),
            }
        }
    }

    /// The frame breaks the format: the stream cannot be trusted any further.
    pub(super) fn refuse_frame(&mut self, id: SessionId, error: FrameError) {
        self.fail(id, error.code(), &error.to_string());
    }

    /// Keeps the beginning of a frame.
    fn keep(&mut self, id: SessionId, first: &[u8], frame_bytes: usize) {
        if !self.may_be_so_large(id, frame_bytes) {
            return self.fail(id, ErrorCode::FrameTooLarge, "before authentication");
        }
        let Some(partial) = self.partials.begin(first, self.now.ticks_ms()) else {
            let retry_after_ms = self.random.retry_after_ms(1_000);
            return self.fail_with_advice(id, ErrorCode::Overloaded, retry_after_ms, "frames");
        };
        let Some(session) = self.sessions.get_mut(id) else {
            return self.partials.end(&partial);
        };
        session.partial = Some(partial);
        let deadline_ms = session.deadline_ms(self.now);
        self.timers.arm_sooner(id.slot, deadline_ms);
    }

    /// Adds to a partial frame. Answers what follows it once it is complete and handled.
    fn complete<'a>(
        &mut self,
        id: SessionId,
        mut partial: Box<Partial>,
        mut bytes: &'a [u8],
    ) -> Option<&'a [u8]> {
        loop {
            let frame_bytes = match split(&partial.bytes) {
                Ok(Split::Frame { kind, frame, .. }) => {
                    self.frame(id, kind, frame);
                    self.partials.end(&partial);
                    return Some(bytes);
                }
                Ok(Split::More { frame_bytes }) => frame_bytes,
                Err(error) => {
                    self.partials.end(&partial);
                    self.refuse_frame(id, error);
                    return None;
                }
            };
            if !self.may_be_so_large(id, frame_bytes) {
                self.partials.end(&partial);
                self.fail(id, ErrorCode::FrameTooLarge, "before authentication");
                return None;
            }
            if bytes.is_empty() {
                self.put_back(id, partial);
                return None;
            }
            let (more, after) = bytes.split_at(bytes.len().min(frame_bytes - partial.bytes.len()));
            bytes = after;
            if !self.partials.extend(&mut partial, more) {
                self.partials.end(&partial);
                let retry_after_ms = self.random.retry_after_ms(1_000);
                self.fail_with_advice(id, ErrorCode::Overloaded, retry_after_ms, "frames");
                return None;
            }
        }
    }

    fn put_back(&mut self, id: SessionId, partial: Box<Partial>) {
        match self.sessions.get_mut(id) {
            Some(session) => session.partial = Some(partial),
            None => self.partials.end(&partial),
        }
    }

    /// Before authentication nothing is larger than a `Hello`.
    pub(super) fn may_be_so_large(&self, id: SessionId, frame_bytes: usize) -> bool {
        let is_open = self
            .sessions
            .get(id)
            .is_some_and(|session| session.is_open());
        is_open || frame_bytes <= HELLO_BYTES_MAX
    }
}

const _: () = assert!(PREFIX_BYTES <= HELLO_BYTES_MAX);
