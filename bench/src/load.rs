//! The run: connects the devices, opens the chats, keeps the senders busy, and reads the server's use of the machine.
//!
//! One thread, one reactor. With a rate the loop is open: a send's latency counts from the moment the schedule names.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use ringpost_gateway_ring::{Connection, Event, Reactor, ReactorConfig, StartError};
use ringpost_wire::{ChatId, Hello, OpenChat, PROTOCOL_VERSION, UserId};

use crate::arguments::Arguments;
use crate::peer::{Peer, Role, Stage};
use crate::report::{Circumstances, Report, Tally};
use crate::server_process::Reading;
use crate::token::{Issuer, IssuerError};

/// Connections that are being made at a time.
const JOINING_MAX: usize = 128;
/// Connecting and opening all chats may take so long.
const SETUP_TIME: Duration = Duration::from_secs(120);
/// Longest wait in a turn: acknowledgements are at most so much late.
const TURN: Duration = Duration::from_millis(2);

/// Why a run came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The reactor cannot be had.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The reactor failed.
    #[error("the reactor failed: {0}")]
    Turn(#[from] io::Error),
    /// No tokens.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// The devices did not get ready.
    #[error(
        "after {seconds} s only {ready} of {wanted} devices were ready ({lost} connections lost, refusals: {refusals})"
    )]
    Setup {
        /// Time waited, in seconds.
        seconds: u64,
        /// Devices that were ready.
        ready: usize,
        /// Devices wanted.
        wanted: usize,
        /// Connections that ended.
        lost: u64,
        /// Refusals by code.
        refusals: String,
    },
}

struct Load<'a> {
    arguments: &'a Arguments,
    reactor: Reactor,
    peers: Vec<Peer>,
    by_slot: Vec<usize>,
    touched: Vec<usize>,
    acks_due: VecDeque<(u64, usize)>,
    waiting: Vec<VecDeque<u64>>,
    schedule: Option<Schedule>,
    tally: Tally,
    started: Instant,
    message_id: u64,
    payload: Vec<u8>,
    out: Vec<u8>,
}

struct Schedule {
    next_ns: u64,
    interval_ns: f64,
    count: u64,
    begin_ns: u64,
}

/// Runs the load.
///
/// # Errors
/// The devices could not be made ready, or the reactor failed.
pub fn run(arguments: &Arguments) -> Result<Report, LoadError> {
    if let Some(core) = arguments.pin {
        core_affinity::set_for_current(core_affinity::CoreId { id: core });
    }
    let issuer = Issuer::of_data_directory(&arguments.data)?;
    let mut load = Load::new(arguments)?;
    load.set_up(&issuer)?;
    load.drive(Duration::from_secs(arguments.warm_up_s))?;
    load.tally = Tally::default();
    let reading = |load: &Load<'_>| {
        load.arguments
            .server_pid
            .and_then(|pid| Reading::take(pid, arguments.http))
    };
    let (before, own_before, begin) = (reading(&load), Reading::own_cpu_s(), Instant::now());
    load.drive(Duration::from_secs(arguments.seconds))?;
    let seconds = begin.elapsed().as_secs_f64();
    let own_cpu_s = Reading::own_cpu_s() - own_before;
    let server = before
        .zip(reading(&load))
        .map(|(before, after)| after.since(&before));
    let circumstances = Circumstances {
        pairs: arguments.pairs,
        in_flight: arguments.in_flight,
        payload_bytes: arguments.payload_bytes,
        seconds,
        server,
        load_cpu_share: own_cpu_s / seconds,
    };
    Ok(Report::new(load.tally, circumstances))
}

impl<'a> Load<'a> {
    fn new(arguments: &'a Arguments) -> Result<Self, LoadError> {
        let slots = (arguments.pairs * 2 + 64).next_power_of_two();
        let config = ReactorConfig {
            slots,
            receive_buffers: 1024,
            ..ReactorConfig::default()
        };
        Ok(Self {
            arguments,
            reactor: Reactor::new(config)?,
            peers: Vec::new(),
            by_slot: vec![usize::MAX; slots as usize],
            touched: Vec::new(),
            acks_due: VecDeque::new(),
            waiting: vec![VecDeque::new(); arguments.pairs as usize * 2],
            schedule: None,
            tally: Tally::default(),
            started: Instant::now(),
            message_id: u64::from(std::process::id()) << 40,
            payload: vec![b'x'; arguments.payload_bytes as usize],
            out: Vec::new(),
        })
    }

