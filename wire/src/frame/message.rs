//! `Send` and `Deliver`: one header of 88 bytes for both, then the slice table and the payload.
//!
//! `chat @8 · sender @24 · seq @40 · time_ms @48 · client_seq @56 · message_id @64 · sender_device u32 @72 ·
//! device_epoch u32 @76 · reserved u32 @80 · slice_count u16 @84 · content_class u8 @86 · unanswered u8 @87`.
//! A view exists only for bytes that were verified, so its getters cannot fail.

use super::integer::{id_at, u16_at, u32_at, u64_at};
use super::slice::{Slice, devices_are_valid, entry};
use super::{FrameError, FrameKind, begin, body, seq, seq_of_message};
use crate::limits::{PAYLOAD_BYTES_MAX, SLICE_BYTES, SLICES_MAX, UNANSWERED_MAX};
use crate::{ChatId, DeviceAddress, DeviceId, MessageId, Seq, UserId};

/// Bytes of the header of `Send` and `Deliver`.
pub const MESSAGE_HEADER_BYTES: usize = 88;

/// Whether a message is meant to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ContentClass {
    /// For a person to see; wakes the device.
    Visible = 0,
    /// For the application only.
    Silent = 1,
}

/// A verified `Send` or `Deliver`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageView<'a>(&'a [u8]);

impl<'a> MessageView<'a> {
    /// Verifies a whole frame (as `split` finds it) as a client's `Send`: fields of the server are 0, reserved ones too.
    ///
    /// # Errors
    /// The first field that breaks the format.
    pub fn of_send(frame: &'a [u8]) -> Result<Self, FrameError> {
        let view = Self::of_layout(frame, FrameKind::Send)?;
        let server_fields_are_zero = frame[24..56] == [0; 32] && u32_at(frame, 72) == 0;
        if !server_fields_are_zero {
            return Err(FrameError::Malformed {
                what: "sender, seq, time_ms and sender_device are the server's",
            });
        }
        if usize::from(frame[5]) * 8 != MESSAGE_HEADER_BYTES {
            return Err(FrameError::Malformed {
                what: "header_words",
            });
        }
        check_numbers(view.client_seq(), view.unanswered())?;
        Ok(view)
    }

    /// Verifies a whole frame as a `Deliver`, from a server or from the log.
    ///
    /// # Errors
    /// The first field that breaks the format.
    pub fn of_deliver(frame: &'a [u8]) -> Result<Self, FrameError> {
        let view = Self::of_layout(frame, FrameKind::Deliver)?;
        seq_of_message(view.seq(), "seq")?;
        seq(view.client_seq(), "client_seq")?;
        Ok(view)
    }

    fn of_layout(frame: &'a [u8], kind: FrameKind) -> Result<Self, FrameError> {
        let (header, tail) = body(frame, kind)?;
        if u32_at(header, 80) != 0 {
            return Err(FrameError::Malformed { what: "reserved" });
        }
        if header[86] > ContentClass::Silent as u8 {
            return Err(FrameError::Malformed {
                what: "content_class",
            });
        }
        let slice_count = usize::from(u16_at(header, 84));
        let table_bytes = slice_count * SLICE_BYTES;
        if slice_count > SLICES_MAX {
            return Err(FrameError::PayloadTooLarge);
        }
        if tail.len() < table_bytes {
            return Err(FrameError::Malformed {
                what: "slice_count",
            });
        }
        let payload_bytes = tail.len() - table_bytes;
        if payload_bytes > PAYLOAD_BYTES_MAX {
            return Err(FrameError::PayloadTooLarge);
        }
        let sum: usize = (0..slice_count)
            .map(|index| entry(tail, index).1)
            .fold(0, usize::saturating_add);
        if slice_count > 0 && sum != payload_bytes {
            return Err(FrameError::Malformed {
                what: "slice bytes",
            });
        }
        let view = Self(frame);
        if slice_count > 0 && !devices_are_valid(&view) {
            return Err(FrameError::Malformed {
                what: "slice device",
            });
        }
        Ok(view)
    }

