//! A machine with a server driven by hand: frames in, effects out, time moved by the test.

use bytes::Bytes;
use ringpost_wire::{
    ChatId, ClientFrame, ContentClass, DeviceAddress, EmptyRange, ErrorCode, Failure, MessageView,
    NewMessage, Page, PendingChat, PendingList, Refused, Sent, Seq, Split, Stamp, UserId, Welcome,
    encode_send, encode_stamped, split,
};

use crate::{ConnectionState, Effect, Input, Machine, Options, Outgoing, Record, State};

pub(super) const CHAT: ChatId = ChatId([7; 16]);
pub(super) const OWN: DeviceAddress = DeviceAddress {
    user: UserId([1; 16]),
    device: 1,
};
pub(super) const PEER: DeviceAddress = DeviceAddress {
    user: UserId([2; 16]),
    device: 1,
};

/// What a client sent, reduced to what tests look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Hello,
    Send {
        client_seq: u64,
        id: u64,
        unanswered: u8,
    },
    Ack(Seq),
    List(u32),
    ListAll(u32),
    Read {
        request: u32,
        from: Seq,
    },
    Open(u32),
    Mark(Seq),
    Ping,
    Reauthenticate,
}

pub(super) struct Rig {
    pub(super) machine: Machine,
    pub(super) now_ms: u64,
    /// The state as a shell that stops now would find it.
    pub(super) durable: State,
    effects: Vec<Effect>,
}

impl Rig {
    pub(super) fn new() -> Self {
        Self::with(State::default())
    }

    /// A machine that goes on from `state` and knows that all numbers used are its own.
    pub(super) fn with(state: State) -> Self {
        let mut rig = Self::unsure(state, false);
        rig.machine.lanes.expects(CHAT, 1);
        rig
    }

    /// A machine that goes on from `state`, as every one begins.
    pub(super) fn unsure(state: State, is_set_back: bool) -> Self {
        let options = Options {
            seed: 5,
            token: Some("token".to_owned()),
            is_set_back,
            ..Options::default()
        };
        Self {
            machine: Machine::new(options, state.clone()),
            now_ms: 1_000,
            durable: state,
            effects: Vec::new(),
        }
    }

    /// A machine whose session is open and whose first pass over the pending chats found nothing.
    pub(super) fn live() -> Self {
        Self::new().go_live()
    }

    pub(super) fn go_live(mut self) -> Self {
        self.input(Input::Connect);
        self.open_session();
        let request = self.listed();
        self.pending(request, &[], true);
        assert_eq!(self.machine.connection(), ConnectionState::Live);
        self.effects();
        self
    }

    /// Opens the session that was dialled for.
    pub(super) fn open_session(&mut self) {
        assert_eq!(self.machine.connection(), ConnectionState::Dialing);
        self.input(Input::Opened);
        self.welcome();
    }

    pub(super) fn input(&mut self, input: Input<'_>) {
        self.machine.input(self.now_ms, input);
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(effect) = self.machine.next_effect() {
            if let Effect::Persist(record) = &effect {
                self.durable
                    .apply(record)
                    .expect("the machine's records fit");
            }
            self.effects.push(effect);
        }
    }

    /// Moves time on, taking every deadline on the way.
    pub(super) fn pass(&mut self, wait_ms: u64) {
        let until_ms = self.now_ms + wait_ms;
        while let Some(at_ms) = self
            .machine
            .next_deadline()
            .filter(|at_ms| *at_ms <= until_ms)
        {
            self.now_ms = self.now_ms.max(at_ms);
            self.machine.timeout(self.now_ms);
            self.collect();
        }
        self.now_ms = until_ms;
    }

    /// Everything since the last call.
    pub(super) fn effects(&mut self) -> Vec<Effect> {
        core::mem::take(&mut self.effects)
    }

    /// The frames sent since the last call; other effects are dropped.
    pub(super) fn requests(&mut self) -> Vec<Request> {
        requests(&self.effects())
    }

