//! The client's durable state: rebuilt by applying records in order, written out again as a short list of records.
//!
//! Invariants: the numbers in a chat's outbox ascend and are below the next number; every change goes through `apply`,
//! so a replayed journal and the running machine cannot differ.

use std::collections::{BTreeMap, VecDeque};

use ringpost_wire::{ChatId, DeviceAddress, MessageId, Seq};

use crate::record::{ChatSummary, OutboxEntry, Record};

/// All that a client must remember over a restart.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct State {
    owner: Option<DeviceAddress>,
    chats: BTreeMap<ChatId, ChatState>,
    outbox_messages: usize,
    outbox_bytes: usize,
}

/// What is remembered of one chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatState {
    summary: ChatSummary,
    outbox: VecDeque<OutboxEntry>,
}

/// A record that does not fit the state before it: records are missing or out of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfPlace;

impl core::fmt::Display for OutOfPlace {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("a record does not fit the records before it")
    }
}

impl core::error::Error for OutOfPlace {}

impl Default for ChatState {
    fn default() -> Self {
        let summary = ChatSummary {
            next_client_seq: 1,
            ..ChatSummary::default()
        };
        Self {
            summary,
            outbox: VecDeque::new(),
        }
    }
}

impl State {
    /// The device that the state belongs to; `None` before its first session.
    pub fn owner(&self) -> Option<DeviceAddress> {
        self.owner
    }

    /// The chats of which something is remembered, ascending.
    pub fn chats(&self) -> impl Iterator<Item = (ChatId, &ChatState)> {
        self.chats.iter().map(|(chat, state)| (*chat, state))
    }

    /// What is remembered of a chat.
    pub fn chat(&self, chat: ChatId) -> Option<&ChatState> {
        self.chats.get(&chat)
    }

    /// Messages in the outbox, over all chats.
    pub fn outbox_messages(&self) -> usize {
        self.outbox_messages
    }

    /// Bytes of payload in the outbox, over all chats.
    pub fn outbox_bytes(&self) -> usize {
        self.outbox_bytes
    }

    /// The outbox of a chat, in order.
    pub fn outbox(&self, chat: ChatId) -> impl ExactSizeIterator<Item = &OutboxEntry> {
        static EMPTY: VecDeque<OutboxEntry> = VecDeque::new();
        self.chats
            .get(&chat)
            .map_or(&EMPTY, |state| &state.outbox)
            .iter()
    }

    /// Applies the next record.
    ///
    /// # Errors
    /// The record does not fit; the state is unchanged then.
    pub fn apply(&mut self, record: &Record) -> Result<(), OutOfPlace> {
        match record {
            Record::Owner(device) => self.set_owner(*device),
            Record::Accepted { chat, entry } => self.accept(*chat, entry),
            Record::Settled {
                chat,
                client_seq,
                seq,
            } => self.settle(*chat, *client_seq, *seq),
            Record::Withdrawn { chat, client_seq } => self.withdraw(*chat, *client_seq),
            Record::Renumbered {
                chat,
                first,
                careful_to,
            } => self.renumber(*chat, *first, *careful_to),
            Record::Confirmed { chat, seq } => {
                let state = self.chats.entry(*chat).or_default();
                state.summary.cursor = state.summary.cursor.max(Some(*seq));
                Ok(())
            }
            Record::Chat { chat, summary } => self.summarise(*chat, summary),
        }
    }

    /// The records that rebuild this state.
    pub fn snapshot(&self) -> impl Iterator<Item = Record> {
        let owner = self.owner.map(Record::Owner);
        let chats = self.chats.iter();
        owner
            .into_iter()
            .chain(chats.flat_map(|(chat, state)| state.snapshot(*chat)))
    }

    fn set_owner(&mut self, device: DeviceAddress) -> Result<(), OutOfPlace> {
        if self.owner.is_some_and(|owner| owner != device) {
            return Err(OutOfPlace);
        }
        self.owner = Some(device);
        Ok(())
    }

    fn accept(&mut self, chat: ChatId, entry: &OutboxEntry) -> Result<(), OutOfPlace> {
        let next = self.chat(chat).map_or(1, ChatState::next_client_seq);
        if entry.client_seq != next || entry.client_seq == u64::MAX {
            return Err(OutOfPlace);
        }
        let state = self.chats.entry(chat).or_default();
        state.summary.next_client_seq = entry.client_seq + 1;
        state.summary.highest_client_seq = state.summary.highest_client_seq.max(entry.client_seq);
        state.summary.last_accepted = entry.message_id;
        self.outbox_messages += 1;
        self.outbox_bytes += entry.payload.len();
        state.outbox.push_back(entry.clone());
        Ok(())
    }