    /// The whole frame.
    pub fn frame(&self) -> &'a [u8] {
        self.0
    }

    /// The chat.
    pub fn chat(&self) -> ChatId {
        ChatId(id_at(self.0, 8))
    }

    /// The sender with its device; zero in a `Send`.
    pub fn sender(&self) -> DeviceAddress {
        DeviceAddress {
            user: UserId(id_at(self.0, 24)),
            device: self.sender_device(),
        }
    }

    /// The sending device; zero in a `Send`.
    pub fn sender_device(&self) -> DeviceId {
        u32_at(self.0, 72)
    }

    /// The message's number in the chat; zero in a `Send`.
    pub fn seq(&self) -> Seq {
        u64_at(self.0, 40)
    }

    /// The server's time, in milliseconds since 1970; zero in a `Send`.
    pub fn time_ms(&self) -> u64 {
        u64_at(self.0, 48)
    }

    /// The sender's number for this chat, from 1; 0 asks the server to number.
    pub fn client_seq(&self) -> u64 {
        u64_at(self.0, 56)
    }

    /// The message's id.
    pub fn message_id(&self) -> MessageId {
        u64_at(self.0, 64)
    }

    /// The version of the recipients' device list that the sender encrypted for; 0 is not checked.
    pub fn device_epoch(&self) -> u32 {
        u32_at(self.0, 76)
    }

    /// Number of slices; 0 is one payload for all.
    pub fn slice_count(&self) -> u16 {
        u16_at(self.0, 84)
    }

    /// Whether it is meant to be seen.
    pub fn content_class(&self) -> ContentClass {
        if self.0[86] == 0 {
            ContentClass::Visible
        } else {
            ContentClass::Silent
        }
    }

    /// How many sends before this one the client has no answer to; 0 to 15.
    pub fn unanswered(&self) -> u8 {
        self.0[87]
    }

    fn tail(&self) -> &'a [u8] {
        &self.0[usize::from(self.0[5]) * 8..]
    }

    /// The payload: all slices together where there are slices.
    pub fn payload(&self) -> &'a [u8] {
        &self.tail()[usize::from(self.slice_count()) * SLICE_BYTES..]
    }

    /// The part of `device`; `None` when there is none or the message has no slices.
    pub fn slice_for(&self, device: DeviceAddress) -> Option<&'a [u8]> {
        self.slices()
            .find(|slice| slice.device == device)
            .map(|slice| slice.bytes)
    }

    /// All slices, in the order of the frame.
    pub fn slices(&self) -> impl Iterator<Item = Slice<'a>> {
        let (table, mut rest) = self
            .tail()
            .split_at(usize::from(self.slice_count()) * SLICE_BYTES);
        (0..usize::from(self.slice_count())).map(move |index| {
            let (device, bytes) = entry(table, index);
            let (part, remaining) = rest.split_at(bytes);
            rest = remaining;
            Slice {
                device,
                bytes: part,
            }
        })
    }
}

/// Checks a client's number and how many of its forerunners it calls unanswered: there cannot be more than it has.
fn check_numbers(client_seq: u64, unanswered: u8) -> Result<(), FrameError> {
    let forerunners = seq(client_seq, "client_seq")?.saturating_sub(1);
    if usize::from(unanswered) >= UNANSWERED_MAX || u64::from(unanswered) > forerunners {
        return Err(FrameError::Malformed { what: "unanswered" });
    }
    Ok(())
}

/// A message as a client builds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewMessage<'a> {
    /// The chat.
    pub chat: ChatId,
    /// The sender's number for this chat, from 1; 0 asks the server to number.
    pub client_seq: u64,
    /// The message's id, chosen at random.
    pub message_id: MessageId,
    /// See [`MessageView::device_epoch`].
    pub device_epoch: u32,
    /// Whether it is meant to be seen.
    pub content_class: ContentClass,
    /// See [`MessageView::unanswered`].
    pub unanswered: u8,
    /// One payload for all; empty when there are slices.
    pub payload: &'a [u8],
    /// One part a device; empty when there is one payload for all.
    pub slices: &'a [Slice<'a>],
}

/// Appends `message` as a `Send`.
///
/// # Errors
/// `PayloadTooLarge` when payload or slices are over their limits; `Malformed` when both are given, when a device is 0
/// or has two slices, or when `unanswered` is over 15 or not below `client_seq`. Nothing is appended then.
pub fn encode_send(message: &NewMessage<'_>, out: &mut Vec<u8>) -> Result<(), FrameError> {
    if message.slices.len() > SLICES_MAX {
        return Err(FrameError::PayloadTooLarge);
    }
    let payload_bytes = message
        .slices
        .iter()
        .map(|slice| slice.bytes.len())
        .fold(message.payload.len(), usize::saturating_add);
    if payload_bytes > PAYLOAD_BYTES_MAX {
        return Err(FrameError::PayloadTooLarge);
    }
    if !message.payload.is_empty() && !message.slices.is_empty() {
        return Err(FrameError::Malformed {
            what: "a payload beside slices",
        });
    }
    check_numbers(message.client_seq, message.unanswered)?;
    let start = out.len();
    let frame_bytes = MESSAGE_HEADER_BYTES + message.slices.len() * SLICE_BYTES + payload_bytes;
    begin(FrameKind::Send, frame_bytes, out);
    encode_header(message, out);
    encode_tail(message, out);
    if let Err(error) = MessageView::of_send(&out[start..]) {
        out.truncate(start);
        return Err(error);
    }
    Ok(())
}

fn encode_header(message: &NewMessage<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(&message.chat.0);
    out.extend_from_slice(&[0; 32]);
    out.extend_from_slice(&message.client_seq.to_le_bytes());
    out.extend_from_slice(&message.message_id.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&message.device_epoch.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&(message.slices.len() as u16).to_le_bytes());
    out.extend_from_slice(&[message.content_class as u8, message.unanswered]);
}

fn encode_tail(message: &NewMessage<'_>, out: &mut Vec<u8>) {
    for slice in message.slices {
        out.extend_from_slice(&slice.device.user.0);
        out.extend_from_slice(&slice.device.device.to_le_bytes());
        out.extend_from_slice(&(slice.bytes.len() as u32).to_le_bytes());
    }
    for slice in message.slices {
        out.extend_from_slice(slice.bytes);
    }
    out.extend_from_slice(message.payload);
}

/// The digest by which a repeated send is recognised: XXH3-64 over slice table and payload, seeded with the message id,
/// the number of slices and the content class. Numbers and epochs are not part of it.
pub fn digest(message: &MessageView<'_>) -> u64 {
    let shape = (u64::from(message.slice_count()) << 8) | message.content_class() as u64;
    xxhash_rust::xxh3::xxh3_64_with_seed(
        message.tail(),
        message.message_id() ^ shape.rotate_left(40),
    )
}