    /// The request number of the list asked for.
    pub(super) fn listed(&mut self) -> u32 {
        let requests = self.requests();
        let find = |request: &Request| match request {
            Request::List(number) | Request::ListAll(number) => Some(*number),
            _ => None,
        };
        requests
            .iter()
            .find_map(find)
            .unwrap_or_else(|| panic!("no list among {requests:?}"))
    }

    /// The request number and first seq of the page asked for.
    pub(super) fn read(&mut self) -> (u32, Seq) {
        let requests = self.requests();
        let find = |request: &Request| match request {
            Request::Read { request, from } => Some((*request, *from)),
            _ => None,
        };
        requests
            .iter()
            .find_map(find)
            .unwrap_or_else(|| panic!("no page among {requests:?}"))
    }

    pub(super) fn receive(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = Vec::new();
        encode(&mut bytes);
        self.input(Input::Received { bytes: &bytes });
    }

    pub(super) fn welcome(&mut self) {
        self.welcome_as(OWN);
    }

    pub(super) fn welcome_as(&mut self, device: DeviceAddress) {
        self.receive(|out| {
            let welcome = Welcome {
                version: 1,
                device,
                generation: 1,
                time_ms: 1,
                heartbeat_ms: 240_000,
                frame_bytes_max: 65_536,
                payload_bytes_max: 61_440,
                unanswered_max: 16,
                server: "",
            };
            welcome.encode(out);
        });
    }

    pub(super) fn pending(&mut self, request: u32, chats: &[(Seq, Seq)], caught_up: bool) {
        let chats = chats
            .iter()
            .map(|(from, head)| PendingChat {
                chat: CHAT,
                from: *from,
                head: *head,
                delivered_to: 0,
                read_to: 0,
                last_time_ms: 9,
            })
            .collect();
        let list = PendingList {
            request,
            chats,
            next: Vec::new(),
            complete: true,
            caught_up,
        };
        self.receive(|out| list.encode(out));
    }

    pub(super) fn deliver(&mut self, seq: Seq) {
        self.deliver_from(PEER, seq, seq ^ (1 << 40));
    }

    pub(super) fn deliver_from(&mut self, sender: DeviceAddress, seq: Seq, message_id: u64) {
        self.receive(|out| encode_delivery(sender, seq, message_id, out));
    }

    pub(super) fn page(
        &mut self,
        request: u32,
        (from, to, head): (Seq, Seq, Seq),
        empty: &[EmptyRange],
    ) {
        let page = Page {
            request,
            chat: CHAT,
            from,
            to,
            first_available: 1,
            complete: to == head,
            head,
            delivered_to: 0,
            read_to: 0,
            empty: empty.to_vec(),
        };
        self.receive(|out| page.encode(out));
    }

    pub(super) fn send(&mut self, message_id: u64) {
        self.input(Input::Send(Outgoing {
            chat: CHAT,
            message_id,
            payload: Bytes::copy_from_slice(&message_id.to_le_bytes()),
            content_class: ContentClass::Visible,
            device_epoch: 0,
        }));
    }

    pub(super) fn sent(&mut self, client_seq: u64, seq: Seq) {
        let sent = Sent {
            chat: CHAT,
            client_seq,
            seq,
            time_ms: 5,
        };
        self.receive(|out| sent.encode(out));
    }

    pub(super) fn refuse(&mut self, client_seq: u64, code: ErrorCode, expected: u64) {
        let refused = Refused {
            chat: CHAT,
            client_seq,
            code,
            expected,
            retry_after_ms: 0,
            device_epoch: 0,
        };
        self.receive(|out| refused.encode(out));
    }

    pub(super) fn fail(&mut self, code: ErrorCode, fatal: bool, retry_after_ms: u32) {
        let failure = Failure {
            code,
            request: 0,
            fatal,
            retry_after_ms,
            detail: "",
        };
        self.receive(|out| failure.encode(out));
    }

    pub(super) fn fail_request(&mut self, request: u32, code: ErrorCode) {
        let failure = Failure {
            code,
            request,
            fatal: false,
            retry_after_ms: 0,
            detail: "",
        };
        self.receive(|out| failure.encode(out));
    }

