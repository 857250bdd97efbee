//! The order of one chat's messages as they reach the application: dense, each once, whatever order they come in.
//!
//! `offer` takes a number's content, `take` gives the next one in order. What is ahead waits in a bounded buffer; past
//! the bound the highest is dropped, since the log has it. Invariant: `take` never passes a number that was not offered.

use std::collections::{BTreeMap, VecDeque};

use ringpost_wire::{ChatId, EmptyReason, Seq};

use crate::effect::Incoming;
use crate::limits::{GAP_BYTES_MAX, GAP_MESSAGES_MAX};

/// What stands at a number of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// A message for the application.
    Message(Incoming),
    /// A message that this very device sent; what the log has of it, unless it is known already.
    Own(Option<Incoming>),
    /// Nothing for this device, up to `to`.
    Empty { to: Seq, reason: EmptyReason },
}

impl Item {
    fn bytes(&self) -> usize {
        match self {
            Self::Message(message) | Self::Own(Some(message)) => message.payload.len(),
            Self::Own(None) | Self::Empty { .. } => 0,
        }
    }

    fn last(&self, seq: Seq) -> Seq {
        match self {
            Self::Empty { to, .. } => *to,
            Self::Message(_) | Self::Own(_) => seq,
        }
    }
}

/// The order of one chat.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stream {
    /// Everything up to here was taken; `None` while it is not known where this device stands.
    passed: Option<Seq>,
    /// Given to the application and not confirmed, ascending.
    unconfirmed: VecDeque<Seq>,
    waiting: BTreeMap<Seq, Item>,
    waiting_bytes: usize,
    /// The chat's last message known.
    pub(crate) head: Seq,
    /// The server may hold this device for lagging although all is confirmed: an acknowledgement is owed.
    pub(crate) owes_ack: bool,
    /// The last acknowledgement sent.
    pub(crate) acked: Seq,
    /// This device acknowledged everything up to here before its state began, as the server tells.
    pub(crate) acked_before: Seq,
    /// While the position is unknown: the head when the running pass over the pending chats began.
    pub(crate) head_before_pass: Seq,
}

/// The stream of a chat; one that is not there yet stands at `unknown_at`.
pub(crate) fn stream_of(
    streams: &mut BTreeMap<ChatId, Stream>,
    chat: ChatId,
    unknown_at: Option<Seq>,
) -> &mut Stream {
    let stream = streams.entry(chat);
    stream.or_insert_with(|| Stream::at(unknown_at))
}

impl Stream {
    /// A chat that stands at `cursor`.
    pub(crate) fn at(cursor: Option<Seq>) -> Self {
        Self {
            passed: cursor,
            head: cursor.unwrap_or(0),
            ..Self::default()
        }
    }

    pub(crate) fn passed(&self) -> Option<Seq> {
        self.passed
    }

    pub(crate) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Takes what stands at `seq`. Answers whether it is new and was kept.
    pub(crate) fn offer(&mut self, seq: Seq, item: Item) -> bool {
        self.head = self.head.max(item.last(seq));
        if self.passed.is_none() && seq == 1 {
            self.passed = Some(0);
        }
        let Some(passed) = self.passed else {
            return false;
        };
        let is_old = item.last(seq) <= passed && cfg!(not(planted = "dedupe_missing"));
        if is_old || self.waiting.contains_key(&seq) {
            return false;
        }
        self.waiting_bytes += item.bytes();
        self.waiting.insert(seq, item);
        while self.waiting.len() > GAP_MESSAGES_MAX || self.waiting_bytes > GAP_BYTES_MAX {
            let Some((dropped, item)) = self.waiting.pop_last() else {
                break;
            };
            self.waiting_bytes -= item.bytes();
            if dropped == seq {
                return false;
            }
        }
        true
    }

    /// Whether a number is waiting whose turn it is.
    pub(crate) fn is_ready(&self) -> bool {
        match (self.passed, self.waiting.first_key_value()) {
            (Some(passed), Some((seq, _))) => {
                *seq <= passed + 1 || cfg!(planted = "gap_buffer_skips")
            }
            _ => false,
        }
    }

    /// Gives the next number in order with what stands there. A message counts as unconfirmed from now on.
    pub(crate) fn take(&mut self) -> Option<(Seq, Item)> {
        while self.is_ready() {
            let (seq, item) = self.waiting.pop_first()?;
            self.waiting_bytes -= item.bytes();
            let passed = self.passed?;
            let last = item.last(seq);
            if last <= passed && cfg!(not(planted = "dedupe_missing")) {
                continue;
            }
            self.passed = Some(passed.max(last));
            if matches!(item, Item::Message(_)) {
                self.unconfirmed.push_back(seq);
            }
            let from = match item {
                Item::Empty { .. } => passed + 1,
                _ => seq,
            };
            return Some((from, item));
        }
        None
    }

    /// The position is known from outside: everything up to `seq` needs nothing more from this device.
    pub(crate) fn jump(&mut self, seq: Seq) {
        self.passed = self.passed.max(Some(seq));
        self.head = self.head.max(seq);
        while let Some(entry) = self.waiting.first_entry() {
            if entry.get().last(*entry.key()) > seq {
                break;
            }
            self.waiting_bytes -= entry.remove().bytes();
        }
    }

    /// The application has kept what was given to it up to `seq`. Answers how many messages that confirmed.
    pub(crate) fn confirm(&mut self, seq: Seq) -> usize {
        let before = self.unconfirmed.len();
        while self.unconfirmed.front().is_some_and(|first| *first <= seq) {
            self.unconfirmed.pop_front();
        }
        before - self.unconfirmed.len()
    }

