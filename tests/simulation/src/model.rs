//! What must be true of messages, whoever looks: one place a message, one message a place, nothing stored that was refused.
//!
//! Built from the answers to senders, from deliveries and from the rows of the store; all must agree.

use std::collections::BTreeMap;

use ringpost_wire::{ChatId, DeviceAddress, MessageId, MessageView, Seq, UserId};
use xxhash_rust::xxh3::xxh3_64;

use crate::linear::Linear;

/// What became of a message, as its sender knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Not known yet.
    Open,
    /// Stored at a place.
    Sent(Seq),
    /// Refused for good, or made so that it must be: never stored.
    Refused,
    /// Never given to the network: never stored.
    NeverSent,
    /// The sender was told that it cannot be found out.
    Undetermined,
    /// The sender forgot it, as it went on from an old copy of its state.
    Forgotten,
}

/// A message as its sender made it.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    /// The chat.
    pub chat: ChatId,
    /// The sender.
    pub sender: DeviceAddress,
    /// Digest of the payload.
    pub digest: u64,
    /// What became of it.
    pub fate: Fate,
    /// Its turn among the messages of a sender whose order must survive; 0 for others.
    pub turn: u64,
}

/// A message at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The message.
    pub message_id: MessageId,
    /// Its sender.
    pub sender: DeviceAddress,
    /// Digest of its payload.
    pub digest: u64,
    /// Its time, in milliseconds since 1970.
    pub time_ms: u64,
}

/// A chat's log.
#[derive(Clone, Debug, Default)]
pub struct ChatLog {
    /// The two members; the same twice for a chat with oneself.
    pub members: Vec<UserId>,
    /// What stands where.
    pub entries: BTreeMap<Seq, Entry>,
    /// Where each message stands.
    pub places: BTreeMap<MessageId, Seq>,
}

/// All messages and all logs.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Messages by id; the ids of a run are distinct.
    pub made: BTreeMap<MessageId, Made>,
    /// Logs by chat.
    pub chats: BTreeMap<ChatId, ChatLog>,
    /// When messages were made, told of and read.
    pub linear: Linear,
    /// Now, in microseconds since the start.
    pub now_us: u64,
}

/// Digest of a payload.
pub fn digest(payload: &[u8]) -> u64 {
    xxh3_64(payload)
}

impl Entry {
    /// The entry that a `Deliver` frame says.
    pub fn of(view: &MessageView<'_>) -> Self {
        Self {
            message_id: view.message_id(),
            sender: view.sender(),
            digest: digest(view.payload()),
            time_ms: view.time_ms(),
        }
    }
}

impl Model {
    /// The chat of two users exists or may come to exist.
    pub fn add_chat(&mut self, one: UserId, other: UserId) -> ChatId {
        let chat = ChatId::one_to_one(one, other);
        let log = self.chats.entry(chat).or_default();
        log.members = if one == other {
            vec![one]
        } else {
            vec![one, other]
        };
        chat
    }

    /// A sender made a message.
    pub fn make(&mut self, message_id: MessageId, made: Made) {
        self.linear.make(message_id, self.now_us);
        self.made.insert(message_id, made);
    }

    /// What is known to have become of a message.
    pub fn fate(&self, message_id: MessageId) -> Option<Fate> {
        self.made.get(&message_id).map(|made| made.fate)
    }

    /// A client is told of a message at a place.
    ///
    /// # Errors
    /// It contradicts what was seen before, in words.
    pub fn observe(&mut self, chat: ChatId, seq: Seq, entry: Entry) -> Result<(), String> {
        self.stored(chat, seq, entry)?;
        self.linear.tell(chat, seq, self.now_us);
        Ok(())
    }

    /// Whether sends and reads of a chat have an order that agrees with real time.
    ///
    /// # Errors
    /// They have none, in words.
    pub fn check_linear(&self, chat: ChatId) -> Result<(), String> {
        let Some(log) = self.chats.get(&chat) else {
            return Ok(());
        };
        let entries = log.entries.iter();
        let entries = entries.map(|(seq, entry)| (*seq, entry.message_id));
        self.linear.check(chat, entries)
    }

    /// A message stands at a place, as a client is told or the store's rows say.
    ///
    /// # Errors
    /// It contradicts what was seen before, in words.
    pub fn stored(&mut self, chat: ChatId, seq: Seq, entry: Entry) -> Result<(), String> {
        let made = self
            .made
            .get(&entry.message_id)
            .ok_or("a message that nobody made")?;
        if (made.chat, made.sender, made.digest) != (chat, entry.sender, entry.digest) {
            return Err(format!("not what the sender made: {made:?}"));
        }
        match made.fate {
            Fate::Refused | Fate::NeverSent => {
                return Err(format!("stored although {:?}", made.fate));
            }
            Fate::Sent(place) if place != seq => {
                return Err(format!("stored at {place} too"));
            }
            _ => {}
        }
        let log = self
            .chats
            .get_mut(&chat)
            .ok_or("a chat that nobody opened")?;
        if let Some(place) = log.places.insert(entry.message_id, seq)
            && place != seq
        {
            return Err(format!("stored twice, at {place} too"));
        }
        if let Some(other) = log.entries.insert(seq, entry)
            && other != entry
        {
            return Err(format!("another message stands there: {other:?}"));
        }
        let before = log.entries.range(..seq).next_back();
        let after = log.entries.range(seq + 1..).next();
        let is_ordered = before.is_none_or(|(_, before)| before.time_ms <= entry.time_ms)
            && after.is_none_or(|(_, after)| entry.time_ms <= after.time_ms);
        if !is_ordered {
            return Err("its chat's time runs back".to_owned());
        }
        Ok(())
    }

