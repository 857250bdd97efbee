//! Clients driven by hand: what they say in frames, and what they are told, taken off their connection.

use ringpost_wire::*;

use crate::rig::Rig;
use crate::tokens::token;

/// The answer to a send: its number, and the seq or the code and `expected`.
pub type Answer = (u64, Result<Seq, (ErrorCode, u64)>);

/// A session far longer than any test.
pub const EXPIRES_S: u64 = 1_000_000;

pub fn user(name: &str) -> UserId {
    UserId::from_subject(name)
}

pub fn chat(one: &str, other: &str) -> ChatId {
    ChatId::one_to_one(user(one), user(other))
}

pub fn address(name: &str, device: u32) -> DeviceAddress {
    DeviceAddress {
        user: user(name),
        device,
    }
}

pub fn hello(token: &str) -> Vec<u8> {
    let mut out = Vec::new();
    Hello {
        version_min: 1,
        version_max: 1,
        token,
        client: "test",
        heartbeat_ms: 0,
    }
    .encode(&mut out);
    out
}

pub fn send_frame(chat: ChatId, client_seq: u64, payload: &[u8]) -> Vec<u8> {
    send_frame_behind(chat, client_seq, 0, payload)
}

/// A send of which `unanswered` forerunners have no answer.
pub fn send_frame_behind(chat: ChatId, client_seq: u64, unanswered: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let message = NewMessage {
        chat,
        client_seq,
        message_id: 1_000 + client_seq,
        device_epoch: 0,
        content_class: ContentClass::Visible,
        unanswered,
        payload,
        slices: &[],
    };
    encode_send(&message, &mut out).expect("within the limits");
    out
}

impl Rig {
    /// Connects a device to a core and waits until it is live.
    pub fn live(&mut self, core: usize, name: &str, device: u32) -> usize {
        let connection = self.connect(core);
        self.say(connection, &hello(&token(name, device, EXPIRES_S)));
        assert_eq!(
            self.kinds(connection),
            [FrameKind::Welcome],
            "{name} {device}"
        );
        self.connections[connection].inbox.clear();
        connection
    }

    /// A client's bytes, and all that follows from them.
    pub fn say(&mut self, connection: usize, bytes: &[u8]) {
        self.bytes(connection, bytes);
        self.run();
    }

    /// Opens the chat of two users.
    pub fn open(&mut self, connection: usize, other: &str) -> ChatId {
        let mut out = Vec::new();
        OpenChat {
            request: 5,
            user: user(other),
        }
        .encode(&mut out);
        self.say(connection, &out);
        let frame = self.next_frame(connection);
        match decoded(&frame) {
            ServerFrame::ChatOpened(opened) => opened.chat,
            other => panic!("{other:?}"),
        }
    }

    pub fn send(&mut self, connection: usize, chat: ChatId, client_seq: u64, payload: &[u8]) {
        self.say(connection, &send_frame(chat, client_seq, payload));
    }

    pub fn send_behind(
        &mut self,
        connection: usize,
        chat: ChatId,
        client_seq: u64,
        unanswered: u8,
    ) {
        let frame = send_frame_behind(chat, client_seq, unanswered, b"x");
        self.say(connection, &frame);
    }

    pub fn ack(&mut self, connection: usize, chat: ChatId, seq: Seq) {
        let mut out = Vec::new();
        Ack { chat, seq }.encode(&mut out);
        self.say(connection, &out);
    }

    pub fn list(&mut self, connection: usize, after: &[u8], chats_max: u16) -> PendingList {
        let mut out = Vec::new();
        ListPending {
            request: 6,
            after,
            chats_max,
            all: false,
        }
        .encode(&mut out);
        self.say(connection, &out);
        let frame = self.next_of(connection, FrameKind::PendingList);
        match decoded(&frame) {
            ServerFrame::PendingList(list) => list,
            other => panic!("{other:?}"),
        }
    }

