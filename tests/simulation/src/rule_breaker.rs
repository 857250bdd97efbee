//! A client that breaks the rules of numbering on purpose, with a model of the window that says what it must be answered.

use std::collections::BTreeMap;

use bytes::Bytes;
use ringpost_wire::limits::UNANSWERED_MAX;
use ringpost_wire::{ChatId, ErrorCode, UserId};

use crate::model::{Fate, Made, digest};
use crate::raw::{RawAnswer, RawSend, Role};
use crate::world::World;

/// A version of the device list that no chat has.
const WRONG_EPOCH: u32 = 1_000_000;

/// What the answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// Stored at a new place.
    Stored,
    /// Exactly this.
    Exactly(RawAnswer),
    /// Refused, because it is no chat of this user.
    Stranger,
}

/// What it remembers.
#[derive(Debug)]
pub struct RuleBreaker {
    steps: u64,
    last: u64,
    /// The sends whose results the window keeps, with their results.
    kept: BTreeMap<u64, (RawSend, RawAnswer)>,
    /// The last sends whose results it keeps no longer.
    forgotten: Option<RawSend>,
    expected: Option<Expected>,
}

impl RuleBreaker {
    /// One that takes so many steps.
    pub fn new(steps: u64) -> Self {
        Self {
            steps,
            last: 0,
            kept: BTreeMap::new(),
            forgotten: None,
            expected: None,
        }
    }

    /// Every step is taken.
    pub fn is_done(&self) -> bool {
        self.steps == 0
    }

    fn refused(&self, code: ErrorCode) -> Expected {
        Expected::Exactly(RawAnswer::Refused(code, self.last + 1))
    }

    /// The window keeps the results of the new number and of those before it that are said to be unanswered.
    fn keep(&mut self, send: &RawSend, answer: RawAnswer) {
        self.last = send.client_seq;
        let from = send.client_seq - u64::from(send.unanswered);
        let kept = self.kept.split_off(&from);
        let dropped = std::mem::replace(&mut self.kept, kept);
        if let Some((_, (send, _))) = dropped.into_iter().next_back() {
            self.forgotten = Some(send);
        }
        self.kept.insert(send.client_seq, (send.clone(), answer));
    }
}

impl World {
    fn rule_breaker(&mut self, index: usize) -> &mut RuleBreaker {
        match &mut self.raws[index].role {
            Role::RuleBreaker(breaker) => breaker,
            Role::Door(_) => unreachable!("asked for rule breakers only"),
        }
    }

    /// The next step.
    pub fn rule_breaker_next(&mut self, index: usize) -> Option<RawSend> {
        let breaker = self.rule_breaker(index);
        breaker.steps = breaker.steps.checked_sub(1)?;
        let (send, expected) = match self.random.below(12) {
            0..=1 => self.repeat_of_kept(index),
            2 => self.kept_number_reused(index),
            3 => self.number_skipped(index),
            4 => self.forgotten_again(index),
            5 => self.with_wrong_epoch(index),
            6 => self.sent_to_strangers(index),
            _ => self.next_number(index),
        };
        self.rule_breaker(index).expected = Some(expected);
        Some(send)
    }

    fn new_send(&mut self, index: usize, client_seq: u64, fate: Fate) -> RawSend {
        let raw = &self.raws[index];
        let (chat, sender) = (raw.chat, raw.device);
        let payload = self.payload();
        let message_id = self.random.number().max(1);
        let digest = digest(&payload);
        self.model.make(
            message_id,
            Made {
                chat,
                sender,
                digest,
                fate,
                turn: 0,
            },
        );
        RawSend {
            chat,
            client_seq,
            unanswered: 0,
            device_epoch: 0,
            message_id,
            payload,
        }
    }

    fn next_number(&mut self, index: usize) -> (RawSend, Expected) {
        let next = self.rule_breaker(index).last + 1;
        let mut send = self.new_send(index, next, Fate::Open);
        let most = (next - 1).min(UNANSWERED_MAX as u64 - 1);
        send.unanswered = self.random.between(0, most) as u8;
        (send, Expected::Stored)
    }