    /// The sender is told that a message is stored.
    ///
    /// # Errors
    /// It contradicts what was seen before, in words.
    pub fn sent(&mut self, message_id: MessageId, seq: Seq, time_ms: u64) -> Result<(), String> {
        let made = *self
            .made
            .get(&message_id)
            .ok_or("a message that nobody made")?;
        let entry = Entry {
            message_id,
            sender: made.sender,
            digest: made.digest,
            time_ms,
        };
        self.observe(made.chat, seq, entry)?;
        self.set_fate(message_id, Fate::Sent(seq));
        Ok(())
    }

    /// The sender is told that a message is not stored.
    ///
    /// # Errors
    /// It is, in words.
    pub fn refused(&mut self, message_id: MessageId) -> Result<(), String> {
        let made = *self
            .made
            .get(&message_id)
            .ok_or("a message that nobody made")?;
        let place = self
            .chats
            .get(&made.chat)
            .and_then(|log| log.places.get(&message_id));
        if let Some(place) = place {
            return Err(format!("refused although stored at {place}"));
        }
        self.set_fate(message_id, Fate::Refused);
        Ok(())
    }

    /// The first place of a chat whose message was made before one of the same device that stands before it. What a sender forgot, as it
    /// went on from an old copy, has no turn any more.
    pub fn disordered(&self, chat: ChatId) -> Option<Seq> {
        let mut turns: BTreeMap<DeviceAddress, u64> = BTreeMap::new();
        let entries = self.chats.get(&chat)?.entries.iter();
        let mut disordered = entries.filter(|(_, entry)| {
            let Some(made) = self.made.get(&entry.message_id) else {
                return false;
            };
            if made.turn == 0 || made.fate == Fate::Forgotten {
                return false;
            }
            let before = turns.insert(made.sender, made.turn);
            before > Some(made.turn)
        });
        disordered.next().map(|(seq, _)| *seq)
    }

    /// A sender goes on from an old copy whose outbox holds these messages: what it made after them came before they are sent again.
    pub fn forget_turns_behind(&mut self, chat: ChatId, outbox: &[MessageId]) {
        let of = |id: &MessageId| self.made.get(id).map(|made| (made.sender, made.turn));
        let Some((sender, first)) = outbox.iter().filter_map(of).min_by_key(|(_, turn)| *turn)
        else {
            return;
        };
        for (message_id, made) in &mut self.made {
            let is_later = made.chat == chat && made.sender == sender && made.turn > first;
            // One before it may have been refused then and be stored now.
            let is_stored = matches!(made.fate, Fate::Sent(_));
            if is_later && (is_stored || !outbox.contains(message_id)) {
                made.turn = 0;
            }
        }
    }

    /// What became of a message, known from elsewhere.
    pub fn set_fate(&mut self, message_id: MessageId, fate: Fate) {
        if let Some(made) = self.made.get_mut(&message_id) {
            made.fate = fate;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> (Model, ChatId) {
        let (ann, bob) = (UserId::from_subject("ann"), UserId::from_subject("bob"));
        let mut model = Model::default();
        let chat = model.add_chat(ann, bob);
        for message_id in 1..=3 {
            let sender = DeviceAddress {
                user: ann,
                device: 1,
            };
            let (digest, fate) = (message_id, Fate::Open);
            model.make(
                message_id,
                Made {
                    chat,
                    sender,
                    digest,
                    fate,
                    turn: 0,
                },
            );
        }
        (model, chat)
    }

    #[test]
    fn one_message_a_place_and_one_place_a_message() {
        let (mut model, _) = world();
        assert_eq!(model.sent(1, 1, 10), Ok(()));
        assert_eq!(model.sent(1, 1, 10), Ok(()));
        assert!(model.sent(1, 2, 10).is_err());
        assert!(model.clone().sent(2, 1, 10).is_err());
        assert!(model.clone().sent(2, 2, 9).is_err());
        assert!(model.sent(4, 2, 10).is_err());
    }

    #[test]
    fn what_is_refused_is_never_stored() {
        let (mut model, chat) = world();
        assert_eq!(model.refused(2), Ok(()));
        assert!(model.sent(2, 1, 10).is_err());
        let made = model.made[&3];
        let entry = Entry {
            message_id: 3,
            sender: made.sender,
            digest: 7,
            time_ms: 1,
        };
        assert!(model.clone().observe(chat, 1, entry).is_err());
        assert_eq!(model.observe(chat, 1, Entry { digest: 3, ..entry }), Ok(()));
        assert!(model.refused(3).is_err());
    }
}
