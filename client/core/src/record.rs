//! The records of the client's durable state, and their encoding.
//!
//! A record is a tag byte and fixed little-endian fields; `Accepted` ends with its payload. A storage keeps records in
//! order and adds its own lengths and checksums. Decoding what was encoded gives the same record; anything else is an error.

use bytes::Bytes;
use ringpost_wire::{ChatId, ContentClass, DeviceAddress, DeviceId, MessageId, Seq, UserId};

/// One change of the durable state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The state belongs to this device.
    Owner(DeviceAddress),
    /// A message was taken into the outbox.
    Accepted {
        /// The chat.
        chat: ChatId,
        /// The message with its number.
        entry: OutboxEntry,
    },
    /// A message left the outbox: its answer is known.
    Settled {
        /// The chat.
        chat: ChatId,
        /// The message's number.
        client_seq: u64,
        /// The message's place in the chat; 0 where it has none (refused) or it is not known (undetermined).
        seq: Seq,
    },
    /// A message left the outbox without its number having been used: those after it move down by one.
    Withdrawn {
        /// The chat.
        chat: ChatId,
        /// The message's number.
        client_seq: u64,
    },
    /// The messages in the outbox of a chat were numbered again, in order, from `first`.
    Renumbered {
        /// The chat.
        chat: ChatId,
        /// Number of the first message in the outbox, and the next one if it is empty.
        first: u64,
        /// Messages up to this number are sent one at a time.
        careful_to: u64,
    },
    /// The application has kept every message of a chat up to a number.
    Confirmed {
        /// The chat.
        chat: ChatId,
        /// The number.
        seq: Seq,
    },
    /// All of a chat's state but its outbox; snapshots end each chat with it.
    Chat {
        /// The chat.
        chat: ChatId,
        /// The state.
        summary: ChatSummary,
    },
}

/// A message in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The sender's number in the chat, from 1.
    pub client_seq: u64,
    /// The message's id; survives renumbering.
    pub message_id: MessageId,
    /// The chat's last message known when this one was accepted: if stored, it is stored after it.
    pub floor: Seq,
    /// Version of the recipients' device list; 0 is not checked.
    pub device_epoch: u32,
    /// Whether it is meant to be seen.
    pub content_class: ContentClass,
    /// The payload.
    pub payload: Bytes,
}

/// A chat's durable state but for its outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ChatSummary {
    /// Number of the next message.
    pub next_client_seq: u64,
    /// Highest number ever given to a message.
    pub highest_client_seq: u64,
    /// After a renumbering: messages up to this number are sent one at a time. 0 for none.
    pub careful_to: u64,
    /// Id of the message accepted last; 0 for none.
    pub last_accepted: MessageId,
    /// The application has kept everything up to here; `None` while the client does not know where it stands.
    pub cursor: Option<Seq>,
}

/// Bytes that are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DamagedRecord;

impl core::fmt::Display for DamagedRecord {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the bytes are not a record of this version")
    }
}

impl core::error::Error for DamagedRecord {}

const OWNER: u8 = 1;
const ACCEPTED: u8 = 2;
const SETTLED: u8 = 3;
const RENUMBERED: u8 = 4;
const CONFIRMED: u8 = 5;
const CHAT: u8 = 6;
const WITHDRAWN: u8 = 7;

impl Record {
    /// Appends the record's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Owner(device) => {
                begin(OWNER, &device.user.0, out);
                out.extend_from_slice(&device.device.to_le_bytes());
            }
            Self::Accepted { chat, entry } => {
                begin(ACCEPTED, &chat.0, out);
                numbers(&[entry.client_seq, entry.message_id, entry.floor], out);
                out.extend_from_slice(&entry.device_epoch.to_le_bytes());
                out.push(entry.content_class as u8);
                out.extend_from_slice(&entry.payload);
            }
            Self::Settled {
                chat,
                client_seq,
                seq,
            } => {
                begin(SETTLED, &chat.0, out);
                numbers(&[*client_seq, *seq], out);
            }
            Self::Withdrawn { chat, client_seq } => {
                begin(WITHDRAWN, &chat.0, out);
                numbers(&[*client_seq], out);
            }
            Self::Renumbered {
                chat,
                first,
                careful_to,
            } => {
                begin(RENUMBERED, &chat.0, out);
                numbers(&[*first, *careful_to], out);
            }
            Self::Confirmed { chat, seq } => {
                begin(CONFIRMED, &chat.0, out);
                numbers(&[*seq], out);
            }
            Self::Chat { chat, summary } => {
                begin(CHAT, &chat.0, out);
                out.push(u8::from(summary.cursor.is_some()));
                let cursor = summary.cursor.unwrap_or_default();
                numbers(
                    &[
                        summary.next_client_seq,
                        summary.highest_client_seq,
                        summary.careful_to,
                        summary.last_accepted,
                        cursor,
                    ],
                    out,
                );
            }
        }
    }

    /// Reads one record from exactly its bytes.
    ///
    /// # Errors
    /// The bytes are not a record.
    pub fn decode(bytes: &[u8]) -> Result<Self, DamagedRecord> {
        let mut reader = Reader { rest: bytes };
        let tag = reader.byte()?;
        let id = reader.array::<16>()?;
        let chat = ChatId(id);
        let record = match tag {
            OWNER => Self::Owner(DeviceAddress {
                user: UserId(id),
                device: DeviceId::from_le_bytes(reader.array()?),
            }),
            ACCEPTED => {
                let entry = reader.entry()?;
                Self::Accepted { chat, entry }
            }
            SETTLED => Self::Settled {
                chat,
                client_seq: reader.number()?,
                seq: reader.number()?,
            },
            WITHDRAWN => Self::Withdrawn {
                chat,
                client_seq: reader.number()?,
            },
            RENUMBERED => Self::Renumbered {
                chat,
                first: reader.number()?,
                careful_to: reader.number()?,
            },
            CONFIRMED => Self::Confirmed {
                chat,
                seq: reader.number()?,
            },
            CHAT => {
                let summary = reader.summary()?;
                Self::Chat { chat, summary }
            }
            _ => return Err(DamagedRecord),
        };
        if reader.rest.is_empty() {
            Ok(record)
        } else {
            Err(DamagedRecord)
        }
    }
}

