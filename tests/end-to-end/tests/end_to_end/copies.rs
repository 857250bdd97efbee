//! A database and its copy, both in use: they are one device, the later session ends the earlier, and nothing is lost or doubled.

use std::path::Path;

use bytes::Bytes;
use ringpost_client_core::Ended;
use ringpost_client_native::{
    Client, Database, DatabaseKey, DatabaseOptions, Event, Events, Memory, Options, Outgoing,
};
use ringpost_end_to_end::{NodeProcess, Place, Tokens};
use ringpost_wire::{ChatId, ContentClass, ErrorCode, Seq, UserId};

/// A client with what it was told.
struct Person {
    client: Client,
    events: Events,
    chat: ChatId,
    /// Ids of messages that arrived, in order.
    received: Vec<u64>,
    /// Ids of own messages from the log.
    own: Vec<u64>,
}

impl Person {
    async fn begin(server: &str, token: String, to: &str, database: Option<&Database>) -> Self {
        let storage = match database {
            Some(database) => database.storage().await.unwrap(),
            None => Box::new(Memory::default()),
        };
        let source = Box::new(move |_| Some(token.clone()));
        let (client, events) = Client::connect(Options::new(server, source, storage))
            .await
            .unwrap();
        let mut person = Self {
            client,
            events,
            chat: ChatId::default(),
            received: Vec::new(),
            own: Vec::new(),
        };
        person.until(|event| *event == Event::CaughtUp).await;
        if !to.is_empty() {
            let opened = person.client.open_chat(UserId::from_subject(to)).await;
            person.chat = opened.unwrap().chat;
        }
        person
    }

    async fn until(&mut self, is_it: impl Fn(&Event) -> bool) {
        loop {
            let event = self.events.next().await.unwrap();
            match &event {
                Event::Delivered(message) => {
                    self.received.push(message.message_id);
                    self.client.confirm(message.chat, message.seq).await;
                    self.chat = message.chat;
                }
                Event::Own(message) => self.own.push(message.message_id),
                Event::Undetermined { .. } | Event::Refused { .. } => panic!("{event:?}"),
                _ => {}
            }
            if is_it(&event) {
                return;
            }
        }
    }

    /// Sends messages with these ids and waits until the last is stored.
    async fn send(&mut self, ids: std::ops::RangeInclusive<u64>) {
        let last = *ids.end();
        for message_id in ids {
            let message = Outgoing {
                chat: self.chat,
                message_id,
                payload: Bytes::copy_from_slice(&message_id.to_le_bytes()),
                content_class: ContentClass::Visible,
                device_epoch: 0,
            };
            self.client.send_message(message).await.unwrap();
        }
        self.until(|event| matches!(event, Event::Sent { message_id, .. } if *message_id == last))
            .await;
    }

    async fn receive(&mut self, id: u64) {
        if !self.received.contains(&id) {
            self.until(|event| matches!(event, Event::Delivered(it) if it.message_id == id))
                .await;
        }
    }
}

fn open(folder: &Path) -> Database {
    let key = DatabaseKey::from([7; 32]);
    Database::open(&folder.join("chat.db"), key, DatabaseOptions::default()).unwrap()
}

fn copy(source: &Path, target: &Path) {
    std::fs::create_dir_all(target).unwrap();
    for entry in std::fs::read_dir(source).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), target.join(entry.file_name())).unwrap();
    }
}

/// The places and ids of a chat's history, first message first.
async fn history(database: &Database, chat: ChatId) -> Vec<(Option<Seq>, u64)> {
    let page = database.page(chat, None, 200).await.unwrap();
    let messages = page.messages.iter().rev();
    messages
        .map(|message| (message.seq, message.message_id))
        .collect()
}

#[test]
fn two_copies_of_a_database_are_one_device_and_lose_nothing() {
    let place = Place::new().unwrap();
    let mut options = place.options(1);
    options
        .flags
        .extend(["--retention-days", "30"].map(str::to_owned));
    let mut node = NodeProcess::start(&options).unwrap();
    let tokens = Tokens::of(&place.data()).unwrap();
    let server = place.native().to_string();
    let (one, two) = (place.clients().join("one"), place.clients().join("two"));
    std::fs::create_dir_all(&one).unwrap();
    let ann = || tokens.make("ann", 1);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut bob = Person::begin(&server, tokens.make("bob", 1), "", None).await;
        let first = open(&one);
        let mut original = Person::begin(&server, ann(), "bob", Some(&first)).await;
        original.send(1..=5).await;
        original.client.close().await;
        drop((original, first));
        copy(&one, &two);

        let first = open(&one);
        let mut original = Person::begin(&server, ann(), "bob", Some(&first)).await;
        original.send(6..=10).await;
        let second = open(&two);
        let mut copied = Person::begin(&server, ann(), "bob", Some(&second)).await;
        let is_over = Event::Ended(Ended::ByServer(ErrorCode::TakenOver));
        original.until(|event| *event == is_over).await;
        copied.send(11..=40).await;
        bob.receive(40).await;
        bob.send(101..=102).await;
        copied.receive(102).await;
        assert_eq!(copied.own, [6, 7, 8, 9, 10]);
        copied.client.close().await;

        // Its client gives the storage back before the events end.
        while original.events.next().await.is_some() {}
        drop((original, first));
        let first = open(&one);
        let mut original = Person::begin(&server, ann(), "bob", Some(&first)).await;
        original.send(41..=50).await;
        original.receive(102).await;
        bob.receive(50).await;
        assert_eq!(bob.received, (1..=50).collect::<Vec<_>>());
        assert_eq!(original.own, (11..=40).collect::<Vec<_>>());
        let ids = (1..=40).chain(101..=102).chain(41..=50);
        let expected: Vec<_> = (1..).map(Some).zip(ids).collect();
        assert_eq!(history(&first, bob.chat).await, expected);
    });
    node.stop().unwrap();
}
