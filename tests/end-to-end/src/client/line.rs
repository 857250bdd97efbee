//! What a client process tells the test, a line each: numbers and names, separated by spaces. Reading what was written gives the same.

use ringpost_wire::{ChatId, DeviceAddress, MessageId, Seq, UserId};

/// One line of a client process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The database is open: the last message accepted, and up to where everything is confirmed (0 for not known).
    Begin { last_number: u64, cursor: Seq },
    /// The chat is open.
    Open { chat: ChatId },
    /// `send` returned for a message.
    Accepted { number: u64 },
    /// A message is stored.
    Sent { number: u64, seq: Seq, time_ms: u64 },
    /// A message was handed over; its number if the payload is what its sender wrote.
    Delivered {
        seq: Seq,
        sender: DeviceAddress,
        message_id: MessageId,
        number: Option<u64>,
    },
    /// How far it is: messages in the outbox.
    Status { outbox: usize },
    /// A message of the history: of this device or not, and its number if the payload is right.
    History {
        seq: Option<Seq>,
        is_own: bool,
        message_id: MessageId,
        number: Option<u64>,
        time_ms: u64,
    },
    /// Something that must not happen.
    Odd(String),
    /// It has closed its client.
    Bye,
}

impl core::fmt::Display for Line {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Begin {
                last_number,
                cursor,
            } => write!(f, "begin {last_number} {cursor}"),
            Self::Open { chat } => write!(f, "open {chat}"),
            Self::Accepted { number } => write!(f, "accepted {number}"),
            Self::Sent {
                number,
                seq,
                time_ms,
            } => write!(f, "sent {number} {seq} {time_ms}"),
            Self::Delivered {
                seq,
                sender,
                message_id,
                number,
            } => {
                let (user, device) = (sender.user, sender.device);
                let number = number.unwrap_or(0);
                write!(f, "delivered {seq} {user} {device} {message_id} {number}")
            }
            Self::Status { outbox } => write!(f, "status {outbox}"),
            Self::History {
                seq,
                is_own,
                message_id,
                number,
                time_ms,
            } => {
                let (seq, number) = (seq.unwrap_or(0), number.unwrap_or(0));
                write!(f, "history {seq} {is_own} {message_id} {number} {time_ms}")
            }
            Self::Odd(what) => write!(f, "odd {what}"),
            Self::Bye => f.write_str("bye"),
        }
    }
}

impl Line {
    /// Reads a line; a torn or strange one is none.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once(' ').unwrap_or((text, ""));
        if name == "odd" {
            return Some(Self::Odd(rest.to_owned()));
        }
        let words: Vec<&str> = rest.split_whitespace().collect();
        let number = |index: usize| words.get(index)?.parse::<u64>().ok();
        let some = |value: u64| (value > 0).then_some(value);
        Some(match name {
            "begin" => Self::Begin {
                last_number: number(0)?,
                cursor: number(1)?,
            },
            "open" => Self::Open {
                chat: ChatId(id(words.first()?)?),
            },
            "accepted" => Self::Accepted { number: number(0)? },
            "sent" => Self::Sent {
                number: number(0)?,
                seq: number(1)?,
                time_ms: number(2)?,
            },
            "delivered" => Self::Delivered {
                seq: number(0)?,
                sender: DeviceAddress {
                    user: UserId(id(words.get(1)?)?),
                    device: words.get(2)?.parse().ok()?,
                },
                message_id: number(3)?,
                number: some(number(4)?),
            },
            "status" => Self::Status {
                outbox: usize::try_from(number(0)?).ok()?,
            },
            "history" => Self::History {
                seq: some(number(0)?),
                is_own: words.get(1)?.parse().ok()?,
                message_id: number(2)?,
                number: some(number(3)?),
                time_ms: number(4)?,
            },
            "bye" => Self::Bye,
            _ => return None,
        })
    }
}

fn id(text: &str) -> Option<[u8; 16]> {
    u128::from_str_radix(text, 16)
        .ok()
        .filter(|_| text.len() == 32)
        .map(u128::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_as_written() {
        let lines = [
            Line::Begin {
                last_number: 3,
                cursor: 9,
            },
            Line::Open {
                chat: ChatId([0xA1; 16]),
            },
            Line::Accepted { number: 7 },
            Line::Sent {
                number: 7,
                seq: 8,
                time_ms: 99,
            },
            Line::Delivered {
                seq: 1,
                sender: DeviceAddress {
                    user: UserId([3; 16]),
                    device: 2,
                },
                message_id: 5,
                number: None,
            },
            Line::Status { outbox: 2 },
            Line::History {
                seq: None,
                is_own: true,
                message_id: 6,
                number: Some(6),
                time_ms: 1,
            },
            Line::Odd("two words".to_owned()),
            Line::Bye,
        ];
        for line in lines {
            assert_eq!(Line::read(&line.to_string()), Some(line));
        }
        for torn in ["", "sent 7 8", "open abc", "what"] {
            assert_eq!(Line::read(torn), None, "{torn}");
        }
    }
}
