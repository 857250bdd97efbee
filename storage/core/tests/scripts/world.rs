//! A store of one map and a few people: runs commands at once and proves of every batch that its writes keep the rules.

use std::collections::BTreeMap;

use bytes::Bytes;
use ringpost_storage_core::outcome::{AppendRefused, Appended, PageRead, Registered, Unlinking};
use ringpost_storage_core::store::{Key, KeyRange, NotFetched, Read, Row, Rows, Snapshot, Write};
use ringpost_storage_core::{Command, Executed, Outcome, Retention, Rules, execute, key, prefetch};
use ringpost_wire::{
    ChatId, ContentClass, DeviceAddress, ErrorCode, MessageView, NewMessage, PendingChat, Seq,
    Slice, UserId, encode_send,
};

pub const NOW_MS: u64 = 1_700_000_000_000;

/// All rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map(pub BTreeMap<Key, Bytes>);

impl Snapshot for Map {
    fn get(&self, key: &Key) -> Result<Option<Bytes>, NotFetched> {
        Ok(self.0.get(key).cloned())
    }

    fn range(&self, range: &KeyRange, rows_max: u32, bytes_max: u32) -> Result<Rows, NotFetched> {
        let mut rows = Rows::default();
        let mut bytes = 0;
        for (key, value) in self.0.range(range.begin..range.end) {
            bytes += value.len();
            let is_full = rows.rows.len() >= rows_max as usize || bytes > bytes_max as usize;
            if is_full && !rows.rows.is_empty() {
                rows.more = true;
                break;
            }
            let value = value.clone();
            rows.rows.push(Row { key: *key, value });
        }
        Ok(rows)
    }
}

impl Map {
    /// Applies the writes of a batch, each of which must be what it says.
    pub fn apply(&mut self, executed: &Executed) {
        let mut bytes = 0;
        let mut last = None;
        for write in &executed.writes {
            match write {
                Write::Insert(row) => {
                    assert!(
                        !self.0.contains_key(&row.key),
                        "inserted over {:?}",
                        row.key
                    );
                    bytes += row.key.as_slice().len() + row.value.len();
                    self.0.insert(row.key, row.value.clone());
                }
                Write::Set(row) => {
                    bytes += row.key.as_slice().len() + row.value.len();
                    self.0.insert(row.key, row.value.clone());
                }
                Write::Clear(key) => {
                    bytes += key.as_slice().len();
                    self.0.remove(key);
                }
                Write::ClearRange(range) => {
                    assert_eq!(last, None, "ranges are cleared first");
                    bytes += range.begin.as_slice().len() + range.end.as_slice().len();
                    self.0.retain(|key, _| !range.contains(key));
                }
            }
            if let Write::Insert(Row { key, .. })
            | Write::Set(Row { key, .. })
            | Write::Clear(key) = write
            {
                assert!(last < Some(*key), "one write a key, ascending");
                last = Some(*key);
            }
        }
        assert_eq!(bytes, executed.write_bytes);
    }

    /// Rows of a family.
    pub fn count(&self, family: key::Family) -> usize {
        let is_of = |key: &&Key| key::Family::of(key) == Some(family);
        self.0.keys().filter(is_of).count()
    }
}

/// A snapshot that holds what was fetched, and remembers nothing else.
#[derive(Debug, Default)]
pub struct Fetched<'m> {
    pub all: Option<&'m Map>,
    pub reads: std::collections::BTreeSet<Read>,
}

impl Snapshot for Fetched<'_> {
    fn get(&self, key: &Key) -> Result<Option<Bytes>, NotFetched> {
        if !self.reads.contains(&Read::Get(*key)) {
            return Err(NotFetched);
        }
        self.all.ok_or(NotFetched)?.get(key)
    }

    fn range(&self, range: &KeyRange, rows_max: u32, bytes_max: u32) -> Result<Rows, NotFetched> {
        let read = Read::Range {
            range: *range,
            rows_max,
            bytes_max,
        };
        if !self.reads.contains(&read) {
            return Err(NotFetched);
        }
        self.all
            .ok_or(NotFetched)?
            .range(range, rows_max, bytes_max)
    }
}

/// A store, its rules, and the time.
#[derive(Clone, Debug)]
pub struct World {
    pub map: Map,
    pub rules: Rules,
    pub now_ms: u64,
}

