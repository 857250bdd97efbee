//! A door without a socket's semantics or dense numbers: every message goes out with number 0 and is repeated until it is
//! answered, and some are repeated after that. None may be stored twice while it is inside the window.

use std::collections::VecDeque;

use ringpost_storage_core::limits::WINDOW_RESULTS_MAX;

use crate::model::{Fate, Made, digest};
use crate::raw::{RawAnswer, RawSend, Role};
use crate::world::World;

/// Share of sends that are repeats of answered ones.
const REPEAT_SHARE: u64 = 400;

/// What a door remembers.
#[derive(Debug)]
pub struct Door {
    unmade: u64,
    /// The last messages that were stored, oldest first, each with its place.
    recent: VecDeque<(RawSend, RawAnswer)>,
    /// The answer that the present send must get.
    expected: Option<RawAnswer>,
}

impl Door {
    /// A door that sends so many messages.
    pub fn new(messages: u64) -> Self {
        Self {
            unmade: messages,
            recent: VecDeque::new(),
            expected: None,
        }
    }

    /// Every message is sent.
    pub fn is_done(&self) -> bool {
        self.unmade == 0
    }
}

impl World {
    fn door(&mut self, index: usize) -> &mut Door {
        match &mut self.raws[index].role {
            Role::Door(door) => door,
            Role::RuleBreaker(_) => unreachable!("asked for doors only"),
        }
    }

    /// The next send of a door.
    pub fn door_next(&mut self, index: usize) -> Option<RawSend> {
        let is_repeat = self.random.chance(REPEAT_SHARE);
        let chosen = self.random.number();
        let door = self.door(index);
        if is_repeat && !door.recent.is_empty() && !door.is_done() {
            let place = chosen as usize % door.recent.len();
            let (send, answer) = door.recent[place].clone();
            door.expected = Some(answer);
            self.counts.add("door repeats");
            return Some(send);
        }
        if door.unmade == 0 {
            return None;
        }
        door.unmade -= 1;
        door.expected = None;
        let (chat, sender) = (self.raws[index].chat, self.raws[index].device);
        let payload = self.payload();
        let message_id = self.random.number().max(1);
        let (digest, fate) = (digest(&payload), Fate::Open);
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
        self.counts.add("door messages");
        Some(RawSend {
            chat,
            client_seq: 0,
            unanswered: 0,
            device_epoch: 0,
            message_id,
            payload,
        })
    }

    /// A door's send is answered: stored, and a repeat as before.
    pub fn door_answered(&mut self, index: usize, send: &RawSend, answer: RawAnswer) {
        let expected = self.door(index).expected;
        if expected.is_some_and(|expected| expected != answer) {
            return self.fail(format_args!(
                "door r{index}: {answer:?} where {expected:?} was answered before"
            ));
        }
        if !matches!(answer, RawAnswer::Sent(..)) {
            return self.fail(format_args!("door r{index} is answered {answer:?}"));
        }
        let door = self.door(index);
        if expected.is_none() {
            door.recent.push_back((send.clone(), answer));
            if door.recent.len() > WINDOW_RESULTS_MAX {
                door.recent.pop_front();
            }
        }
    }
}
