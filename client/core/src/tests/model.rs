//! A small model of a server with one chat, and of the network between it and two clients that can be cut.
//!
//! It follows the rules of sending (dense numbers, kept results, sticky refusal for load) and of receiving (pending, pages,
//! acknowledgements, `Behind`), synchronously and without trimming, so a run has one truth: its log.

use std::collections::{BTreeMap, VecDeque};

use ringpost_wire::{
    Behind, ClientFrame, DeviceAddress, ErrorCode, MessageView, Page, PendingChat, PendingList,
    Pong, ReadPage, Refused, Sent, Seq, Split, Stamp, Welcome, digest, encode_stamped, split,
};

use super::rig::{CHAT, OWN, PEER};

/// The two devices of the model, by number.
pub(super) const DEVICES: [DeviceAddress; 2] = [OWN, PEER];

/// A stored message.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) sender: usize,
    pub(super) id: u64,
    frame: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
struct Window {
    last: u64,
    kept: BTreeMap<u64, (u64, Seq)>,
    /// The number that was refused for load and must come first.
    shed: Option<u64>,
}

/// One client's connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Wire {
    pub(super) to_server: VecDeque<Vec<u8>>,
    pub(super) to_client: VecDeque<Vec<u8>>,
    is_live: bool,
    is_behind: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Server {
    pub(super) log: Vec<Stored>,
    windows: [Window; 2],
    next: [Seq; 2],
    pub(super) wires: [Wire; 2],
    /// Refuse the next send for load.
    pub(super) sheds: bool,
    /// Leave out the next push.
    pub(super) skips: bool,
    pub(super) reused: usize,
}

impl Server {
    pub(super) fn new() -> Self {
        Self {
            next: [1, 1],
            ..Self::default()
        }
    }

    pub(super) fn cut(&mut self, client: usize) {
        self.wires[client] = Wire::default();
        self.windows[client].shed = None;
    }

    /// Takes one frame of a client off the network.
    pub(super) fn step(&mut self, client: usize) {
        let Some(bytes) = self.wires[client].to_server.pop_front() else {
            return;
        };
        let Ok(Split::Frame { kind, frame, .. }) = split(&bytes) else {
            panic!("clients send whole frames");
        };
        match ClientFrame::decode(kind, frame).expect("clients send valid frames") {
            ClientFrame::Hello(_) => self.hello(client),
            ClientFrame::Send(message) => self.send(client, &message),
            ClientFrame::Ack(ack) => {
                assert!(ack.seq <= self.log.len() as Seq, "an ack beyond the head");
                self.next[client] = self.next[client].max(ack.seq + 1);
            }
            ClientFrame::ListPending(list) => self.list(client, list.request),
            ClientFrame::ReadPage(page) => self.page(client, &page),
            ClientFrame::Ping(ping) => {
                let (nonce, time_ms) = (ping.nonce, 1);
                self.push(client, |out| Pong { nonce, time_ms }.encode(out));
            }
            other => panic!("the model does not know {other:?}"),
        }
    }

    fn push(&mut self, client: usize, encode: impl FnOnce(&mut Vec<u8>)) {
        let mut frame = Vec::new();
        encode(&mut frame);
        self.wires[client].to_client.push_back(frame);
    }

    fn hello(&mut self, client: usize) {
        self.wires[client].is_live = true;
        self.push(client, |out| {
            let welcome = Welcome {
                version: 1,
                device: DEVICES[client],
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

    fn refuse(&mut self, client: usize, client_seq: u64, code: ErrorCode, expected: u64) {
        let refused = Refused {
            chat: CHAT,
            client_seq,
            code,
            expected,
            retry_after_ms: 0,
            device_epoch: 0,
        };
        self.push(client, |out| refused.encode(out));
    }

    fn answer(&mut self, client: usize, client_seq: u64, seq: Seq) {
        let sent = Sent {
            chat: CHAT,
            client_seq,
            seq,
            time_ms: seq,
        };
        self.push(client, |out| sent.encode(out));
    }

    fn send(&mut self, client: usize, message: &MessageView<'_>) {
        let number = message.client_seq();
        if self.windows[client].shed.is_some_and(|shed| number > shed) {
            return self.refuse(client, number, ErrorCode::RefusedBefore, 0);
        }
        if core::mem::take(&mut self.sheds) {
            self.windows[client].shed = Some(number);
            return self.refuse(client, number, ErrorCode::Overloaded, 0);
        }
        let window = &mut self.windows[client];
        window.shed = None;
        let expected = window.last + 1;
        if number > expected {
            return self.refuse(client, number, ErrorCode::Gap, expected);
        }
        if number < expected {
            match window.kept.get(&number).copied() {
                Some((kept, seq)) if kept == digest(message) => {
                    return self.answer(client, number, seq);
                }
                _ => {
                    self.reused += 1;
                    return self.refuse(client, number, ErrorCode::SequenceReused, expected);
                }
            }
        }
        let seq = self.log.len() as Seq + 1;
        window.last = number;
        window.kept.insert(number, (digest(message), seq));
        let keep_from = number.saturating_sub(u64::from(message.unanswered()));
        window.kept = window.kept.split_off(&keep_from);
        self.store(client, message, seq);
        self.answer(client, number, seq);
    }

    fn store(&mut self, client: usize, message: &MessageView<'_>, seq: Seq) {
        let stamp = Stamp {
            sender: DEVICES[client],
            seq,
            time_ms: seq,
            client_seq: message.client_seq(),
        };
        let mut frame = Vec::new();
        encode_stamped(message, &stamp, &mut frame);
        self.log.push(Stored {
            sender: client,
            id: message.message_id(),
            frame: frame.clone(),
        });
        if self.next[client] == seq {
            self.next[client] = seq + 1;
        }
        let other = 1 - client;
        if !self.wires[other].is_live || self.wires[other].is_behind {
            return;
        }
        if core::mem::take(&mut self.skips) {
            self.wires[other].is_behind = true;
            self.push(other, |out| {
                Behind {
                    chat: CHAT,
                    head: seq,
                }
                .encode(out);
            });
        } else {
            self.wires[other].to_client.push_back(frame);
        }
    }

    fn list(&mut self, client: usize, request: u32) {
        let head = self.log.len() as Seq;
        let from = self.next[client];
        let pending = PendingChat {
            chat: CHAT,
            from,
            head,
            delivered_to: 0,
            read_to: 0,
            last_time_ms: head,
        };
        let is_pending = from <= head;
        let list = PendingList {
            request,
            chats: if is_pending {
                vec![pending]
            } else {
                Vec::new()
            },
            next: Vec::new(),
            complete: true,
            caught_up: !is_pending && !self.wires[client].is_behind,
        };
        self.push(client, |out| list.encode(out));
    }

    fn page(&mut self, client: usize, page: &ReadPage) {
        let head = self.log.len() as Seq;
        let to = head.min(page.from + 4).max(page.from - 1);
        for seq in page.from..=to {
            let frame = self.log[seq as usize - 1].frame.clone();
            self.wires[client].to_client.push_back(frame);
        }
        if to >= head {
            self.wires[client].is_behind = false;
        }
        let answer = Page {
            request: page.request,
            chat: CHAT,
            from: page.from,
            to,
            first_available: 1,
            complete: to >= head,
            head,
            delivered_to: 0,
            read_to: 0,
            empty: Vec::new(),
        };
        self.push(client, |out| answer.encode(out));
    }
}
