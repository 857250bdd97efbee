//! What a load is made of: pairs of people, their devices, and how each of them behaves.

use ringpost_wire::{ChatId, DeviceAddress, DeviceId, UserId};

use crate::tls::Trust;

/// A load.
#[derive(Clone, Debug)]
pub struct LoadPlan {
    /// Pairs of people; each pair is a chat.
    pub pairs: u32,
    /// Devices of each person; the first of the sender's sends.
    pub devices: DeviceId,
    /// Names of the people begin with it, so that several loads meet no one of each other.
    pub name: String,
    /// Messages of one sender without an answer.
    pub in_flight: usize,
    /// A sender waits so long after a message on average, in milliseconds.
    pub pause_ms: u64,
    /// Bytes of a message.
    pub payload_bytes: usize,
    /// The receiver answers every so many messages; 0 never.
    pub answer_every: u64,
    /// Each client crashes before one of so many effects, by chance; 0 never.
    pub crash_one_in: u32,
    /// Whom all clients trust, if they connect with TLS: then the servers' TLS doors are to be named.
    pub trust: Option<Trust>,
    /// Seed of everything by chance.
    pub seed: u64,
}

impl LoadPlan {
    /// `pairs` senders that each keep some messages under way, and receivers that answer now and then.
    pub fn new(pairs: u32, seed: u64) -> Self {
        Self {
            pairs,
            devices: 1,
            name: "load".to_owned(),
            in_flight: 4,
            pause_ms: 20,
            payload_bytes: 64,
            answer_every: 10,
            crash_one_in: 0,
            trust: None,
            seed,
        }
    }

    /// Everyone who takes part.
    pub fn parts(&self) -> Vec<Part> {
        (0..self.pairs).flat_map(|pair| self.pair(pair)).collect()
    }

    fn pair(&self, pair: u32) -> Vec<Part> {
        let sender = format!("{}-sender-{pair}", self.name);
        let receiver = format!("{}-receiver-{pair}", self.name);
        let mut parts = Vec::new();
        for device in 1..=self.devices {
            let is_first = device == 1;
            parts.push(Part {
                pair,
                is_sender: true,
                subject: sender.clone(),
                device,
                peer: receiver.clone(),
                sends: if is_first {
                    Sends::Always
                } else {
                    Sends::Never
                },
            });
            parts.push(Part {
                pair,
                is_sender: false,
                subject: receiver.clone(),
                device,
                peer: sender.clone(),
                sends: if is_first && self.answer_every > 0 {
                    Sends::Answers(self.answer_every)
                } else {
                    Sends::Never
                },
            });
        }
        parts
    }
}

/// When a device sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sends {
    /// As long as it is ordered to.
    Always,
    /// After every so many messages that it got.
    Answers(u64),
    /// Never.
    Never,
}

/// One device that takes part.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its pair.
    pub pair: u32,
    /// Whether its user is the sender of the pair, who opens the chat.
    pub is_sender: bool,
    /// The user's name.
    pub subject: String,
    /// The device.
    pub device: DeviceId,
    /// The other user's name.
    pub peer: String,
    /// When it sends.
    pub sends: Sends,
}

impl Part {
    /// Its address.
    pub fn address(&self) -> DeviceAddress {
        DeviceAddress {
            user: UserId::from_subject(&self.subject),
            device: self.device,
        }
    }

    /// The pair's chat.
    pub fn chat(&self) -> ChatId {
        ChatId::one_to_one(
            UserId::from_subject(&self.subject),
            UserId::from_subject(&self.peer),
        )
    }
}