pub fn user(name: &str) -> UserId {
    UserId::from_subject(name)
}

pub fn device(name: &str, device: u32) -> DeviceAddress {
    DeviceAddress {
        user: user(name),
        device,
    }
}

/// The frame of a send.
pub fn frame(message: &NewMessage<'_>) -> Bytes {
    let mut out = Vec::new();
    encode_send(message, &mut out).expect("the message keeps the limits");
    out.into()
}

/// A plain message: its id tells its payload.
pub fn message(chat: ChatId, client_seq: u64, id: u64, unanswered: u8) -> Bytes {
    let payload = format!("message {id}");
    frame(&NewMessage {
        chat,
        client_seq,
        message_id: id,
        device_epoch: 0,
        content_class: ContentClass::Visible,
        unanswered,
        payload: payload.as_bytes(),
        slices: &[],
    })
}

impl World {
    pub fn new(retention: Retention) -> Self {
        Self {
            map: Map::default(),
            rules: Rules { retention },
            now_ms: NOW_MS,
        }
    }

    /// Ann and Bob with one device each and a chat.
    pub fn of_two(retention: Retention) -> (Self, ChatId) {
        let mut world = Self::new(retention);
        world.register(device("ann", 1));
        world.register(device("bob", 1));
        let chat = world.open("ann", "bob");
        (world, chat)
    }