    /// Everything up to here may be acknowledged.
    pub(crate) fn ackable(&self) -> Option<Seq> {
        if cfg!(planted = "ack_before_confirm") {
            return self.passed;
        }
        match self.unconfirmed.front() {
            Some(first) => Some(first - 1),
            None => self.passed,
        }
    }

    /// Whether a message up to `seq` is with the application and not confirmed.
    pub(crate) fn had_unconfirmed(&self, seq: Seq) -> bool {
        self.unconfirmed.front().is_some_and(|first| *first <= seq)
    }

    /// The first number that has neither passed nor waits; `None` while the position is unknown.
    pub(crate) fn first_missing(&self) -> Option<Seq> {
        let mut next = self.passed? + 1;
        for (seq, item) in &self.waiting {
            if *seq > next {
                break;
            }
            next = next.max(item.last(*seq) + 1);
        }
        Some(next)
    }

    /// Whether a number up to the head is missing.
    pub(crate) fn has_gap(&self) -> bool {
        self.first_missing().is_some_and(|seq| seq <= self.head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;
    use ringpost_wire::{ContentClass, DeviceAddress, UserId};

    fn message(seq: Seq, payload: &'static [u8]) -> Item {
        let sender = DeviceAddress {
            user: UserId([2; 16]),
            device: 1,
        };
        Item::Message(Incoming {
            chat: ChatId([1; 16]),
            seq,
            sender,
            message_id: seq,
            time_ms: 0,
            content_class: ContentClass::Visible,
            payload: Bytes::from_static(payload),
        })
    }

    fn taken(stream: &mut Stream) -> Vec<Seq> {
        std::iter::from_fn(|| stream.take())
            .map(|(seq, _)| seq)
            .collect()
    }

    #[test]
    fn five_waits_for_four() {
        let mut stream = Stream::at(Some(3));
        assert!(stream.offer(5, message(5, b"e")));
        assert_eq!(taken(&mut stream), Vec::<Seq>::new());
        assert_eq!(stream.first_missing(), Some(4));
        assert!(stream.has_gap());
        assert!(stream.offer(4, message(4, b"d")));
        assert_eq!(taken(&mut stream), [4, 5]);
        assert!(!stream.has_gap());
    }

    #[test]
    fn what_passed_or_waits_is_not_taken_twice() {
        let mut stream = Stream::at(Some(3));
        assert!(!stream.offer(3, message(3, b"c")));
        assert!(stream.offer(5, message(5, b"e")));
        assert!(!stream.offer(5, message(5, b"e")));
    }

    #[test]
    fn own_and_empty_numbers_are_passed_and_need_no_confirmation() {
        let mut stream = Stream::at(Some(0));
        let reason = EmptyReason::Trimmed;
        stream.offer(1, Item::Own(None));
        stream.offer(2, Item::Empty { to: 4, reason });
        stream.offer(5, message(5, b"e"));
        stream.offer(6, Item::Own(None));
        assert_eq!(taken(&mut stream), [1, 2, 5, 6]);
        assert_eq!(stream.ackable(), Some(4));
        assert_eq!(stream.confirm(9), 1);
        assert_eq!(stream.ackable(), Some(6));
    }

    #[test]
    fn an_empty_range_that_begins_before_the_position_is_passed_from_the_position() {
        let mut stream = Stream::at(Some(3));
        let reason = EmptyReason::Trimmed;
        stream.offer(1, Item::Empty { to: 7, reason });
        assert_eq!(stream.take(), Some((4, Item::Empty { to: 7, reason })));
        assert_eq!(stream.passed(), Some(7));
    }

    #[test]
    fn an_unknown_position_takes_only_the_first_message() {
        let mut stream = Stream::default();
        assert!(!stream.offer(9, message(9, b"i")));
        assert_eq!(stream.head, 9);
        assert!(stream.offer(1, message(1, b"a")));
        assert_eq!(taken(&mut stream), [1]);
        assert!(stream.has_gap());
    }

    #[test]
    fn a_jump_drops_what_lies_before() {
        let mut stream = Stream::at(None);
        stream.jump(4);
        stream.offer(6, message(6, b"f"));
        stream.offer(7, message(7, b"g"));
        stream.jump(6);
        assert_eq!(stream.waiting_bytes(), 1);
        assert_eq!(taken(&mut stream), [7]);
    }

    #[test]
    fn past_its_bound_the_buffer_drops_the_highest() {
        let mut stream = Stream::at(Some(0));
        let bound = GAP_MESSAGES_MAX as Seq;
        for seq in 2..=bound + 1 {
            assert!(stream.offer(seq, message(seq, b"x")));
        }
        assert!(!stream.offer(bound + 2, message(bound + 2, b"x")));
        assert!(stream.offer(1, message(1, b"x")));
        assert_eq!(taken(&mut stream), (1..=bound).collect::<Vec<_>>());
        assert!(stream.has_gap());
    }

    proptest! {
        #[test]
        fn any_order_of_arrival_comes_out_dense(order in prop::collection::vec(1u64..40, 0..300)) {
            let mut stream = Stream::at(Some(0));
            let mut out = Vec::new();
            for seq in order {
                stream.offer(seq, message(seq, b"m"));
                out.extend(taken(&mut stream));
            }
            let dense: Vec<Seq> = (1..=out.len() as Seq).collect();
            prop_assert_eq!(out, dense);
        }
    }
}
