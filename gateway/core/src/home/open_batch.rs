//! The commands of a core that wait for its lane, and the replies of those that the lane has. A batch closes when the lane
//! is free, so its size follows the load.
//!
//! Invariant: at most one batch is with the lane; outcomes come in the order of its commands.

use std::collections::{HashMap, VecDeque};

use ringpost_storage_core::Command;
use ringpost_storage_core::limits::BATCH_COMMANDS_MAX;
use ringpost_wire::{ChatId, DeviceAddress};

use super::Reply;
use crate::DeviceAck;
use crate::limits::{ACKS_MAX, BATCH_FRAME_BYTES_MAX, BATCH_PAGE_BYTES_MAX};
use crate::seeded_hasher::SeededState;

struct Waiting {
    command: Command,
    reply: Reply,
    since_us: u64,
}

/// The queue before one lane.
pub(crate) struct OpenBatch {
    waiting: VecDeque<Waiting>,
    /// Number of the first in `waiting` since the start.
    first: u64,
    /// Frames that wait, in bytes.
    bytes: usize,
    /// The number of each acknowledgement that waits.
    acks: HashMap<(DeviceAddress, ChatId), u64, SeededState>,
    submitted: VecDeque<Reply>,
    /// When the latest batch was closed.
    closed_us: u64,
}

/// What became of an acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AckTaken {
    /// It waits.
    Queued,
    /// One that waits says as much now.
    Merged,
    /// There is no room.
    Refused,
}

impl OpenBatch {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            waiting: VecDeque::new(),
            first: 0,
            bytes: 0,
            acks: HashMap::with_hasher(SeededState(seed)),
            submitted: VecDeque::new(),
            closed_us: 0,
        }
    }

    /// Commands that wait, acknowledgements included.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Commands that wait, acknowledgements not counted.
    pub(crate) fn waiting_requests(&self) -> usize {
        self.waiting.len() - self.acks.len()
    }

    /// Bytes of frames that wait.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.bytes
    }

    /// Commands that the lane has.
    pub(crate) fn submitted(&self) -> usize {
        self.submitted.len()
    }

    /// For how long the oldest command has been waiting, in microseconds.
    pub(crate) fn delay_us(&self, ticks_us: u64) -> u64 {
        let oldest = self.waiting.front();
        oldest.map_or(0, |oldest| ticks_us.saturating_sub(oldest.since_us))
    }

    /// For how long the oldest command had been waiting when the latest batch was closed without it, in microseconds. 0 while
    /// each batch takes all that waits.
    pub(crate) fn left_out_us(&self) -> u64 {
        let oldest = self.waiting.front();
        oldest.map_or(0, |oldest| self.closed_us.saturating_sub(oldest.since_us))
    }

    /// Adds a command.
    pub(crate) fn push(&mut self, command: Command, reply: Reply, ticks_us: u64) {
        self.bytes += frame_bytes(&command);
        self.waiting.push_back(Waiting {
            command,
            reply,
            since_us: ticks_us,
        });
    }

    /// Adds an acknowledgement, or merges it into one that waits.
    pub(crate) fn push_ack(&mut self, ack: DeviceAck, ticks_us: u64) -> AckTaken {
        if let Some(number) = self.acks.get(&(ack.device, ack.chat)) {
            let index = (number - self.first) as usize;
            let Command::Acknowledge { seq, .. } = &mut self.waiting[index].command else {
                panic!("the map names acknowledgements only");
            };
            *seq = ack.seq.max(*seq);
            return AckTaken::Merged;
        }
        if self.acks.len() >= ACKS_MAX {
            return AckTaken::Refused;
        }
        let number = self.first + self.waiting.len() as u64;
        self.acks.insert((ack.device, ack.chat), number);
        let command = Command::Acknowledge {
            device: ack.device,
            chat: ack.chat,
            seq: ack.seq,
        };
        let user_shard = ack.device.user.shard();
        self.push(command, Reply::Ack { user_shard }, ticks_us);
        AckTaken::Queued
    }

    /// Whether the lane is free and something waits for it.
    pub(crate) fn may_close(&self) -> bool {
        self.submitted.is_empty() && !self.waiting.is_empty()
    }

    /// Closes a batch, if the lane is free and something waits.
    pub(crate) fn close(&mut self, ticks_us: u64) -> Option<Vec<Command>> {
        if !self.may_close() {
            return None;
        }
        self.closed_us = ticks_us;
        let mut commands = Vec::with_capacity(self.waiting.len().min(BATCH_COMMANDS_MAX));
        let (mut frames, mut pages) = (0, 0);
        while commands.len() < BATCH_COMMANDS_MAX
            && frames < BATCH_FRAME_BYTES_MAX
            && pages < BATCH_PAGE_BYTES_MAX
            && let Some(next) = self.take_first()
        {
            frames += frame_bytes(&next.command);
            pages += page_bytes(&next.command);
            commands.push(next.command);
            self.submitted.push_back(next.reply);
        }
        Some(commands)
    }

    /// The reply of the next outcome; `None` when the lane has nothing.
    pub(crate) fn answered(&mut self) -> Option<Reply> {
        self.submitted.pop_front()
    }

    /// The replies that the lane has, in order.
    #[cfg(planted = "sent_before_stored")]
    pub(crate) fn submitted_replies(&self) -> Vec<Reply> {
        self.submitted.iter().copied().collect()
    }

    /// Takes everything out that waits but acknowledgements, which stay in order.
    pub(crate) fn withdraw(&mut self) -> Vec<Reply> {
        let mut withdrawn = Vec::new();
        for _ in 0..self.waiting.len() {
            let Some(next) = self.take_first() else { break };
            match (next.reply, next.command) {
                (Reply::Ack { .. }, Command::Acknowledge { device, chat, seq }) => {
                    self.push_ack(DeviceAck { device, chat, seq }, next.since_us);
                }
                (reply, _) => withdrawn.push(reply),
            }
        }
        withdrawn
    }

    fn take_first(&mut self) -> Option<Waiting> {
        let first = self.waiting.pop_front()?;
        self.first += 1;
        self.bytes -= frame_bytes(&first.command);
        if let Command::Acknowledge { device, chat, .. } = &first.command {
            self.acks.remove(&(*device, *chat));
        }
        Some(first)
    }
}

