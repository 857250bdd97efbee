//! What a chat says of a user, as a record that sorts by user and chat: `user 16 · chat 16 · kind 1 · the rest`.

use ringpost_storage_core::row::MemberDevice;
use ringpost_wire::{ChatId, DeviceId, Seq, UserId};

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Testimony {
    /// The user is a member.
    Member(MemberSaid),
    /// The user has a member row that cannot be read.
    Unreadable,
    /// A device of the user that the chat no longer lists has sent to it.
    Sender(DeviceId),
}

/// What a chat says of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MemberSaid {
    /// Numbers of the chat; `None` when its head is missing or cannot be read.
    pub log: Option<LogSaid>,
    /// The devices that the chat delivers to.
    pub devices: Vec<MemberDevice>,
}

/// What a chat says of its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogSaid {
    /// The last message.
    pub last: Seq,
    /// Messages up to this one are gone.
    pub trimmed_to: Seq,
    /// Members that are behind have pending rows.
    pub has_pending_rows: bool,
}

const MEMBER: u8 = 0;
const UNREADABLE: u8 = 1;
const SENDER: u8 = 2;

/// A user and a chat, and what the chat says.
pub(crate) type Told = (UserId, ChatId, Testimony);

/// The record of a testimony, appended.
pub(crate) fn encode((user, chat, testimony): &Told, out: &mut Vec<u8>) {
    out.extend_from_slice(&user.0);
    out.extend_from_slice(&chat.0);
    match testimony {
        Testimony::Unreadable => out.push(UNREADABLE),
        Testimony::Sender(device) => {
            out.push(SENDER);
            out.extend_from_slice(&device.to_be_bytes());
        }
        Testimony::Member(said) => {
            out.push(MEMBER);
            // A chat's last number is below the largest, which so means that it is not known.
            let log = said.log.unwrap_or(LogSaid {
                last: Seq::MAX,
                trimmed_to: 0,
                has_pending_rows: false,
            });
            out.extend_from_slice(&log.last.to_be_bytes());
            out.extend_from_slice(&log.trimmed_to.to_be_bytes());
            out.push(u8::from(log.has_pending_rows));
            for entry in &said.devices {
                out.extend_from_slice(&entry.device.to_be_bytes());
                out.extend_from_slice(&entry.start.to_be_bytes());
            }
        }
    }
}

/// Reads a record that `encode` made; `None` for other bytes.
pub(crate) fn decode(record: &[u8]) -> Option<Told> {
    let (user, rest) = record.split_first_chunk()?;
    let (chat, rest) = rest.split_first_chunk()?;
    let (kind, rest) = rest.split_first()?;
    let testimony = match *kind {
        UNREADABLE => Testimony::Unreadable,
        SENDER => Testimony::Sender(DeviceId::from_be_bytes(rest.try_into().ok()?)),
        _ => Testimony::Member(member(rest)?),
    };
    Some((UserId(*user), ChatId(*chat), testimony))
}

fn member(rest: &[u8]) -> Option<MemberSaid> {
    let (last, rest) = rest.split_first_chunk()?;
    let (trimmed_to, rest) = rest.split_first_chunk()?;
    let (has_pending_rows, rest) = rest.split_first()?;
    let last = Seq::from_be_bytes(*last);
    let log = LogSaid {
        last,
        trimmed_to: Seq::from_be_bytes(*trimmed_to),
        has_pending_rows: *has_pending_rows == 1,
    };
    let devices = rest.chunks_exact(12).map(|entry| {
        let (device, start) = entry.split_first_chunk()?;
        Some(MemberDevice {
            device: DeviceId::from_be_bytes(*device),
            start: Seq::from_be_bytes(start.try_into().ok()?),
        })
    });
    Some(MemberSaid {
        log: (last != Seq::MAX).then_some(log),
        devices: devices.collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_round_trips() {
        let log = LogSaid {
            last: 9,
            trimmed_to: 4,
            has_pending_rows: true,
        };
        let devices = vec![MemberDevice {
            device: 7,
            start: 3,
        }];
        let member = |log, devices| Testimony::Member(MemberSaid { log, devices });
        for testimony in [
            member(Some(log), devices),
            member(None, Vec::new()),
            Testimony::Unreadable,
            Testimony::Sender(5),
        ] {
            let told = (UserId([1; 16]), ChatId([2; 16]), testimony);
            let mut record = Vec::new();
            encode(&told, &mut record);
            assert_eq!(decode(&record), Some(told));
        }
    }
}
