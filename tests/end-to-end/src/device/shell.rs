//! Performs a machine's effects over a socket, with TLS or without, one at a time, and crashes between two of them by chance.
//!
//! Input: what the application asks, the socket, time. Output: what the application is told, in order. Invariant: a crash
//! loses everything but the journal; effects that were not taken out before it never happened.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ringpost_client_core::{ConnectionState, Effect, Input, Machine, Options};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::Journal;
use super::line::Line;
use crate::tls::Trust;

const READ_BYTES: usize = 64 * 1024;
/// A connection whose end got lost is noticed before a trial counts as stalled.
const HEARTBEAT_MS: u32 = 20_000;
/// A dial on this machine that takes longer has failed.
const DIAL_TIMEOUT: Duration = Duration::from_secs(2);

/// How a device is made.
#[derive(Clone, Debug)]
pub struct DeviceOptions {
    /// Where its nodes are; each dial goes to one of them by chance.
    pub servers: Vec<SocketAddr>,
    /// Whom it trusts, if it connects with TLS.
    pub trust: Option<Trust>,
    /// Its session token.
    pub token: String,
    /// Seed of its jitter and its crashes.
    pub seed: u64,
    /// It crashes before one of so many effects, by chance; 0 never.
    pub crash_one_in: u32,
}

/// What a device tells its application.
#[derive(Debug)]
pub enum Happening {
    /// The SDK tells something.
    Told(Effect),
    /// The client crashed and started again: what its application had not made durable is lost.
    Crashed,
}

/// A client device.
pub struct Device {
    options: DeviceOptions,
    journal: Journal,
    machine: Machine,
    random: ChaCha8Rng,
    socket: Option<TcpStream>,
    line: Line,
    outbound: Vec<u8>,
    /// What the line has made of it, for the socket.
    wire: Vec<u8>,
    buffer: Vec<u8>,
    is_dial_wanted: bool,
    is_connected_by_choice: bool,
    /// Whether it crashes by chance, where its options say so.
    pub may_crash: bool,
    /// Whether it reads from its socket; a device that does not keeps the socket open.
    pub is_reading: bool,
    /// The node that it dials; `None` for any.
    pub only_node: Option<usize>,
    started: Instant,
}

impl Device {
    /// A device without a past, not connected.
    pub fn new(options: DeviceOptions) -> Self {
        Self {
            machine: Machine::new(machine_options(&options, 0), Journal::default().recover()),
            random: ChaCha8Rng::seed_from_u64(options.seed),
            options,
            journal: Journal::default(),
            socket: None,
            line: Line::Plain,
            outbound: Vec::new(),
            wire: Vec::new(),
            buffer: vec![0; READ_BYTES],
            is_dial_wanted: false,
            is_connected_by_choice: false,
            may_crash: true,
            is_reading: true,
            only_node: None,
            started: Instant::now(),
        }
    }

    fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    /// The machine, to look at.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Tells the machine something.
    pub fn input(&mut self, input: Input<'_>) {
        match input {
            Input::Connect => self.is_connected_by_choice = true,
            Input::Disconnect => self.is_connected_by_choice = false,
            _ => {}
        }
        self.machine.input(self.now_ms(), input);
    }

    /// Starts connecting at once, as an application does when it hears that the network is back.
    pub fn connect_now(&mut self) {
        let is_waiting = self.machine.connection() == ConnectionState::BackingOff;
        if self.is_connected_by_choice && is_waiting {
            self.input(Input::Disconnect);
            self.input(Input::Connect);
        }
    }

    /// Leaves its node and dials again, perhaps another one.
    pub fn roam(&mut self) {
        if self.is_connected_by_choice {
            self.input(Input::Disconnect);
            self.input(Input::Connect);
        }
    }

    /// Performs effects up to the next one that the application is told.
    pub fn next_happening(&mut self) -> Option<Happening> {
        while let Some(effect) = self.machine.next_effect() {
            if self.is_crash_due() {
                self.crash();
                return Some(Happening::Crashed);
            }
            match effect {
                Effect::Dial { .. } => self.is_dial_wanted = true,
                Effect::Transmit { bytes } => self.outbound.extend_from_slice(&bytes),
                Effect::Hangup => self.hang_up(),
                Effect::Persist(record) => self.journal.append(&record),
                told => return Some(Happening::Told(told)),
            }
        }
        None
    }

    /// Whether a crash may still come.
    pub fn can_crash(&self) -> bool {
        self.may_crash && self.options.crash_one_in > 0
    }