fn frame_bytes(command: &Command) -> usize {
    match command {
        Command::Append { frame, .. } => frame.len(),
        _ => 0,
    }
}

fn page_bytes(command: &Command) -> usize {
    match command {
        Command::ReadPage { bytes_max, .. } => *bytes_max as usize,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use ringpost_wire::UserId;

    use super::*;

    fn ack(device: u32, seq: u64) -> DeviceAck {
        let user = UserId([1; 16]);
        DeviceAck {
            device: DeviceAddress { user, device },
            chat: ChatId([2; 16]),
            seq,
        }
    }

    fn inspect(batch: &mut OpenBatch, ticket: u64) {
        let command = Command::InspectChat {
            chat: ChatId([2; 16]),
        };
        batch.push(command, Reply::Admin { ticket }, 10);
    }

    #[test]
    fn acknowledgements_are_merged_while_they_wait() {
        let mut batch = OpenBatch::new(0);
        inspect(&mut batch, 1);
        assert_eq!(batch.push_ack(ack(1, 5), 20), AckTaken::Queued);
        assert_eq!(batch.push_ack(ack(2, 1), 20), AckTaken::Queued);
        assert_eq!(batch.push_ack(ack(1, 9), 20), AckTaken::Merged);
        assert_eq!(batch.push_ack(ack(1, 7), 20), AckTaken::Merged);
        assert_eq!((batch.waiting(), batch.waiting_requests()), (3, 1));
        let commands = batch.close(40).expect("the lane is free");
        assert!(matches!(commands[1], Command::Acknowledge { seq: 9, .. }));
        assert_eq!(batch.push_ack(ack(1, 10), 20), AckTaken::Queued);
        assert_eq!(batch.close(40), None, "the lane has a batch");
        for _ in 0..3 {
            assert!(batch.answered().is_some());
        }
        assert!(batch.answered().is_none());
        assert_eq!(batch.close(40).map(|commands| commands.len()), Some(1));
    }

    #[test]
    fn only_what_a_batch_left_out_is_delayed() {
        let mut batch = OpenBatch::new(0);
        (0..BATCH_COMMANDS_MAX as u64 + 1).for_each(|ticket| inspect(&mut batch, ticket));
        assert_eq!(batch.left_out_us(), 0, "no batch was closed yet");
        batch.close(50).expect("the lane is free");
        assert_eq!(batch.left_out_us(), 40);
        while batch.answered().is_some() {}
        inspect(&mut batch, 0);
        batch.close(60).expect("the lane is free");
        inspect(&mut batch, 0);
        assert_eq!(batch.left_out_us(), 50, "the time of its coming is before");
    }

    #[test]
    fn withdrawing_leaves_the_acknowledgements() {
        let mut batch = OpenBatch::new(0);
        batch.push_ack(ack(1, 5), 20);
        inspect(&mut batch, 1);
        batch.push_ack(ack(2, 6), 30);
        assert_eq!(batch.withdraw().len(), 1);
        assert_eq!((batch.waiting(), batch.waiting_requests()), (2, 0));
        assert_eq!(batch.push_ack(ack(2, 8), 30), AckTaken::Merged);
        assert_eq!(batch.delay_us(50), 30);
        let commands = batch.close(40).expect("the lane is free");
        assert!(matches!(commands[1], Command::Acknowledge { seq: 8, .. }));
    }
}
