//! What a device's application knows at the end: what it sent, what it was answered, what it kept.

use std::collections::BTreeMap;
use std::time::Duration;

use ringpost_wire::{ChatId, DeviceAddress, MessageId, Seq};

/// A message that the application kept and confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its place.
    pub seq: Seq,
    /// Its id.
    pub message_id: MessageId,
    /// Who sent it.
    pub sender: DeviceAddress,
    /// The sender's own count, out of the payload; `None` for a payload that is not the sender's.
    pub number: Option<u64>,
}

/// Where a message is, as the answer to its sender says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its place.
    pub seq: Seq,
    /// Its time, in milliseconds since 1970.
    pub time_ms: u64,
}

/// Everything that one device's application knows.
#[derive(Clone, Debug)]
pub struct DeviceLog {
    /// The device.
    pub device: DeviceAddress,
    /// Its chat.
    pub chat: ChatId,
    /// Messages taken into the outbox, in order: id and count.
    pub accepted: Vec<(MessageId, u64)>,
    /// Answers `Sent`.
    pub sent: BTreeMap<MessageId, Stored>,
    /// Messages kept, as they came.
    pub kept: Vec<Kept>,
    /// Whatever the client was told that must not happen, in words.
    pub oddities: Vec<String>,
    /// Crashes of the client.
    pub crashes: u64,
    /// Answers about messages that were stored before the session in which they were answered.
    pub answered_again: u64,
    /// Longest time from giving a message to the SDK until its answer.
    pub slowest_answer: Duration,
    /// Longest time from a message's place in the chat until the application had it, in milliseconds.
    pub slowest_delivery_ms: u64,
}

impl DeviceLog {
    /// An empty log.
    pub fn new(device: DeviceAddress, chat: ChatId) -> Self {
        Self {
            device,
            chat,
            accepted: Vec::new(),
            sent: BTreeMap::new(),
            kept: Vec::new(),
            oddities: Vec::new(),
            crashes: 0,
            answered_again: 0,
            slowest_answer: Duration::ZERO,
            slowest_delivery_ms: 0,
        }
    }
}

/// A payload: the count, then filling.
pub(crate) fn payload(number: u64, bytes: usize) -> Vec<u8> {
    let mut payload = number.to_le_bytes().to_vec();
    payload.resize(bytes.max(8), (number % 251) as u8);
    payload
}

/// The count in a payload; `None` if any byte is not what `payload` writes.
pub(crate) fn number_in(bytes: &[u8]) -> Option<u64> {
    let number = u64::from_le_bytes(*bytes.first_chunk()?);
    (payload(number, bytes.len()) == bytes).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_payload_has_no_number() {
        let mut bytes = payload(300, 40);
        assert_eq!(number_in(&bytes), Some(300));
        bytes[39] ^= 1;
        assert_eq!(number_in(&bytes), None);
        assert_eq!(number_in(&[1, 2]), None);
    }
}