    fn is_crash_due(&mut self) -> bool {
        self.can_crash() && self.random.random_range(0..self.options.crash_one_in) == 0
    }

    fn hang_up(&mut self) {
        self.drop_socket();
        self.is_dial_wanted = false;
    }

    fn drop_socket(&mut self) {
        self.socket = None;
        self.line = Line::Plain;
        self.outbound.clear();
        self.wire.clear();
    }

    /// Dies and starts again from the journal.
    fn crash(&mut self) {
        self.hang_up();
        let salt = self.random.random();
        self.machine = Machine::new(machine_options(&self.options, salt), self.journal.recover());
        if self.is_connected_by_choice {
            self.input(Input::Connect);
        }
    }

    /// Waits until the socket or a deadline of the machine brings something, at most until `until`. Dropped at any await,
    /// nothing is lost.
    pub async fn turn(&mut self, until: Instant) {
        if self.is_dial_wanted {
            self.dial().await;
            return;
        }
        let until = self.machine.next_deadline().map_or(until, |at_ms| {
            until.min(self.started + Duration::from_millis(at_ms))
        });
        self.wait_for_socket(until).await;
        let now_ms = self.now_ms();
        if self
            .machine
            .next_deadline()
            .is_some_and(|at_ms| at_ms <= now_ms)
        {
            self.machine.timeout(now_ms);
        }
    }

    async fn dial(&mut self) {
        let index = self
            .only_node
            .unwrap_or_else(|| self.random.random_range(0..self.options.servers.len()));
        let server = self.options.servers[index];
        let dialled = tokio::time::timeout(DIAL_TIMEOUT, TcpStream::connect(server)).await;
        self.is_dial_wanted = false;
        self.drop_socket();
        let line = self.line();
        match (dialled, line) {
            (Ok(Ok(socket)), Ok(line)) => {
                // Without it the test would only be slower.
                let _ = socket.set_nodelay(true);
                self.socket = Some(socket);
                self.line = line;
                self.input(Input::Opened);
            }
            _ => self.input(Input::Closed),
        }
    }

    fn line(&self) -> io::Result<Line> {
        match &self.options.trust {
            None => Ok(Line::Plain),
            Some(trust) => trust.connection().map(Box::new).map(Line::Tls),
        }
    }

    async fn wait_for_socket(&mut self, until: Instant) {
        if self.socket.is_some() {
            let encoded = self.line.encode(&mut self.outbound, &mut self.wire);
            if encoded.is_err() {
                return self.lost();
            }
        }
        let Some(socket) = &self.socket else {
            tokio::time::sleep_until(until).await;
            return;
        };
        let interest = match (self.is_reading, self.wire.is_empty()) {
            (true, true) => Interest::READABLE,
            (true, false) => Interest::READABLE | Interest::WRITABLE,
            (false, false) => Interest::WRITABLE,
            (false, true) => {
                tokio::time::sleep_until(until).await;
                return;
            }
        };
        let ready = tokio::select! {
            ready = socket.ready(interest) => ready,
            () = tokio::time::sleep_until(until) => return,
        };
        match ready {
            Ok(ready) => self.move_bytes(ready.is_readable(), ready.is_writable()),
            Err(_) => self.lost(),
        }
    }

    fn move_bytes(&mut self, is_readable: bool, is_writable: bool) {
        let Some(socket) = &self.socket else { return };
        if is_writable && !self.wire.is_empty() {
            match socket.try_write(&self.wire) {
                Ok(bytes) => drop(self.wire.drain(..bytes)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return self.lost(),
            }
        }
        if is_readable && self.is_reading {
            match socket.try_read(&mut self.buffer) {
                Ok(0) => self.lost(),
                Ok(bytes) => self.received(bytes),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => self.lost(),
            }
        }
    }

    /// The first `bytes` of the buffer have come.
    fn received(&mut self, bytes: usize) {
        let mut plaintext = Vec::new();
        let decoded = self.line.decode(&self.buffer[..bytes], &mut plaintext);
        if !plaintext.is_empty() {
            self.input(Input::Received { bytes: &plaintext });
        }
        if decoded.is_err() {
            self.lost();
        }
    }

    fn lost(&mut self) {
        self.drop_socket();
        self.input(Input::Closed);
    }
}

fn machine_options(options: &DeviceOptions, salt: u64) -> Options {
    Options {
        seed: options.seed ^ salt,
        client: "ringpost-end-to-end".to_owned(),
        heartbeat_ms: HEARTBEAT_MS,
        token: Some(options.token.clone()),
        is_set_back: false,
    }
}