fn begin(tag: u8, id: &[u8; 16], out: &mut Vec<u8>) {
    out.push(tag);
    out.extend_from_slice(id);
}

fn numbers(values: &[u64], out: &mut Vec<u8>) {
    for value in values {
        out.extend_from_slice(&value.to_le_bytes());
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], DamagedRecord> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or(DamagedRecord)?;
        self.rest = rest;
        Ok(*head)
    }

    fn byte(&mut self) -> Result<u8, DamagedRecord> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn number(&mut self) -> Result<u64, DamagedRecord> {
        self.array().map(u64::from_le_bytes)
    }

    fn entry(&mut self) -> Result<OutboxEntry, DamagedRecord> {
        Ok(OutboxEntry {
            client_seq: self.number()?,
            message_id: self.number()?,
            floor: self.number()?,
            device_epoch: u32::from_le_bytes(self.array()?),
            content_class: match self.byte()? {
                0 => ContentClass::Visible,
                1 => ContentClass::Silent,
                _ => return Err(DamagedRecord),
            },
            payload: Bytes::copy_from_slice(core::mem::take(&mut self.rest)),
        })
    }

    fn summary(&mut self) -> Result<ChatSummary, DamagedRecord> {
        let is_cursor_known = match self.byte()? {
            0 => false,
            1 => true,
            _ => return Err(DamagedRecord),
        };
        Ok(ChatSummary {
            next_client_seq: self.number()?,
            highest_client_seq: self.number()?,
            careful_to: self.number()?,
            last_accepted: self.number()?,
            cursor: match (is_cursor_known, self.number()?) {
                (true, cursor) => Some(cursor),
                (false, 0) => None,
                (false, _) => return Err(DamagedRecord),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<Record> {
        let chat = ChatId([0xAB; 16]);
        let entry = OutboxEntry {
            client_seq: 7,
            message_id: u64::MAX,
            floor: 3,
            device_epoch: 9,
            content_class: ContentClass::Silent,
            payload: Bytes::from_static(b"hello"),
        };
        let summary = ChatSummary {
            next_client_seq: 8,
            highest_client_seq: 12,
            careful_to: 12,
            last_accepted: 99,
            cursor: Some(4),
        };
        let unknown = ChatSummary {
            cursor: None,
            ..summary
        };
        vec![
            Record::Owner(DeviceAddress {
                user: UserId([3; 16]),
                device: 2,
            }),
            Record::Accepted { chat, entry },
            Record::Settled {
                chat,
                client_seq: 7,
                seq: 4,
            },
            Record::Withdrawn {
                chat,
                client_seq: 6,
            },
            Record::Renumbered {
                chat,
                first: 5,
                careful_to: 9,
            },
            Record::Confirmed { chat, seq: 4 },
            Record::Chat { chat, summary },
            Record::Chat {
                chat,
                summary: unknown,
            },
        ]
    }

    #[test]
    fn every_record_survives_its_encoding() {
        for record in samples() {
            let mut bytes = Vec::new();
            record.encode(&mut bytes);
            assert_eq!(Record::decode(&bytes), Ok(record));
        }
    }

    #[test]
    fn cut_and_lengthened_records_are_damaged() {
        for record in samples() {
            let mut bytes = Vec::new();
            record.encode(&mut bytes);
            let has_open_end = matches!(record, Record::Accepted { .. });
            let fixed_bytes = if has_open_end {
                bytes.len() - 5
            } else {
                bytes.len()
            };
            for length in 0..fixed_bytes {
                assert_eq!(Record::decode(&bytes[..length]), Err(DamagedRecord));
            }
            bytes.push(0);
            assert_eq!(Record::decode(&bytes).is_ok(), has_open_end);
        }
    }

    #[test]
    fn the_encoding_is_fixed() {
        let mut bytes = Vec::new();
        let chat = ChatId([1; 16]);
        Record::Confirmed { chat, seq: 258 }.encode(&mut bytes);
        let mut expected = vec![5];
        expected.extend_from_slice(&[1; 16]);
        expected.extend_from_slice(&[2, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes, expected);
    }

    #[test]
    fn an_unknown_tag_is_damaged() {
        assert_eq!(Record::decode(&[200; 40]), Err(DamagedRecord));
        assert_eq!(Record::decode(&[]), Err(DamagedRecord));
    }
}