    fn settle(&mut self, chat: ChatId, client_seq: u64, seq: Seq) -> Result<(), OutOfPlace> {
        let state = self.chats.get_mut(&chat).ok_or(OutOfPlace)?;
        let index = state.position(client_seq).ok_or(OutOfPlace)?;
        let entry = state.outbox.remove(index).ok_or(OutOfPlace)?;
        self.outbox_messages -= 1;
        self.outbox_bytes -= entry.payload.len();
        if client_seq >= state.summary.careful_to {
            state.summary.careful_to = 0;
        }
        // The own message needs no confirmation: the cursor passes it when nothing before it waits for one.
        let is_next = seq > 0 && state.summary.cursor.unwrap_or(0) == seq - 1;
        if is_next {
            state.summary.cursor = Some(seq);
        }
        Ok(())
    }

    fn withdraw(&mut self, chat: ChatId, client_seq: u64) -> Result<(), OutOfPlace> {
        let state = self.chats.get_mut(&chat).ok_or(OutOfPlace)?;
        let index = state.position(client_seq).ok_or(OutOfPlace)?;
        let entry = state.outbox.remove(index).ok_or(OutOfPlace)?;
        self.outbox_messages -= 1;
        self.outbox_bytes -= entry.payload.len();
        for later in state.outbox.range_mut(index..) {
            later.client_seq -= 1;
        }
        state.summary.next_client_seq -= 1;
        Ok(())
    }

    fn renumber(&mut self, chat: ChatId, first: u64, careful_to: u64) -> Result<(), OutOfPlace> {
        let state = self.chats.get_mut(&chat).ok_or(OutOfPlace)?;
        let count = state.outbox.len() as u64;
        let next = first.checked_add(count).ok_or(OutOfPlace)?;
        if first == 0 || careful_to < next - 1 {
            return Err(OutOfPlace);
        }
        for (entry, number) in state.outbox.iter_mut().zip(first..) {
            entry.client_seq = number;
        }
        state.summary.next_client_seq = next;
        state.summary.highest_client_seq = state.summary.highest_client_seq.max(next - 1);
        state.summary.careful_to = careful_to;
        Ok(())
    }

    fn summarise(&mut self, chat: ChatId, summary: &ChatSummary) -> Result<(), OutOfPlace> {
        let last = self.chat(chat).and_then(|state| state.outbox.back());
        let last = last.map_or(0, |entry| entry.client_seq);
        if last >= summary.next_client_seq {
            return Err(OutOfPlace);
        }
        self.chats.entry(chat).or_default().summary = *summary;
        Ok(())
    }
}

impl ChatState {
    /// All of it but the outbox.
    pub fn summary(&self) -> ChatSummary {
        self.summary
    }

    /// Number of the next message.
    pub fn next_client_seq(&self) -> u64 {
        self.summary.next_client_seq
    }

    /// Highest number ever given to a message; 0 for none.
    pub fn highest_client_seq(&self) -> u64 {
        self.summary.highest_client_seq
    }

    /// Whether messages are sent one at a time, since numbers were given again.
    pub fn is_careful(&self) -> bool {
        self.summary.careful_to > 0
    }

    /// Id of the message accepted last; 0 for none. An application that sends one message after the other sees from it,
    /// after a restart, where it was.
    pub fn last_accepted(&self) -> MessageId {
        self.summary.last_accepted
    }

    /// The application has kept everything up to here; `None` while the client does not know where it stands.
    pub fn cursor(&self) -> Option<Seq> {
        self.summary.cursor
    }

    /// The messages in the outbox, in order.
    pub fn outbox(&self) -> &VecDeque<OutboxEntry> {
        &self.outbox
    }

    /// A `Chat` record goes before each jump in the numbers and at the end.
    fn snapshot(&self, chat: ChatId) -> Vec<Record> {
        let mut records = Vec::with_capacity(self.outbox.len() + 2);
        let mut summary = self.summary;
        summary.next_client_seq = 1;
        for entry in &self.outbox {
            if entry.client_seq != summary.next_client_seq {
                summary.next_client_seq = entry.client_seq;
                records.push(Record::Chat { chat, summary });
            }
            let entry = entry.clone();
            summary.next_client_seq = entry.client_seq + 1;
            records.push(Record::Accepted { chat, entry });
        }
        let summary = self.summary;
        records.push(Record::Chat { chat, summary });
        records
    }

