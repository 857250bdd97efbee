//! Floods of valid frames: the smallest, chats to open, one chat, one core, and answers that nobody reads.

use std::io;
use std::time::Duration;

use ringpost_gateway_core::{CoreId, ShardMap};
use ringpost_wire::{Ack, ChatId, OpenChat, Ping, ReadPage, UserId};

use super::attack::Attack;
use super::frames;
use super::tally::Tally;

/// Frames in one write.
const FRAMES_AT_ONCE: u64 = 500;
/// Users who are known to be opened chats with.
const KNOWN: usize = 20;
/// Devices of each of the two users of the flooded chat.
const DEVICES: usize = 6;
/// Pairs whose chats have one core as their home.
const PAIRS: usize = 12;
/// Connections that read nothing.
const DEAF: usize = 40;
/// A node that takes nothing for so long has stopped listening to the connection.
const DEAF_TIMEOUT: Duration = Duration::from_millis(300);

/// Heartbeats and acknowledgements without a pause.
pub(super) fn tiny_frames(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<()> {
    attack.at_once(4, tally, |number, tally| {
        let mut connection = attack.member(number, 1, tally)?;
        let chat = frames::nowhere();
        let mut count = 0;
        attack.flood(&mut connection, tally, |out| {
            for _ in 0..FRAMES_AT_ONCE {
                count += 1;
                match number % 2 {
                    0 => Ping { nonce: count }.encode(out),
                    _ => Ack { chat, seq: count }.encode(out),
                }
            }
            FRAMES_AT_ONCE
        })
    });
    Ok(())
}

/// Chats with people who are known and who are not, far faster than anyone may.
pub(super) fn open_chat_flood(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<()> {
    attack.register(1..KNOWN, tally)?;
    let mut connection = attack.member(0, 1, tally)?;
    let mut request = 0;
    attack.flood(&mut connection, tally, |out| {
        for _ in 0..FRAMES_AT_ONCE {
            request += 1;
            let user = attack.user(request as usize % (2 * KNOWN));
            OpenChat { request, user }.encode(out);
        }
        FRAMES_AT_ONCE
    })
}

/// Many devices send into one chat without waiting for an answer.
pub(super) fn one_chat_flood(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<()> {
    attack.register(0..2, tally)?;
    let chat = attack.open(&mut attack.member(0, 1, tally)?, 0, 1)?;
    attack.at_once(2 * DEVICES, tally, |number, tally| {
        let device = 1 + (number / 2) as u32;
        let mut connection = attack.member(number % 2, device, tally)?;
        let mut client_seq = 0;
        attack.flood(&mut connection, tally, |out| {
            sends(chat, &mut client_seq, out)
        })
    });
    Ok(())
}

/// Many pairs whose chats are all at home on the core of the victim's chat.
pub(super) fn one_core_flood(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<()> {
    let shards = ShardMap::new(attack.cores as u16);
    let target = shards.chat_home(attack.victim);
    let pairs: Vec<(usize, usize)> = pairs_at(attack, &shards, target).collect();
    attack.at_once(PAIRS, tally, |number, tally| {
        let (own, other) = pairs[number];
        attack.register(other..other + 1, tally)?;
        let mut connection = attack.member(own, 1, tally)?;
        let chat = attack.open(&mut connection, own, other)?;
        let mut client_seq = 0;
        attack.flood(&mut connection, tally, |out| {
            sends(chat, &mut client_seq, out)
        })
    });
    Ok(())
}

/// Disjoint pairs of people whose chat is at home on `target`.
fn pairs_at<'a>(
    attack: &'a Attack<'_>,
    shards: &'a ShardMap,
    target: CoreId,
) -> impl Iterator<Item = (usize, usize)> + 'a {
    let pairs = (0..).map(|number| (2 * number, 2 * number + 1));
    let user = |number: usize| -> UserId { attack.user(number) };
    pairs
        .filter(move |&(own, other)| {
            shards.chat_home(ChatId::one_to_one(user(own), user(other))) == target
        })
        .take(PAIRS)
}

fn sends(chat: ChatId, client_seq: &mut u64, out: &mut Vec<u8>) -> u64 {
    for _ in 0..FRAMES_AT_ONCE {
        *client_seq += 1;
        frames::send(chat, *client_seq, &[3; 100], out);
    }
    FRAMES_AT_ONCE
}

/// Asks for pages of large messages, and for heartbeats, and reads nothing. The node stops listening or closes.
pub(super) fn never_reading(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<()> {
    let mut held = Vec::new();
    for number in 0..DEAF {
        let mut connection = attack.member(number, 1, tally)?;
        let chat = attack.open(&mut connection, number, number)?;
        connection.set_write_timeout(DEAF_TIMEOUT)?;
        let mut bytes = Vec::new();
        for client_seq in 1..=8 {
            frames::send(chat, client_seq, &[9; 30_000], &mut bytes);
        }
        connection.write(&bytes)?;
        held.push((connection, chat));
    }
    while attack.goes_on() {
        for (connection, chat) in &mut held {
            let mut bytes = Vec::new();
            for request in 1..=32 {
                read_all(*chat, request, &mut bytes);
                Ping { nonce: 1 }.encode(&mut bytes);
            }
            // A write that is not taken is what is to be shown.
            if connection.write(&bytes).is_ok() {
                tally.frames += 64;
            }
            if !attack.goes_on() {
                break;
            }
        }
    }
    Ok(())
}

fn read_all(chat: ChatId, request: u32, out: &mut Vec<u8>) {
    ReadPage {
        request,
        chat,
        from: 1,
        messages_max: 100,
        bytes_max: 262_144,
    }
    .encode(out);
}