    pub(super) fn confirm(&mut self, seq: Seq) {
        self.input(Input::Confirm { chat: CHAT, seq });
    }

    /// Loses the connection, waits out the backoff and opens the next session.
    pub(super) fn reconnect(&mut self) {
        self.input(Input::Closed);
        self.pass(crate::limits::BACKOFF_MS_MAX);
        self.open_session();
    }
}

pub(super) fn encode_delivery(sender: DeviceAddress, seq: Seq, message_id: u64, out: &mut Vec<u8>) {
    let message = NewMessage {
        chat: CHAT,
        client_seq: 1,
        message_id,
        device_epoch: 0,
        content_class: ContentClass::Visible,
        unanswered: 0,
        payload: &seq.to_le_bytes(),
        slices: &[],
    };
    let mut frame = Vec::new();
    encode_send(&message, &mut frame).expect("a short payload");
    let view = MessageView::of_send(&frame).expect("just encoded");
    let stamp = Stamp {
        sender,
        seq,
        time_ms: 3,
        client_seq: 1,
    };
    encode_stamped(&view, &stamp, out);
}

fn reduce(frame: &ClientFrame<'_>) -> Request {
    match frame {
        ClientFrame::Send(message) => Request::Send {
            client_seq: message.client_seq(),
            id: message.message_id(),
            unanswered: message.unanswered(),
        },
        ClientFrame::Ack(ack) => Request::Ack(ack.seq),
        ClientFrame::Hello(_) => Request::Hello,
        ClientFrame::Reauthenticate(_) => Request::Reauthenticate,
        ClientFrame::Ping(_) => Request::Ping,
        ClientFrame::MarkRead(mark) => Request::Mark(mark.read_to),
        ClientFrame::OpenChat(open) => Request::Open(open.request),
        ClientFrame::ListPending(list) if list.all => Request::ListAll(list.request),
        ClientFrame::ListPending(list) => Request::List(list.request),
        ClientFrame::ReadPage(page) => Request::Read {
            request: page.request,
            from: page.from,
        },
        ClientFrame::Signal(_) => panic!("the client sends no signals"),
    }
}

/// The frames among `effects`.
pub(super) fn requests(effects: &[Effect]) -> Vec<Request> {
    let mut requests = Vec::new();
    for effect in effects {
        let Effect::Transmit { bytes } = effect else {
            continue;
        };
        let Ok(Split::Frame { kind, frame, rest }) = split(bytes) else {
            panic!("a transmit is one whole frame");
        };
        assert!(rest.is_empty());
        let frame = ClientFrame::decode(kind, frame).expect("the client sends valid frames");
        requests.push(reduce(&frame));
    }
    requests
}

/// The numbers of the messages delivered among `effects`.
pub(super) fn delivered(effects: &[Effect]) -> Vec<Seq> {
    let seq = |effect: &Effect| match effect {
        Effect::Deliver(message) => Some(message.seq),
        _ => None,
    };
    effects.iter().filter_map(seq).collect()
}

/// The numbers, ids and unanswered forerunners of the sends among `requests`.
pub(super) fn sends(requests: &[Request]) -> Vec<(u64, u64, u8)> {
    let send = |request: &Request| match request {
        Request::Send {
            client_seq,
            id,
            unanswered,
        } => Some((*client_seq, *id, *unanswered)),
        _ => None,
    };
    requests.iter().filter_map(send).collect()
}

/// The acknowledgements among `requests`.
pub(super) fn acks(requests: &[Request]) -> Vec<Seq> {
    let ack = |request: &Request| match request {
        Request::Ack(seq) => Some(*seq),
        _ => None,
    };
    requests.iter().filter_map(ack).collect()
}

/// The records persisted among `effects`.
pub(super) fn records(effects: &[Effect]) -> Vec<Record> {
    let record = |effect: &Effect| match effect {
        Effect::Persist(record) => Some(record.clone()),
        _ => None,
    };
    effects.iter().filter_map(record).collect()
}
