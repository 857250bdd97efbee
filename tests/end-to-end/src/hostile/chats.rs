//! Chats that the attacker is not in, and acknowledgements of what was not delivered: neither moves anything.

use std::io;

use ringpost_wire::limits::SEQ_MAX;
use ringpost_wire::{Ack, ErrorCode, MarkRead, ReadPage};

use super::attack::Attack;
use super::expected::Expected;
use super::frames;
use super::tally::Tally;
use crate::raw::Said;

/// What someone who is not a member hears.
const NOT_THERE: &[ErrorCode] = &[ErrorCode::NotMember, ErrorCode::UnknownChat];

/// Sends to, reads, marks and acknowledges a chat of others.
pub(super) fn strangers_chats(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<()> {
    let chat = attack.victim;
    let mut connection = attack.member(0, 1, tally)?;
    let mut client_seq = 0;
    while attack.goes_on() {
        client_seq += 1;
        let mut trials = Vec::new();
        let mut send = Vec::new();
        frames::send(chat, client_seq, b"intruder", &mut send);
        trials.push(("a send", send, Expected::Refused(NOT_THERE)));
        let mut page = Vec::new();
        ReadPage {
            request: 1,
            chat,
            from: 1,
            messages_max: 100,
            bytes_max: 65_536,
        }
        .encode(&mut page);
        trials.push(("a page", page, Expected::Failure(NOT_THERE)));
        let mut mark = Vec::new();
        MarkRead { chat, read_to: 1 }.encode(&mut mark);
        trials.push(("a read mark", mark, Expected::Failure(NOT_THERE)));
        let mut ack = Vec::new();
        Ack { chat, seq: 1 }.encode(&mut ack);
        trials.push(("an acknowledgement", ack, Expected::Nothing));
        for (what, frame, expected) in trials {
            expected.try_on(what, &mut connection, &frame, tally)?;
        }
    }
    Ok(())
}

/// The receiver acknowledges far ahead of each message; it still gets every one, also when it was away.
pub(super) fn acks_ahead(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<()> {
    attack.register(0..2, tally)?;
    let mut sender = attack.member(0, 1, tally)?;
    let chat = attack.open(&mut sender, 0, 1)?;
    let mut receiver = attack.member(1, 1, tally)?;
    let mut seq = 0;
    while attack.goes_on() {
        for ahead in [seq + 1, seq + 2, SEQ_MAX] {
            let mut ack = Vec::new();
            Ack { chat, seq: ahead }.encode(&mut ack);
            Expected::Nothing.try_on("an ack ahead", &mut receiver, &ack, tally)?;
        }
        seq += 1;
        let mut send = Vec::new();
        frames::send(chat, seq, b"still comes", &mut send);
        tally.frames += 1;
        sender.write(&send)?;
        let is_message = |said: &Said| matches!(said, Said::Delivered(_));
        let got = receiver.next_said_of(is_message)?;
        tally.note(&got);
        if got != Said::Delivered(seq) {
            tally.odd(format!("{got:?} instead of message {seq}"));
            return Ok(());
        }
        let mut ack = Vec::new();
        Ack { chat, seq }.encode(&mut ack);
        receiver.write(&ack)?;
    }
    Ok(())
}