    pub fn ask_page(&mut self, connection: usize, request: u32, chat: ChatId, from: Seq) {
        let mut out = Vec::new();
        ReadPage {
            request,
            chat,
            from,
            messages_max: 512,
            bytes_max: 262_144,
        }
        .encode(&mut out);
        self.say(connection, &out);
    }

    /// Reads a page: the numbers of its messages, and its end.
    pub fn page(&mut self, connection: usize, chat: ChatId, from: Seq) -> (Vec<Seq>, Page) {
        self.ask_page(connection, 7, chat, from);
        let mut seqs = Vec::new();
        loop {
            let frame = self.next_frame(connection);
            match decoded(&frame) {
                ServerFrame::Deliver(message) => seqs.push(message.seq()),
                ServerFrame::Page(page) => return (seqs, page),
                other => panic!("{other:?}"),
            }
        }
    }

    pub fn next_frame(&mut self, connection: usize) -> Vec<u8> {
        let frame = self.connections[connection].inbox.pop_front();
        frame.expect("a frame came")
    }

    /// The first frame of a kind; those before stay.
    pub fn next_of(&mut self, connection: usize, kind: FrameKind) -> Vec<u8> {
        let inbox = &mut self.connections[connection].inbox;
        let at = inbox.iter().position(|frame| frame[4] == kind as u8);
        let at = at.unwrap_or_else(|| panic!("no {kind:?} came"));
        inbox.remove(at).expect("just found")
    }

    /// The numbers and payloads of all deliveries, taken off.
    pub fn deliveries(&mut self, connection: usize) -> Vec<(Seq, Vec<u8>)> {
        let inbox = &mut self.connections[connection].inbox;
        let mut deliveries = Vec::new();
        inbox.retain(|frame| match decoded(frame) {
            ServerFrame::Deliver(message) => {
                deliveries.push((message.seq(), message.payload().to_vec()));
                false
            }
            _ => true,
        });
        deliveries
    }

    /// The answers to sends, taken off: `Ok(seq)` or the code and `expected`.
    pub fn answers(&mut self, connection: usize) -> Vec<Answer> {
        let inbox = &mut self.connections[connection].inbox;
        let mut answers = Vec::new();
        inbox.retain(|frame| match decoded(frame) {
            ServerFrame::Sent(sent) => {
                answers.push((sent.client_seq, Ok(sent.seq)));
                false
            }
            ServerFrame::Refused(refused) => {
                let reason = (refused.code, refused.expected);
                answers.push((refused.client_seq, Err(reason)));
                false
            }
            _ => true,
        });
        answers
    }

    /// The chats that a client was told to be behind in, taken off.
    pub fn behinds(&mut self, connection: usize) -> Vec<(ChatId, Seq)> {
        let inbox = &mut self.connections[connection].inbox;
        let mut behinds = Vec::new();
        inbox.retain(|frame| match decoded(frame) {
            ServerFrame::Behind(behind) => {
                behinds.push((behind.chat, behind.head));
                false
            }
            _ => true,
        });
        behinds
    }

    /// The code of the fatal failure that ended a connection.
    pub fn fatal(&self, connection: usize) -> Option<ErrorCode> {
        let connection = &self.connections[connection];
        connection.closed?;
        let last = connection.inbox.back()?;
        match decoded(last) {
            ServerFrame::Failure(failure) if failure.fatal => Some(failure.code),
            _ => None,
        }
    }

    /// The failure that came next, with its request.
    pub fn failure(&mut self, connection: usize) -> (u32, ErrorCode) {
        let frame = self.next_of(connection, FrameKind::Failure);
        match decoded(&frame) {
            ServerFrame::Failure(failure) => (failure.request, failure.code),
            other => panic!("{other:?}"),
        }
    }
}

pub fn decoded(frame: &[u8]) -> ServerFrame<'_> {
    let kind = FrameKind::from_wire(frame[4]).expect("known");
    ServerFrame::decode(kind, frame).expect("servers send valid frames")
}
