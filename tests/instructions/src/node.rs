//! A node of one core without sockets, threads or disks: a worker, a store, and what was written to each client.
//!
//! It is the shell of the benchmarks and does what the server's does: bytes are copied into one buffer a connection, their
//! departure is reported once a turn, and time stands still within a turn.

use std::sync::Arc;

use ringpost_gateway_core::{
    Config, Effect, Input, NewToken, Now, SessionId, TokenSigner, TokenVerifier, Worker,
};
use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::{FrameKind, Hello, ServerFrame, Split, split};

use crate::map_store::MapStore;
use crate::pairs::{CLOCK_MS, Pairs, subject};

const SECRET: &[u8] = b"a secret of the benchmarks, long enough";
const TOKEN_AGE_S: u64 = 1_000_000;
/// Room of a connection's buffer from the start, in bytes: no lap makes it grow.
const STREAM_BYTES: usize = 128 * 1024;

/// What was written to a client.
#[derive(Default)]
struct Stream {
    bytes: Vec<u8>,
    /// How many of them were reported as sent.
    reported: usize,
}

/// The node and its clients, all signed in.
pub(crate) struct Node {
    pub(crate) pairs: Pairs,
    pub(crate) store: MapStore,
    worker: Worker,
    now: Now,
    streams: Vec<Stream>,
    submitted: Option<Vec<Command>>,
}

fn session(client: usize) -> SessionId {
    SessionId {
        slot: client as u32,
        generation: 1,
    }
}

fn signer() -> TokenSigner {
    TokenSigner::hs256(None, SECRET)
}

impl Node {
    /// A node with `clients` live sessions and the chats of their pairs.
    pub(crate) fn new(clients: usize) -> Self {
        let now = Now {
            clock_ms: CLOCK_MS,
            ticks_us: 1_000_000,
        };
        let key = signer().verifying().expect("the secret is long enough");
        let config = Config {
            tokens: Arc::new(TokenVerifier::of_key(key)),
            sessions_max: clients as u32,
            ..Config::default()
        };
        let stream = |_| Stream {
            bytes: Vec::with_capacity(STREAM_BYTES),
            reported: 0,
        };
        let mut node = Self {
            pairs: Pairs::new(clients),
            store: MapStore::default(),
            worker: Worker::new(config, now),
            now,
            streams: (0..clients).map(stream).collect(),
            submitted: None,
        };
        let beginning = node.pairs.beginning();
        node.store.run(&beginning);
        (0..clients).for_each(|client| node.sign_in(client));
        node.forget_frames();
        node
    }

    fn sign_in(&mut self, client: usize) {
        let issued_at_s = CLOCK_MS / 1_000;
        let token = NewToken {
            subject: &subject(client),
            device: 1,
            issued_at_s,
            expires_at_s: issued_at_s + TOKEN_AGE_S,
        };
        let token = token.sign(&signer()).expect("a secret always signs");
        let hello = Hello {
            version_min: 1,
            version_max: 1,
            token: &token,
            client: "benchmark",
            heartbeat_ms: 0,
        };
        let mut frame = Vec::new();
        hello.encode(&mut frame);
        let session = session(client);
        self.worker.input(
            self.now,
            Input::Connected {
                session,
                peer: None,
            },
        );
        self.receive(client, &frame);
        self.settle();
        let kinds: Vec<FrameKind> = self.frames(client).map(|(kind, _)| kind).collect();
        assert_eq!(kinds, [FrameKind::Welcome], "client {client} is live");
    }

    /// Bytes of a client arrive.
    pub(crate) fn receive(&mut self, client: usize, bytes: &[u8]) {
        let session = session(client);
        self.worker
            .input(self.now, Input::Received { session, bytes });
    }

    /// Performs what the worker asks for. A batch is kept for `take_batch`.
    pub(crate) fn perform(&mut self) {
        while let Some(effect) = self.worker.next_effect() {
            match effect {
                Effect::Write { session, frame } => {
                    let stream = &mut self.streams[session.slot as usize];
                    stream.bytes.extend_from_slice(frame.as_slice());
                }
                Effect::Submit { commands } => self.submitted = Some(commands),
                Effect::Event(_) => {}
                Effect::Close { .. }
                | Effect::PauseReceiving { .. }
                | Effect::ResumeReceiving { .. }
                | Effect::AdminAnswer { .. } => panic!("nothing gives a reason for {effect:?}"),
            }
        }
    }

    /// The batch that the worker has handed over, if any.
    pub(crate) fn take_batch(&mut self) -> Option<Vec<Command>> {
        self.submitted.take()
    }

    /// The lane answers a batch.
    pub(crate) fn answer(&mut self, outcomes: Vec<Outcome>) {
        self.worker
            .input(self.now, Input::BatchAnswered { outcomes });
    }

    /// Reports all that was written as sent.
    fn report_progress(&mut self) {
        for (client, stream) in self.streams.iter_mut().enumerate() {
            let sent_bytes = stream.bytes.len() - stream.reported;
            if sent_bytes > 0 {
                stream.reported = stream.bytes.len();
                let progress = Input::Progress {
                    session: session(client),
                    sent_bytes,
                };
                self.worker.input(self.now, progress);
            }
        }
    }

    /// Goes on until nothing is left to do, a millisecond a turn of the store.
    pub(crate) fn settle(&mut self) {
        loop {
            self.perform();
            self.report_progress();
            let Some(commands) = self.take_batch() else {
                return;
            };
            let outcomes = self.store.run(&commands);
            self.pass_a_millisecond();
            self.answer(outcomes);
        }
    }

    fn pass_a_millisecond(&mut self) {
        self.now.clock_ms += 1;
        self.now.ticks_us += 1_000;
        let is_due = |due_us: u64| due_us <= self.now.ticks_us;
        if self.worker.next_deadline().is_some_and(is_due) {
            self.worker.timeout(self.now);
        }
    }

    /// Forgets what was written to the clients.
    pub(crate) fn forget_frames(&mut self) {
        self.report_progress();
        for stream in &mut self.streams {
            stream.bytes.clear();
            stream.reported = 0;
        }
    }

    /// What was written to a client since `forget_frames`, with the kinds of the frames.
    pub(crate) fn frames(&self, client: usize) -> impl Iterator<Item = (FrameKind, &[u8])> {
        let mut stream = &self.streams[client].bytes[..];
        core::iter::from_fn(move || match split(stream) {
            Ok(Split::Frame { kind, frame, rest }) => {
                stream = rest;
                Some((kind, frame))
            }
            _ => {
                assert!(stream.is_empty(), "whole frames are written");
                None
            }
        })
    }

    /// The same, verified.
    pub(crate) fn verified_frames(&self, client: usize) -> impl Iterator<Item = ServerFrame<'_>> {
        let verify =
            |(kind, frame)| ServerFrame::decode(kind, frame).expect("servers write valid frames");
        self.frames(client).map(verify)
    }
}
