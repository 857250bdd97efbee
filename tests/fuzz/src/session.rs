//! A worker against any streams: sessions that sign in or do not, frames in any state and cut anywhere, a lane that is away, sockets
//! that take nothing. It never panics, writes whole frames of a server, answers a repeated send as before, and closes a session once.

use std::collections::BTreeMap;
use std::sync::Arc;

use ringpost_gateway_core::{
    Config, Effect, Input, LaneState, NewToken, Now, SessionId, TokenSigner, TokenVerifier, Worker,
};
use ringpost_storage_core::{Command, Retention};
use ringpost_wire::{ChatId, Hello, NewMessage, ServerFrame, Split, UserId, encode_send, split};

use crate::plan::Plan;
use crate::rebuild::encode;
use crate::seeds::golden;
use crate::store::Table;
use crate::target::Verdict;

const SLOTS: usize = 4;
const STEPS_MAX: usize = 400;
const START_MS: u64 = 1_800_000_000_000;
const USERS: [&str; 2] = ["ann", "bob"];

/// Events at a worker, in any order.
pub(crate) fn run(input: &[u8]) -> Verdict {
    let mut plan = Plan::of(input);
    let mut node = Node::new();
    for _ in 0..STEPS_MAX {
        if plan.is_over() {
            break;
        }
        node.step(&mut plan);
        node.perform();
    }
    let findings = node.table.findings();
    assert!(findings.is_empty(), "the check finds {findings:#?}");
    Verdict::of(node.welcomes > 0)
}

fn signer() -> TokenSigner {
    TokenSigner::hs256(None, &[7; 32])
}

/// A connection's side of the shell.
#[derive(Clone, Debug, Default)]
struct Socket {
    generation: u32,
    is_open: bool,
    is_closing: bool,
    /// Bytes written whose departure was not reported yet.
    unsent: usize,
    is_welcome: bool,
}

struct Node {
    worker: Worker,
    table: Table,
    now: Now,
    sockets: [Socket; SLOTS],
    batch: Option<Vec<Command>>,
    /// What each send was answered: by who sent it, and its number.
    answered: BTreeMap<(usize, ChatId, u64), (u64, u64)>,
    /// Whose session a slot is.
    owners: [usize; SLOTS],
    welcomes: usize,
}

impl Node {
    fn new() -> Self {
        let key = signer().verifying().expect("the secret is long enough");
        let config = Config {
            tokens: Arc::new(TokenVerifier::of_key(key)),
            sessions_max: SLOTS as u32,
            ..Config::default()
        };
        let now = Now {
            clock_ms: START_MS,
            ticks_us: 1_000_000,
        };
        Self {
            worker: Worker::new(config, now),
            table: Table::default(),
            now,
            sockets: Default::default(),
            batch: None,
            answered: BTreeMap::new(),
            owners: [0; SLOTS],
            welcomes: 0,
        }
    }

    fn step(&mut self, plan: &mut Plan<'_>) {
        let slot = plan.below(SLOTS);
        match plan.below(16) {
            0 | 1 => self.connect(slot),
            2 => self.disconnect(slot),
            3 => self.report(slot, usize::from(plan.byte()) * 64),
            4 => self.pass(u64::from(plan.byte()) * 50),
            5 => self.input(Input::Lane(LaneState::Unavailable { retry_after_ms: 50 })),
            6 => self.input(Input::Lane(LaneState::Ready)),
            7 | 8 => self.greet(slot, plan.below(USERS.len()), 1 + u32::from(plan.flag())),
            9 => self.send(slot, plan),
            10 | 11 => self.answer(),
            _ => {
                let bytes = plan.part();
                self.receive(slot, bytes);
            }
        }
    }

    fn session(&self, slot: usize) -> SessionId {
        SessionId {
            slot: slot as u32,
            generation: self.sockets[slot].generation,
        }
    }

    fn input(&mut self, input: Input<'_>) {
        self.worker.input(self.now, input);
    }

    fn connect(&mut self, slot: usize) {
        if self.sockets[slot].is_open {
            return;
        }
        let generation = self.sockets[slot].generation + 1;
        self.sockets[slot] = Socket {
            generation,
            is_open: true,
            ..Socket::default()
        };
        let session = self.session(slot);
        self.input(Input::Connected {
            session,
            peer: None,
        });
    }

    fn disconnect(&mut self, slot: usize) {
        if core::mem::take(&mut self.sockets[slot].is_open) {
            let session = self.session(slot);
            self.input(Input::Disconnected { session });
        }
    }

    fn receive(&mut self, slot: usize, bytes: &[u8]) {
        if self.sockets[slot].is_open && !self.sockets[slot].is_closing {
            let session = self.session(slot);
            self.input(Input::Received { session, bytes });
        }
    }

    /// Bytes left the socket's buffer.
    fn report(&mut self, slot: usize, bytes_max: usize) {
        let socket = &mut self.sockets[slot];
        let sent_bytes = socket.unsent.min(bytes_max);
        if socket.is_open && sent_bytes > 0 {
            socket.unsent -= sent_bytes;
            let session = self.session(slot);
            self.input(Input::Progress {
                session,
                sent_bytes,
            });
        }
    }

    fn pass(&mut self, wait_ms: u64) {
        self.now.clock_ms += wait_ms;
        self.now.ticks_us += wait_ms * 1_000;
        let is_due = |due_us: u64| due_us <= self.now.ticks_us;
        if self.worker.next_deadline().is_some_and(is_due) {
            self.worker.timeout(self.now);
        }
    }

