//! Clients in pairs, each pair with a chat of its own: who they are, what they say next, and how far their chats are.
//!
//! Invariant: what `send` and `ack` build is what a client would, if the messages are stored in the order in which they
//! were built.

use ringpost_storage_core::Command;
use ringpost_wire::limits::UNANSWERED_MAX;
use ringpost_wire::{
    Ack, ChatId, ContentClass, DeviceAddress, NewMessage, Seq, UserId, encode_send,
};

/// Wall clock of everything that happens, in milliseconds since 1970: tokens are valid then.
pub(crate) const CLOCK_MS: u64 = 1_700_000_000_000;

/// A payload, repeated and cut to size.
const TEXT: &[u8] =
    b"what a ciphertext would be in earnest, since the server looks at none of its bytes ";

/// One client: a user with one device.
struct Client {
    device: DeviceAddress,
    chat: ChatId,
    client_seq: u64,
    unanswered: u8,
}

/// The clients; the partner of `n` is `n ^ 1`.
pub(crate) struct Pairs {
    clients: Vec<Client>,
    /// The last number of each pair's chat.
    heads: Vec<Seq>,
    payload: Vec<u8>,
}

/// The `sub` of a client's token.
pub(crate) fn subject(client: usize) -> String {
    format!("client {client}")
}

fn user(client: usize) -> UserId {
    UserId::from_subject(&subject(client))
}

impl Pairs {
    /// `count` clients, an even number, who have said nothing.
    pub(crate) fn new(count: usize) -> Self {
        assert!(count.is_multiple_of(2), "clients come in pairs");
        let client = |number| Client {
            device: DeviceAddress {
                user: user(number),
                device: 1,
            },
            chat: ChatId::one_to_one(user(number), user(number ^ 1)),
            client_seq: 0,
            unanswered: 0,
        };
        Self {
            clients: (0..count).map(client).collect(),
            heads: vec![0; count / 2],
            payload: Vec::new(),
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.clients.len()
    }

    pub(crate) fn device(&self, client: usize) -> DeviceAddress {
        self.clients[client].device
    }

    pub(crate) fn chat(&self, client: usize) -> ChatId {
        self.clients[client].chat
    }

    /// The last number of a client's chat.
    pub(crate) fn head(&self, client: usize) -> Seq {
        self.heads[client / 2]
    }

    /// Appends the next `Send` of a client.
    pub(crate) fn send(&mut self, client: usize, payload_bytes: usize, out: &mut Vec<u8>) {
        self.payload.clear();
        let payload = TEXT.iter().cycle().take(payload_bytes);
        self.payload.extend(payload);
        self.heads[client / 2] += 1;
        let sender = &mut self.clients[client];
        sender.client_seq += 1;
        let message = NewMessage {
            chat: sender.chat,
            client_seq: sender.client_seq,
            message_id: sender.client_seq << 16 | client as u64,
            device_epoch: 0,
            content_class: ContentClass::Visible,
            unanswered: sender.unanswered,
            payload: &self.payload,
            slices: &[],
        };
        sender.unanswered += 1;
        assert!(
            usize::from(sender.unanswered) <= UNANSWERED_MAX,
            "a client has that many sends unanswered at most"
        );
        encode_send(&message, out).expect("the message keeps every limit");
    }

    /// All that was sent is answered.
    pub(crate) fn answered(&mut self) {
        for client in &mut self.clients {
            client.unanswered = 0;
        }
    }

    /// Appends the `Ack` of a client that has its whole chat.
    pub(crate) fn ack(&self, client: usize, out: &mut Vec<u8>) {
        let (chat, seq) = (self.chat(client), self.head(client));
        Ack { chat, seq }.encode(out);
    }

    /// The next send of a client as a command.
    pub(crate) fn append(&mut self, client: usize, payload_bytes: usize) -> Command {
        let mut frame = Vec::new();
        self.send(client, payload_bytes, &mut frame);
        Command::Append {
            sender: self.device(client),
            frame: frame.into(),
            now_ms: CLOCK_MS,
        }
    }

    /// The acknowledgements of all as commands.
    pub(crate) fn acknowledgements(&self) -> Vec<Command> {
        let acknowledge = |client| Command::Acknowledge {
            device: self.device(client),
            chat: self.chat(client),
            seq: self.head(client),
        };
        (0..self.count()).map(acknowledge).collect()
    }

    /// Commands that register everyone and open every chat.
    pub(crate) fn beginning(&self) -> Vec<Command> {
        let register = |client| Command::RegisterDevice {
            issued_ms: u64::MAX,
            device: self.device(client),
            create: true,
            link_after: None,
            now_ms: CLOCK_MS,
        };
        let open = |client: usize| Command::OpenChat {
            opener: self.device(client).user,
            other: self.device(client ^ 1).user,
            now_ms: CLOCK_MS,
        };
        let everyone = 0..self.count();
        let openers = everyone.clone().step_by(2);
        everyone.map(register).chain(openers.map(open)).collect()
    }
}