    /// Where in the outbox the message with this number is.
    pub fn position(&self, client_seq: u64) -> Option<usize> {
        self.outbox
            .binary_search_by_key(&client_seq, |entry| entry.client_seq)
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;
    use ringpost_wire::{ContentClass, UserId};

    const CHAT: ChatId = ChatId([1; 16]);

    fn entry(client_seq: u64) -> OutboxEntry {
        OutboxEntry {
            client_seq,
            message_id: 100 + client_seq,
            floor: 0,
            device_epoch: 0,
            content_class: ContentClass::Visible,
            payload: Bytes::from_static(b"abc"),
        }
    }

    fn accepted(client_seq: u64) -> Record {
        Record::Accepted {
            chat: CHAT,
            entry: entry(client_seq),
        }
    }

    fn settled(client_seq: u64, seq: Seq) -> Record {
        Record::Settled {
            chat: CHAT,
            client_seq,
            seq,
        }
    }

    fn numbers(state: &State) -> Vec<u64> {
        state.outbox(CHAT).map(|entry| entry.client_seq).collect()
    }

    fn rebuilt(state: &State) -> State {
        let mut copy = State::default();
        for record in state.snapshot() {
            copy.apply(&record).expect("a snapshot fits itself");
        }
        copy
    }

    #[test]
    fn numbers_are_dense_and_a_gap_is_out_of_place() {
        let mut state = State::default();
        for client_seq in 1..=3 {
            state.apply(&accepted(client_seq)).unwrap();
        }
        assert_eq!(state.apply(&accepted(5)), Err(OutOfPlace));
        assert_eq!(state.apply(&accepted(3)), Err(OutOfPlace));
        assert_eq!(numbers(&state), [1, 2, 3]);
        assert_eq!(state.outbox_bytes(), 9);
    }

    #[test]
    fn the_cursor_passes_own_messages_only_when_they_are_next() {
        let mut state = State::default();
        for client_seq in 1..=3 {
            state.apply(&accepted(client_seq)).unwrap();
        }
        state.apply(&settled(1, 1)).unwrap();
        assert_eq!(state.chat(CHAT).unwrap().cursor(), Some(1));
        state.apply(&settled(2, 3)).unwrap();
        assert_eq!(state.chat(CHAT).unwrap().cursor(), Some(1));
        state.apply(&settled(3, 0)).unwrap();
        let confirmed = Record::Confirmed { chat: CHAT, seq: 3 };
        state.apply(&confirmed).unwrap();
        assert_eq!(state.chat(CHAT).unwrap().cursor(), Some(3));
        assert_eq!(state.outbox_messages(), 0);
        assert_eq!(state.apply(&settled(3, 4)), Err(OutOfPlace));
    }

    #[test]
    fn renumbering_keeps_order_and_is_careful_up_to_the_highest_number_used() {
        let mut state = State::default();
        for client_seq in 1..=4 {
            state.apply(&accepted(client_seq)).unwrap();
        }
        state.apply(&settled(1, 1)).unwrap();
        let renumbered = Record::Renumbered {
            chat: CHAT,
            first: 9,
            careful_to: 11,
        };
        state.apply(&renumbered).unwrap();
        assert_eq!(numbers(&state), [9, 10, 11]);
        state.apply(&settled(9, 2)).unwrap();
        assert!(state.chat(CHAT).unwrap().is_careful());
        assert_eq!(rebuilt(&state), state);
        state.apply(&settled(10, 3)).unwrap();
        state.apply(&settled(11, 4)).unwrap();
        assert!(!state.chat(CHAT).unwrap().is_careful());
        assert_eq!(state.chat(CHAT).unwrap().next_client_seq(), 12);
    }

    #[test]
    fn what_is_withdrawn_leaves_no_hole() {
        let mut state = State::default();
        for client_seq in 1..=4 {
            state.apply(&accepted(client_seq)).unwrap();
        }
        let withdrawn = |client_seq| Record::Withdrawn {
            chat: CHAT,
            client_seq,
        };
        state.apply(&withdrawn(2)).unwrap();
        assert_eq!(numbers(&state), [1, 2, 3]);
        let ids: Vec<_> = state.outbox(CHAT).map(|entry| entry.message_id).collect();
        assert_eq!(ids, [101, 103, 104]);
        assert_eq!(state.chat(CHAT).unwrap().next_client_seq(), 4);
        assert_eq!(state.outbox_bytes(), 9);
        assert_eq!(state.apply(&withdrawn(4)), Err(OutOfPlace));
        assert_eq!(rebuilt(&state), state);
    }

    #[test]
    fn a_state_has_one_owner() {
        let device = |device| DeviceAddress {
            user: UserId([2; 16]),
            device,
        };
        let mut state = State::default();
        state.apply(&Record::Owner(device(1))).unwrap();
        state.apply(&Record::Owner(device(1))).unwrap();
        assert_eq!(state.apply(&Record::Owner(device(2))), Err(OutOfPlace));
    }

    proptest! {
        #[test]
        fn a_snapshot_rebuilds_the_state(steps in prop::collection::vec((0u8..5, 1u64..30), 0..60)) {
            let mut state = State::default();
            for (step, number) in steps {
                let next = state.chat(CHAT).map_or(1, ChatState::next_client_seq);
                let record = match step {
                    0 => accepted(next),
                    1 => settled(next.saturating_sub(number), number),
                    2 => Record::Confirmed { chat: CHAT, seq: number },
                    3 => Record::Withdrawn { chat: CHAT, client_seq: next.saturating_sub(number) },
                    _ => Record::Renumbered { chat: CHAT, first: number, careful_to: number + 60 },
                };
                let before = state.clone();
                if state.apply(&record).is_err() {
                    prop_assert_eq!(&state, &before);
                }
                prop_assert_eq!(&rebuilt(&state), &state);
            }
        }
    }
}
