//! Fields at the ends of their ranges and beyond: each has its answer, and no sum of them overflows.

use std::io;

use ringpost_wire::limits::{PAGE_BYTES_MAX, PAGE_MESSAGES_MAX, PENDING_CHATS_MAX, SEQ_MAX};
use ringpost_wire::*;

use super::attack::Attack;
use super::expected::Expected;
use super::frames;
use super::tally::Tally;
use crate::raw::RawConnection;

const MALFORMED: Expected = Expected::Fatal(ErrorCode::MalformedFrame);
const BEYOND: Expected = Expected::Failure(&[ErrorCode::BeyondHead]);
const PAGE: Expected = Expected::Answer(FrameKind::Page);
const GAP: Expected = Expected::Refused(&[ErrorCode::Gap]);
const MESSAGES_MAX: u16 = PAGE_MESSAGES_MAX as u16;
const BYTES_MAX: u32 = PAGE_BYTES_MAX as u32;
const CHATS_MAX: u16 = PENDING_CHATS_MAX as u16;
/// Where the number of a send stands in its frame (docs/protocol.md, section 4).
const CLIENT_SEQ_AT: usize = 56;

/// A field at a limit: its name, the frame, the answer.
type Trial = (&'static str, Vec<u8>, Expected);

/// All of them, again and again until the end, once at least.
pub(super) fn numbers_at_limits(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<()> {
    attack.register(1..2, tally)?;
    loop {
        let mut session: Option<RawConnection> = None;
        for (name, frame, expected) in trials(ChatId::one_to_one(attack.user(0), attack.user(1))) {
            let mut connection = match session.take() {
                Some(connection) => connection,
                None => in_chat(attack, tally)?,
            };
            let is_over = expected.try_on(name, &mut connection, &frame, tally)?;
            session = (!is_over).then_some(connection);
        }
        if !attack.goes_on() {
            return Ok(());
        }
    }
}

/// A session whose user has a chat with another, without a message.
fn in_chat(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<RawConnection> {
    let mut connection = attack.member(0, 1, tally)?;
    attack.open(&mut connection, 0, 1)?;
    Ok(connection)
}

fn trials(chat: ChatId) -> Vec<Trial> {
    let mut trials = of_sends(chat);
    trials.extend(of_acks_and_marks(chat));
    trials.extend(of_pages(chat));
    trials.extend(of_others());
    trials
}

fn of_sends(chat: ChatId) -> Vec<Trial> {
    let numbered = |client_seq: u64| {
        let mut frame = Vec::new();
        frames::send(chat, 1, b"limit", &mut frame);
        frame[CLIENT_SEQ_AT..CLIENT_SEQ_AT + 8].copy_from_slice(&client_seq.to_le_bytes());
        frame
    };
    vec![
        ("client_seq u64::MAX", numbered(u64::MAX), MALFORMED),
        ("client_seq SEQ_MAX + 1", numbered(SEQ_MAX + 1), MALFORMED),
        ("client_seq SEQ_MAX", numbered(SEQ_MAX), GAP),
        ("client_seq 2 first", numbered(2), GAP),
    ]
}

fn of_acks_and_marks(chat: ChatId) -> Vec<Trial> {
    let ack = |seq| framed(|out| Ack { chat, seq }.encode(out));
    let mark = |read_to| framed(|out| MarkRead { chat, read_to }.encode(out));
    vec![
        ("ack u64::MAX", ack(u64::MAX), MALFORMED),
        ("ack SEQ_MAX", ack(SEQ_MAX), Expected::Nothing),
        ("ack 0", ack(0), Expected::Nothing),
        ("read_to u64::MAX", mark(u64::MAX), MALFORMED),
        ("read_to SEQ_MAX", mark(SEQ_MAX), BEYOND),
        ("read_to 0", mark(0), Expected::Nothing),
    ]
}

fn of_pages(chat: ChatId) -> Vec<Trial> {
    let page = |from, messages_max, bytes_max| {
        framed(|out| {
            ReadPage {
                request: u32::MAX,
                chat,
                from,
                messages_max,
                bytes_max,
            }
            .encode(out);
        })
    };
    vec![
        ("page from u64::MAX", page(u64::MAX, 1, 1), MALFORMED),
        ("page from 0", page(0, 1, 1), MALFORMED),
        ("page from SEQ_MAX", page(SEQ_MAX, 1, 1), PAGE),
        ("page of most", page(1, MESSAGES_MAX, BYTES_MAX), PAGE),
        ("page of too many", page(1, u16::MAX, 1), MALFORMED),
        ("page of too much", page(1, 1, u32::MAX), MALFORMED),
        ("page of none", page(1, 0, 0), MALFORMED),
    ]
}

fn of_others() -> Vec<Trial> {
    let list = |after: &[u8], chats_max| {
        framed(|out| {
            ListPending {
                request: 0,
                after,
                chats_max,
                all: false,
            }
            .encode(out);
        })
    };
    let nonce = u64::MAX;
    let signal = framed(|out| {
        Signal {
            target: frames::nobody(),
            ttl_ms: u32::MAX,
            payload: b"",
        }
        .encode(out);
    });
    vec![
        (
            "list of most",
            list(&[0xFF; 16], CHATS_MAX),
            Expected::Answer(FrameKind::PendingList),
        ),
        ("list of too many", list(b"", u16::MAX), MALFORMED),
        (
            "list after a foreign cursor",
            list(&[0xFF; 64], 1),
            Expected::Failure(&[ErrorCode::InvalidRequest]),
        ),
        ("list of none", list(b"", 0), MALFORMED),
        (
            "nonce u64::MAX",
            framed(|out| Ping { nonce }.encode(out)),
            Expected::Pong(nonce),
        ),
        (
            "ttl u32::MAX",
            signal,
            Expected::Failure(&[ErrorCode::Unsupported]),
        ),
    ]
}

fn framed(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut frame = Vec::new();
    encode(&mut frame);
    frame
}