    fn now_ns(&self) -> u64 {
        self.started.elapsed().as_nanos() as u64
    }

    fn name(&self, index: usize) -> String {
        format!("{}-{index}", self.arguments.prefix)
    }

    /// Receivers first, so that their users exist when the chats are opened.
    fn set_up(&mut self, issuer: &Issuer) -> Result<(), LoadError> {
        let deadline = Instant::now() + SETUP_TIME;
        let wanted = self.arguments.pairs as usize;
        for (role, ready) in [
            (Role::Receiver, Stage::SignedIn),
            (Role::Sender, Stage::Running),
        ] {
            let begin = self.peers.len();
            loop {
                let joined = self.peers[begin..]
                    .iter()
                    .filter(|peer| peer.stage == ready)
                    .count();
                if joined == wanted {
                    break;
                }
                if Instant::now() > deadline || self.tally.lost_connections > 0 {
                    return Err(self.setup_failed(ready, begin));
                }
                let outstanding = self.peers.len() - begin - joined;
                for _ in outstanding..JOINING_MAX.min(wanted - joined) {
                    if self.peers.len() - begin < wanted {
                        self.join(role, issuer)?;
                    }
                }
                self.turn()?;
            }
        }
        self.touched.clear();
        Ok(())
    }

    fn setup_failed(&self, ready: Stage, begin: usize) -> LoadError {
        LoadError::Setup {
            seconds: SETUP_TIME.as_secs(),
            ready: self.peers[begin..]
                .iter()
                .filter(|peer| peer.stage == ready)
                .count(),
            wanted: self.arguments.pairs as usize,
            lost: self.tally.lost_connections,
            refusals: self.tally.refusals_text(),
        }
    }

    fn join(&mut self, role: Role, issuer: &Issuer) -> Result<(), LoadError> {
        let index = self.peers.len();
        let pairs = self.arguments.pairs as usize;
        let local = self.local_address(index);
        let connection = self
            .reactor
            .connect(local, self.arguments.server)
            .map_err(|error| io::Error::other(error.to_string()))?;
        let (own, other) = (self.name(index), self.name((index + pairs) % (2 * pairs)));
        let (user, peer_user) = (UserId::from_subject(&own), UserId::from_subject(&other));
        self.by_slot[connection.slot() as usize] = index;
        self.peers.push(Peer::new(
            role,
            connection,
            ChatId::one_to_one(user, peer_user),
        ));
        let mut out = core::mem::take(&mut self.out);
        out.clear();
        let token = issuer.issue(&own, 1);
        let (version_min, version_max) = (PROTOCOL_VERSION, PROTOCOL_VERSION);
        Hello {
            version_min,
            version_max,
            token: &token,
            client: "ringpost-bench",
            heartbeat_ms: 0,
        }
        .encode(&mut out);
        self.write(connection, &out);
        self.out = out;
        Ok(())
    }

    /// Spreads connections over loopback addresses, 20,000 ports each.
    fn local_address(&self, index: usize) -> Option<SocketAddr> {
        match self.arguments.server.ip() {
            IpAddr::V4(ip) if ip.is_loopback() => Some(SocketAddr::from((
                [127, 0, 1, 1 + (index / 20_000) as u8],
                0,
            ))),
            _ => None,
        }
    }

    fn write(&mut self, connection: Connection, bytes: &[u8]) {
        if !bytes.is_empty() && self.reactor.write(connection, &[bytes]).is_err() {
            self.tally.lost_connections += 1;
        }
    }

    fn turn(&mut self) -> io::Result<()> {
        let now_ns = self.now_ns();
        let Self {
            reactor,
            peers,
            by_slot,
            touched,
            tally,
            ..
        } = self;
        reactor.turn(Some(TURN), |event| match event {
            Event::Received { connection, bytes } => {
                let index = by_slot[connection.slot() as usize];
                touched.push(index);
                if !peers[index].receive(bytes, now_ns, tally) {
                    peers[index].stage = Stage::Lost;
                    tally.lost_connections += 1;
                }
            }
            Event::Closed { connection, .. } | Event::ConnectFailed { connection, .. } => {
                peers[by_slot[connection.slot() as usize]].stage = Stage::Lost;
                tally.lost_connections += 1;
            }
            _ => {}
        })?;
        self.after_turn();
        Ok(())
    }