    fn greet(&mut self, slot: usize, user: usize, device: u32) {
        self.connect(slot);
        self.owners[slot] = user * 2 + device as usize - 1;
        let issued_at_s = self.now.clock_ms / 1_000;
        let claims = NewToken {
            subject: USERS[user],
            device,
            issued_at_s,
            expires_at_s: issued_at_s + 600,
        };
        let token = claims.sign(&signer()).expect("HS256 needs no randomness");
        let hello = Hello {
            version_min: 1,
            version_max: 1,
            token: &token,
            client: "any",
            heartbeat_ms: 0,
        };
        let mut bytes = Vec::new();
        hello.encode(&mut bytes);
        self.receive(slot, &bytes);
    }

    fn send(&mut self, slot: usize, plan: &mut Plan<'_>) {
        let client_seq = u64::from(plan.byte());
        let message = NewMessage {
            chat: ChatId::one_to_one(UserId::from_subject("ann"), UserId::from_subject("bob")),
            client_seq,
            message_id: u64::from(plan.byte()),
            device_epoch: 0,
            content_class: ringpost_wire::ContentClass::Visible,
            unanswered: plan.byte().min(client_seq.saturating_sub(1).min(15) as u8),
            payload: plan.part(),
            slices: &[],
        };
        let mut bytes = Vec::new();
        encode_send(&message, &mut bytes).expect("within the bounds of a Send");
        self.receive(slot, &bytes);
    }

    /// The lane answers the batch that it has.
    fn answer(&mut self) {
        if let Some(commands) = self.batch.take() {
            let outcomes = self.table.run(&commands, Retention::UntilDelivered);
            let outcomes = outcomes.expect("sound rows are read");
            self.input(Input::BatchAnswered { outcomes });
        }
    }

    fn perform(&mut self) {
        while let Some(effect) = self.worker.next_effect() {
            match effect {
                Effect::Write { session, frame } => self.written(session, frame.as_slice()),
                Effect::Close { session, .. } => {
                    let socket = &mut self.sockets[session.slot as usize];
                    assert_eq!(socket.generation, session.generation, "another's close");
                    assert!(
                        !core::mem::replace(&mut socket.is_closing, true),
                        "closed twice"
                    );
                }
                Effect::Submit { commands } => {
                    assert!(self.batch.is_none(), "one batch at a time");
                    assert!(!commands.is_empty(), "an empty batch");
                    self.batch = Some(commands);
                }
                Effect::PauseReceiving { .. }
                | Effect::ResumeReceiving { .. }
                | Effect::Event(_) => {}
                Effect::AdminAnswer { .. } => panic!("nobody asked"),
            }
        }
        for slot in 0..SLOTS {
            if self.sockets[slot].is_closing {
                self.disconnect(slot);
            }
        }
    }

    fn written(&mut self, session: SessionId, bytes: &[u8]) {
        let slot = session.slot as usize;
        let socket = &mut self.sockets[slot];
        assert_eq!(
            socket.generation, session.generation,
            "written to another's socket"
        );
        assert!(!socket.is_closing, "written after the close");
        socket.unsent += bytes.len();
        let mut rest = bytes;
        while let Ok(Split::Frame {
            kind,
            frame,
            rest: after,
        }) = split(rest)
        {
            rest = after;
            match ServerFrame::decode(kind, frame).expect("a server writes valid frames") {
                ServerFrame::Welcome(_) => {
                    assert!(
                        !core::mem::replace(&mut socket.is_welcome, true),
                        "welcome twice"
                    );
                    self.welcomes += 1;
                }
                ServerFrame::Failure(_) => {}
                ServerFrame::Sent(sent) => {
                    let place = (self.owners[slot], sent.chat, sent.client_seq);
                    let is_new = *self
                        .answered
                        .entry(place)
                        .or_insert((sent.seq, sent.time_ms));
                    let is_same = is_new == (sent.seq, sent.time_ms) || sent.client_seq == 0;
                    assert!(is_same, "{sent:?} was answered {is_new:?}");
                }
                other => assert!(socket.is_welcome, "{other:?} before the welcome"),
            }
        }
        assert!(rest.is_empty(), "whole frames are written");
    }
}

/// Sessions of two users who talk, and every golden frame of a client in each of their states.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    const ANN: u8 = 0;
    const BOB: u8 = 1;
    let greet = |slot: u8, user: u8| vec![slot, 7, user, 0, slot, 10, slot, 10, slot, 10, slot, 10];
    let heard = |slot: u8, bytes: &[u8]| {
        let length = (bytes.len() as u16).to_le_bytes();
        [&[slot, 15][..], &length, bytes, &[slot, 10, slot, 10]].concat()
    };
    let send = |slot: u8, number: u8| {
        vec![
            slot, 9, number, number, 0, 2, 0, b'h', b'i', slot, 10, slot, 3, 255,
        ]
    };
    let frames = golden(|frame| encode::is_from_client(encode::kind_of(frame)));
    let open = frames
        .iter()
        .find(|frame| encode::kind_of(frame) == ringpost_wire::FrameKind::OpenChat)
        .expect("there is one");
    let both = [greet(0, ANN), greet(1, BOB), heard(0, open), heard(1, open)].concat();
    let talk = [send(0, 1), send(1, 1), send(0, 2), send(0, 2)].concat();
    let mut inputs = vec![[&both[..], &talk].concat()];
    for frame in &frames {
        inputs.push(heard(0, frame));
        inputs.push([&both[..], &send(0, 1), &heard(1, frame), &heard(0, frame)].concat());
    }
    inputs.push([&both[..], &[0, 5], &talk, &[0, 6, 0, 4, 255, 0, 10], &talk].concat());
    inputs.push(
        [
            &both[..],
            &[0, 2],
            &greet(2, ANN),
            &talk,
            &[1, 4, 255, 1, 4, 255],
        ]
        .concat(),
    );
    inputs
}