    fn repeat_of_kept(&mut self, index: usize) -> (RawSend, Expected) {
        let chosen = self.random.number() as usize;
        let kept = &self.rule_breaker(index).kept;
        let Some((send, answer)) = kept.values().nth(chosen % kept.len().max(1)).cloned() else {
            return self.next_number(index);
        };
        self.counts.add("kept results asked again");
        (send, Expected::Exactly(answer))
    }

    fn kept_number_reused(&mut self, index: usize) -> (RawSend, Expected) {
        let chosen = self.random.number() as usize;
        let kept = &self.rule_breaker(index).kept;
        let Some(number) = kept.keys().nth(chosen % kept.len().max(1)).copied() else {
            return self.next_number(index);
        };
        self.counts.add("numbers reused");
        let send = self.new_send(index, number, Fate::Refused);
        (
            send,
            self.rule_breaker(index).refused(ErrorCode::SequenceReused),
        )
    }

    fn number_skipped(&mut self, index: usize) -> (RawSend, Expected) {
        let skipped = self.random.between(1, 40);
        let number = self.rule_breaker(index).last + 1 + skipped;
        self.counts.add("numbers skipped");
        let send = self.new_send(index, number, Fate::Refused);
        (send, self.rule_breaker(index).refused(ErrorCode::Gap))
    }

    fn forgotten_again(&mut self, index: usize) -> (RawSend, Expected) {
        let Some(send) = self.rule_breaker(index).forgotten.clone() else {
            return self.next_number(index);
        };
        self.counts.add("forgotten numbers asked again");
        (
            send,
            self.rule_breaker(index).refused(ErrorCode::SequenceReused),
        )
    }

    fn with_wrong_epoch(&mut self, index: usize) -> (RawSend, Expected) {
        let number = self.rule_breaker(index).last + 1;
        self.counts.add("wrong device lists");
        let mut send = self.new_send(index, number, Fate::Refused);
        send.device_epoch = WRONG_EPOCH;
        let answer = RawAnswer::Refused(ErrorCode::DevicesChanged, 0);
        (send, Expected::Exactly(answer))
    }

    fn sent_to_strangers(&mut self, index: usize) -> (RawSend, Expected) {
        self.counts.add("sends to strangers");
        let mut send = self.new_send(index, 1, Fate::Refused);
        let one = self.random.index(self.clients.len());
        let nobody = UserId::from_subject("nobody");
        let other = if self.random.chance(500) {
            self.raws[index].peer
        } else {
            nobody
        };
        send.chat = ChatId::one_to_one(self.clients[one].device.user, other);
        send.payload = Bytes::from_static(b"let me in");
        (send, Expected::Stranger)
    }

    /// A step is answered: as it must be.
    pub fn rule_breaker_answered(&mut self, index: usize, send: &RawSend, answer: RawAnswer) {
        let breaker = self.rule_breaker(index);
        let is_right = match breaker.expected {
            Some(Expected::Stored) => matches!(answer, RawAnswer::Sent(..)),
            Some(Expected::Exactly(expected)) => expected == answer,
            Some(Expected::Stranger) => matches!(
                answer,
                RawAnswer::Refused(ErrorCode::UnknownChat | ErrorCode::NotMember, 0)
            ),
            None => false,
        };
        if !is_right {
            let what = format!(
                "{answer:?} where {:?} is due, window {:?}",
                breaker.expected,
                breaker.kept.keys()
            );
            return self.fail(format_args!("rules: r{index} is answered {what}"));
        }
        let is_new = send.client_seq == breaker.last + 1;
        let is_taken = matches!(
            answer,
            RawAnswer::Sent(..) | RawAnswer::Refused(ErrorCode::DevicesChanged, _)
        );
        if is_new && is_taken {
            breaker.keep(send, answer);
        }
    }
}