    fn after_turn(&mut self) {
        let now_ns = self.now_ns();
        let mut touched = core::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        for index in touched.drain(..) {
            match (self.peers[index].role, self.peers[index].stage) {
                (Role::Sender, Stage::SignedIn) => self.open_chat(index),
                (Role::Sender, Stage::Running) => self.keep_busy(index, now_ns),
                (Role::Receiver, Stage::SignedIn) => self.acknowledge(index, now_ns),
                _ => {}
            }
        }
        self.touched = touched;
        while self.acks_due.front().is_some_and(|(due, _)| *due <= now_ns) {
            if let Some((_, index)) = self.acks_due.pop_front() {
                self.acknowledge(index, now_ns);
            }
        }
    }

    fn open_chat(&mut self, index: usize) {
        let pairs = self.arguments.pairs as usize;
        let user = UserId::from_subject(&self.name((index + pairs) % (2 * pairs)));
        let mut out = Vec::new();
        OpenChat { request: 1, user }.encode(&mut out);
        self.write(self.peers[index].connection, &out);
    }

    fn acknowledge(&mut self, index: usize, now_ns: u64) {
        let mut out = core::mem::take(&mut self.out);
        out.clear();
        let peer = &mut self.peers[index];
        if let Some(due) = peer.acknowledge(now_ns, &mut out) {
            self.acks_due.push_back((due, index));
        }
        let connection = peer.connection;
        self.write(connection, &out);
        self.out = out;
    }

    fn keep_busy(&mut self, index: usize, now_ns: u64) {
        let mut out = core::mem::take(&mut self.out);
        out.clear();
        let peer = &mut self.peers[index];
        peer.resend(now_ns, &mut self.payload, &mut out);
        while !peer.is_refused() && peer.in_flight() < self.arguments.in_flight as usize {
            let sent_ns = if self.schedule.is_some() {
                self.waiting[index].pop_front()
            } else {
                Some(now_ns)
            };
            let Some(sent_ns) = sent_ns else { break };
            self.message_id += 1;
            peer.send(self.message_id, sent_ns, &mut self.payload, &mut out);
        }
        let connection = peer.connection;
        self.write(connection, &out);
        self.out = out;
    }

    /// Runs the load for `time`.
    fn drive(&mut self, time: Duration) -> io::Result<()> {
        let end = Instant::now() + time;
        let senders = self.arguments.pairs as usize;
        if self.schedule.is_none() && self.arguments.rate > 0 {
            let begin_ns = self.now_ns();
            let interval_ns = 1e9 / self.arguments.rate as f64;
            self.schedule = Some(Schedule {
                next_ns: begin_ns,
                interval_ns,
                count: 0,
                begin_ns,
            });
        }
        let now_ns = self.now_ns();
        for index in senders..2 * senders {
            self.keep_busy(index, now_ns);
        }
        let mut checked = Instant::now();
        while Instant::now() < end {
            self.release_scheduled();
            self.turn()?;
            if checked.elapsed() > TURN {
                checked = Instant::now();
                let refused =
                    (senders..2 * senders).filter(|&index| self.peers[index].is_refused());
                let refused: Vec<usize> = refused.collect();
                let now_ns = self.now_ns();
                refused
                    .into_iter()
                    .for_each(|index| self.keep_busy(index, now_ns));
            }
        }
        Ok(())
    }

    fn release_scheduled(&mut self) {
        let now_ns = self.now_ns();
        let senders = self.arguments.pairs as usize;
        while let Some(schedule) = self
            .schedule
            .as_mut()
            .filter(|schedule| schedule.next_ns <= now_ns)
        {
            let index = senders + (schedule.count as usize % senders);
            self.waiting[index].push_back(schedule.next_ns);
            schedule.count += 1;
            schedule.next_ns =
                schedule.begin_ns + (schedule.count as f64 * schedule.interval_ns) as u64;
            self.keep_busy(index, now_ns);
        }
    }
}
