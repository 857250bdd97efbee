//! `Expected`: how a node must take one frame of a signed-in client, and the trial that shows whether it does.

use std::io;

use ringpost_wire::{ErrorCode, FrameKind};

use super::tally::Tally;
use crate::raw::{RawConnection, Said};

/// How one frame must be taken.
#[derive(Clone, Copy, Debug)]
pub(super) enum Expected {
    /// With a fatal failure of this code, and the end of the connection.
    Fatal(ErrorCode),
    /// With a failure of one of these codes; the session goes on.
    Failure(&'static [ErrorCode]),
    /// With a refusal of one of these codes; the session goes on.
    Refused(&'static [ErrorCode]),
    /// With a frame of this kind.
    Answer(FrameKind),
    /// With the answer to a heartbeat.
    Pong(u64),
    /// With no word; the session goes on.
    Nothing,
}

/// The number by which a trial's own heartbeat is known.
const PROOF: u64 = 0x00FE_ED00;

impl Expected {
    /// Writes `frame` and compares what is said with what is expected. Afterwards the session is either over or answers a
    /// heartbeat; answers whether it is over.
    pub(super) fn try_on(
        self,
        what: &str,
        connection: &mut RawConnection,
        frame: &[u8],
        tally: &mut Tally,
    ) -> io::Result<bool> {
        tally.frames += 1;
        connection.write(frame)?;
        if let Self::Fatal(code) = self {
            let before = tally.oddities.len();
            tally.end_with(connection, Said::Failure { code, fatal: true });
            if tally.oddities.len() > before {
                tally.odd(format!("that was {what}"));
            }
            return Ok(true);
        }
        connection.ping(PROOF)?;
        let mut heard = Vec::new();
        loop {
            match connection.next_said()? {
                Said::Pong(PROOF) => break,
                Said::Closed => {
                    tally.note(&Said::Closed);
                    tally.odd(format!("{what}: closed after {heard:?}, not {self:?}"));
                    return Ok(true);
                }
                said => heard.push(said),
            }
        }
        heard.iter().for_each(|said| tally.note(said));
        self.check(what, connection, heard, tally)?;
        Ok(false)
    }

    /// What is answered by a home may come after the heartbeat's answer.
    fn check(
        self,
        what: &str,
        connection: &mut RawConnection,
        mut heard: Vec<Said>,
        tally: &mut Tally,
    ) -> io::Result<()> {
        if !matches!(self, Self::Nothing) && heard.is_empty() {
            let said = connection.next_said()?;
            tally.note(&said);
            heard.push(said);
        }
        let is_met = match (self, heard.as_slice()) {
            (Self::Nothing, []) => true,
            (Self::Failure(codes), [Said::Failure { code, fatal: false }]) => codes.contains(code),
            (Self::Refused(codes), [Said::Refused(code)]) => codes.contains(code),
            (Self::Answer(kind), [Said::Other(said)]) => *said == kind,
            (Self::Pong(nonce), [Said::Pong(said)]) => *said == nonce,
            _ => false,
        };
        if !is_met {
            tally.odd(format!("{what}: {heard:?} instead of {self:?}"));
        }
        Ok(())
    }
}