    /// Runs `commands` as one batch after another until all have an outcome.
    pub fn run(&mut self, commands: &[Command]) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        while outcomes.len() < commands.len() {
            let executed = execute(&commands[outcomes.len()..], &self.map, &self.rules)
                .expect("the map holds everything");
            assert!(!executed.outcomes.is_empty());
            self.map.apply(&executed);
            outcomes.extend(executed.outcomes);
        }
        outcomes
    }

    pub fn one(&mut self, command: Command) -> Outcome {
        self.run(&[command]).remove(0)
    }

    /// Runs `command` on a store that fetches only what it is asked for; answers the rounds that it took.
    pub fn rounds(&mut self, command: Command) -> u32 {
        let commands = [command];
        let mut snapshot = Fetched {
            all: Some(&self.map),
            reads: prefetch(&commands).into_iter().collect(),
        };
        let mut rounds = 1;
        let executed = loop {
            match execute(&commands, &snapshot, &self.rules) {
                Ok(executed) => break executed,
                Err(ringpost_storage_core::Unexecuted::NotFetched(reads)) => {
                    assert!(!reads.is_empty() && rounds < 10);
                    snapshot.reads.extend(reads);
                    rounds += 1;
                }
                Err(damaged) => panic!("{damaged:?}"),
            }
        };
        let whole = execute(&commands, &self.map, &self.rules).expect("the map holds everything");
        assert_eq!(executed, whole);
        self.map.apply(&whole);
        rounds
    }

    pub fn try_register(&mut self, device: DeviceAddress, link_after: Option<ChatId>) -> Outcome {
        self.one(Command::RegisterDevice {
            issued_ms: u64::MAX,
            device,
            create: true,
            link_after,
            now_ms: self.now_ms,
        })
    }

    /// Registers a device and links it to all chats of its user.
    pub fn register(&mut self, device: DeviceAddress) {
        let mut after = None;
        loop {
            let Registered {
                linked,
                unlinked,
                next,
                ..
            } = match self.try_register(device, after) {
                Outcome::Registered(registered) => registered,
                other => panic!("{other:?}"),
            };
            if linked {
                return;
            }
            for chat in unlinked {
                let link = Command::LinkDevice { chat, device };
                assert_eq!(self.one(link), Outcome::Linked);
            }
            after = next;
            if next.is_none() {
                let finish = Command::FinishLinking { device };
                assert_eq!(self.one(finish), Outcome::Linked);
            }
        }
    }

    /// Unlinks a device that was not seen since `day`, takes it out of all chats, and answers how many there were.
    pub fn unlink(&mut self, device: DeviceAddress, day: u32) -> usize {
        let (mut after, mut count) = (None, 0);
        loop {
            let unlink = Command::UnlinkDevice {
                device,
                seen_before_day: day,
                remove_after: after,
            };
            let Outcome::Unlinking(Unlinking::Due { chats, next }) = self.one(unlink) else {
                panic!("the device was seen");
            };
            count += chats.len();
            for chat in chats {
                let remove = Command::RemoveDevice { chat, device };
                assert_eq!(self.one(remove), Outcome::DeviceRemoved);
            }
            after = next;
            if next.is_none() {
                let finish = Command::FinishUnlinking { device };
                assert_eq!(self.one(finish), Outcome::DeviceRemoved);
                return count;
            }
        }
    }

    pub fn open(&mut self, opener: &str, other: &str) -> ChatId {
        let command = Command::OpenChat {
            opener: user(opener),
            other: user(other),
            now_ms: self.now_ms,
        };
        match self.one(command) {
            Outcome::ChatOpened(opened) => opened.chat,
            other => panic!("{other:?}"),
        }
    }

    pub fn append(&mut self, sender: DeviceAddress, frame: Bytes) -> Outcome {
        self.one(Command::Append {
            sender,
            frame,
            now_ms: self.now_ms,
        })
    }

    /// Sends and expects that it is stored or was before.
    pub fn stored(&mut self, sender: DeviceAddress, frame: Bytes) -> Appended {
        match self.append(sender, frame) {
            Outcome::Appended(appended) => appended,
            other => panic!("{other:?}"),
        }
    }

    /// Sends and expects a refusal.
    pub fn refused(&mut self, sender: DeviceAddress, frame: Bytes) -> AppendRefused {
        match self.append(sender, frame) {
            Outcome::AppendRefused(refused) => refused,
            other => panic!("{other:?}"),
        }
    }

    pub fn acknowledge(&mut self, device: DeviceAddress, chat: ChatId, seq: Seq) -> Outcome {
        self.one(Command::Acknowledge { device, chat, seq })
    }

    pub fn mark_read(&mut self, device: DeviceAddress, chat: ChatId, read_to: Seq) -> Outcome {
        self.one(Command::MarkRead {
            device,
            chat,
            read_to,
        })
    }

    pub fn try_page(
        &mut self,
        device: DeviceAddress,
        chat: ChatId,
        from: Seq,
        max: u16,
    ) -> Outcome {
        self.one(Command::ReadPage {
            device,
            chat,
            from,
            messages_max: max,
            bytes_max: 100_000,
        })
    }

    pub fn page(&mut self, device: DeviceAddress, chat: ChatId, from: Seq, max: u16) -> PageRead {
        match self.try_page(device, chat, from, max) {
            Outcome::Page(page) => page,
            other => panic!("{other:?}"),
        }
    }

    /// All pending chats of a device, in the order of their ids.
    pub fn pending(&mut self, device: DeviceAddress, chats_max: u16) -> Vec<PendingChat> {
        self.list(device, chats_max, false)
    }

    /// All chats that deliver to a device, in the order of their ids.
    pub fn all_chats(&mut self, device: DeviceAddress, chats_max: u16) -> Vec<PendingChat> {
        self.list(device, chats_max, true)
    }

    fn list(&mut self, device: DeviceAddress, chats_max: u16, all: bool) -> Vec<PendingChat> {
        let mut chats = Vec::new();
        let mut after = None;
        loop {
            let command = Command::ListPending {
                device,
                after,
                chats_max,
                all,
            };
            let Outcome::Pending(page) = self.one(command) else {
                panic!("a list was asked for");
            };
            assert!(page.chats.len() <= usize::from(chats_max));
            let newest_first = |pair: &[PendingChat]| pair[0].last_time_ms >= pair[1].last_time_ms;
            assert!(page.chats.windows(2).all(newest_first));
            chats.extend(page.chats);
            after = page.next;
            if after.is_none() {
                chats.sort_by_key(|entry| entry.chat);
                return chats;
            }
        }
    }
}

/// The numbers of a page's messages.
pub fn numbers(page: &PageRead) -> Vec<Seq> {
    let view = |frame| MessageView::of_deliver(frame).expect("the store keeps whole frames");
    page.messages
        .iter()
        .map(|frame| view(frame).seq())
        .collect()
}

pub fn failed(code: ErrorCode) -> Outcome {
    Outcome::Failed(code)
}

/// A message with one part a device.
pub fn sliced(chat: ChatId, client_seq: u64, id: u64, slices: &[Slice<'_>]) -> Bytes {
    frame(&NewMessage {
        chat,
        client_seq,
        message_id: id,
        device_epoch: 0,
        content_class: ContentClass::Visible,
        unanswered: 0,
        payload: b"",
        slices,
    })
}
