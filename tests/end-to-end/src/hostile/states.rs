//! Valid frames in a wrong state: each kind before a hello, beside one, in a session, and after the end.

use std::io;

use ringpost_wire::{ErrorCode, FrameKind};

use super::attack::Attack;
use super::expected::Expected;
use super::frames;
use super::tally::Tally;
use crate::raw::{RawConnection, Said, hello_frame};

const UNEXPECTED: Said = Said::Failure {
    code: ErrorCode::UnexpectedFrame,
    fatal: true,
};
/// What someone who is not a member hears.
const NOT_THERE: &[ErrorCode] = &[ErrorCode::UnknownChat, ErrorCode::NotMember];

/// Every kind in every state, again and again until the end, once at least.
pub(super) fn wrong_states(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<()> {
    loop {
        for (kind, frame) in frames::of_each_kind() {
            before_hello(attack, kind, &frame, tally)?;
            beside_hello(attack, &frame, tally)?;
            in_session(attack, kind, &frame, tally)?;
            after_the_end(attack, &frame, tally)?;
        }
        if !attack.goes_on() {
            return Ok(());
        }
    }
}

/// Only a `Hello` is heard; that of the table has a token that is none.
fn before_hello(
    attack: &Attack<'_>,
    kind: FrameKind,
    frame: &[u8],
    tally: &mut Tally,
) -> io::Result<()> {
    let mut connection = attack.stranger(tally)?;
    connection.write(frame)?;
    let expected = match kind {
        FrameKind::Hello => Said::Failure {
            code: ErrorCode::TokenMalformed,
            fatal: true,
        },
        _ => UNEXPECTED,
    };
    tally.end_with(&mut connection, expected);
    Ok(())
}

/// While the token is checked nothing is heard: the welcome would have come with a commit in between.
fn beside_hello(attack: &Attack<'_>, frame: &[u8], tally: &mut Tally) -> io::Result<()> {
    let mut connection = attack.stranger(tally)?;
    let mut bytes = hello_frame(&attack.token(0, 1), 0);
    bytes.extend_from_slice(frame);
    connection.write(&bytes)?;
    tally.end_with(&mut connection, UNEXPECTED);
    Ok(())
}

fn in_session(
    attack: &Attack<'_>,
    kind: FrameKind,
    frame: &[u8],
    tally: &mut Tally,
) -> io::Result<()> {
    let mut connection = attack.member(1, 1, tally)?;
    let expected = match kind {
        FrameKind::Send => Expected::Refused(NOT_THERE),
        FrameKind::Ack => Expected::Nothing,
        FrameKind::Ping => Expected::Pong(7),
        FrameKind::MarkRead | FrameKind::ReadPage => Expected::Failure(NOT_THERE),
        FrameKind::OpenChat => Expected::Failure(&[ErrorCode::UnknownUser]),
        FrameKind::ListPending => Expected::Answer(FrameKind::PendingList),
        FrameKind::Signal => Expected::Failure(&[ErrorCode::Unsupported]),
        FrameKind::Reauthenticate => Expected::Fatal(ErrorCode::TokenMalformed),
        _ => Expected::Fatal(ErrorCode::UnexpectedFrame),
    };
    let what = format!("{kind:?} in a session");
    expected.try_on(&what, &mut connection, frame, tally)?;
    Ok(())
}

/// After a fatal failure no further word is heard or said.
fn after_the_end(attack: &Attack<'_>, frame: &[u8], tally: &mut Tally) -> io::Result<()> {
    let mut connection: RawConnection = attack.member(2, 1, tally)?;
    let mut bytes = frames::of(FrameKind::Welcome);
    bytes.extend_from_slice(frame);
    connection.write(&bytes)?;
    tally.end_with(&mut connection, UNEXPECTED);
    Ok(())
}
