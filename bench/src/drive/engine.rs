//! `Engine`: the fleet on one reactor. One thread; a turn takes what came, then writes what became due.
//!
//! Invariant: a connection's events reach the device that made it and no other, whatever slot it had before.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use ringpost_gateway_ring::{Close, ConnectError, Connection, Event, Reactor, ReactorConfig};

use super::addresses::local_address;
use super::clock::Clock;
use super::connects::Connects;
use super::error::RunError;
use super::links::{Links, receive};
use super::progress::Progress;
use super::watch::Watch;
use crate::calendar::rfc3339;
use crate::fleet::{Counts, Fleet};
use crate::node::{NodeHandle, TlsDoor, TlsMode};
use crate::record::{Recorder, Row, Stage};
use crate::results::folder_name;
use crate::token::Issuer;

/// Longest wait in a turn: acknowledgements are at most so much late.
const TURN: Duration = Duration::from_millis(2);
/// Slots beside the devices', for connections that are closing.
const SPARE_SLOTS: u32 = 1024;
/// Bytes queued for one socket at most; the sends in flight of many chats fit.
const QUEUED_BYTES_MAX: usize = 4 << 20;
/// Connects of one turn at most, and cuts, so that a storm does not keep the generator from reading.
const CONNECTS_PER_TURN: usize = 256;
/// A second of the series.
const INTERVAL_NS: u64 = 1_000_000_000;

/// What an engine needs to know.
pub struct EngineOptions {
    /// The node's native door.
    pub server: SocketAddr,
    /// How devices make handshakes with the door that has TLS; `None` for the plain one.
    pub tls: Option<(TlsMode, TlsDoor)>,
    /// The node's process and HTTP door, if they can be watched.
    pub node: Option<NodeHandle>,
    /// Makes the devices' tokens.
    pub issuer: Issuer,
    /// Where the run's folder is made when counting begins; none records nothing.
    pub runs: Option<PathBuf>,
    /// Name of the scenario, for the folder.
    pub scenario_name: String,
    /// Set to end the run early.
    pub stop: Arc<AtomicBool>,
    /// Say nothing on standard error.
    pub is_quiet: bool,
    /// Seed of the backoffs.
    pub seed: u64,
}

/// A run that goes on.
pub struct Engine {
    pub(super) fleet: Fleet,
    pub(super) clock: Clock,
    pub(super) connects: Connects,
    pub(super) watch: Watch,
    pub(super) progress: Progress,
    pub(super) options: EngineOptions,
    pub(super) counting: Option<Counting>,
    started: SystemTime,
    folder: Option<PathBuf>,
    reactor: Reactor,
    links: Option<Links>,
    by_slot: Vec<u32>,
    out: Vec<u8>,
    ended: Vec<(u32, bool)>,
    not_reading: BTreeSet<u32>,
    cuts: VecDeque<u32>,
}

/// What is written to a connection.
#[derive(Clone, Copy)]
enum Bytes {
    /// What the device says.
    Out,
    /// What its link has made of it.
    OfLink,
}

/// The counted part of a run.
pub(super) struct Counting {
    pub began_ns: u64,
    pub base: Counts,
    next_row_ns: u64,
    last_row_ms: u64,
}

impl Engine {
    /// An engine whose devices are all offline.
    ///
    /// # Errors
    /// The reactor cannot be had.
    pub fn new(fleet: Fleet, mut options: EngineOptions) -> Result<Self, RunError> {
        let devices = fleet.world().devices();
        let slots = devices + SPARE_SLOTS;
        let links = match &options.tls {
            None => None,
            Some((mode, door)) => {
                options.server = door.address;
                Some(Links::new(door, *mode, devices)?)
            }
        };
        let config = ReactorConfig {
            slots,
            receive_buffers: 1024,
            queued_bytes_max: QUEUED_BYTES_MAX,
            ..ReactorConfig::default()
        };
        Ok(Self {
            reactor: Reactor::new(config)?,
            links,
            by_slot: vec![u32::MAX; slots as usize],
            clock: Clock::start(),
            connects: Connects::new(options.seed),
            watch: Watch::start(options.node.as_ref()),
            progress: Progress::new(options.is_quiet),
            counting: None,
            started: SystemTime::now(),
            folder: None,
            out: Vec::new(),
            ended: Vec::new(),
            not_reading: BTreeSet::new(),
            cuts: VecDeque::new(),
            fleet,
            options,
        })
    }

    /// The devices, when counting began, and the run's folder.
    pub fn end(self) -> (Fleet, SystemTime, Option<PathBuf>) {
        (self.fleet, self.started, self.folder)
    }

    /// Whether the user wants the run to end.
    pub fn is_stopped(&self) -> bool {
        self.options.stop.load(Ordering::Relaxed)
    }

    /// One turn: waits at most until `next_ns`, takes what came, writes what is due, connects whose turn it is.
    pub(super) fn turn(&mut self, next_ns: Option<u64>) -> Result<(), RunError> {
        let now_ns = self.clock.now_ns();
        let until_next = next_ns.map_or(TURN, |next| {
            Duration::from_nanos(next.saturating_sub(now_ns))
        });
        self.take_events(until_next.min(TURN))?;
        let now_ns = self.clock.now_ns();
        self.end_connections(now_ns);
        for _ in 0..CONNECTS_PER_TURN {
            let Some(device) = self.cuts.pop_front() else {
                break;
            };
            self.cut_now(device);
        }
        self.fleet.due(now_ns);
        self.write_due(now_ns);
        for _ in 0..CONNECTS_PER_TURN {
            let Some(device) = self.connects.next(now_ns) else {
                break;
            };
            if !self.fleet.is_wanted(device) {
                continue;
            }
            if self.fleet.connection(device).is_none() {
                self.connect(device, now_ns)?;
            } else {
                // It is still to be cut.
                self.connects.add(device);
            }
        }
        self.end_row(now_ns)
    }

    fn take_events(&mut self, wait: Duration) -> io::Result<()> {
        let Self {
            reactor,
            links,
            fleet,
            by_slot,
            clock,
            ended,
            connects,
            ..
        } = self;
        // One time for all events of a turn: they came before it.
        let mut now_ns = 0;
        let device_of = |fleet: &Fleet, connection: Connection| {
            let device = by_slot[connection.slot() as usize];
            (device != u32::MAX && fleet.connection(device) == Some(connection)).then_some(device)
        };
        reactor.turn_with(Some(wait), |sockets, event| {
            if now_ns == 0 {
                now_ns = clock.now_ns();
            }
            match event {
                Event::Received { connection, bytes } => {
                    let Some(device) = device_of(fleet, connection) else {
                        return;
                    };
                    let was_live = fleet.is_live(device);
                    let received = match links {
                        None => fleet
                            .receive(device, bytes, now_ns)
                            .map_err(|error| error.to_string()),
                        Some(links) => {
                            receive((links, sockets), fleet, (device, connection, bytes), now_ns)
                        }
                    };
                    if let Err(error) = received {
                        fleet.recorder.errors.count("broken-stream", || error);
                        ended.push((device, true));
                    }
                    if !was_live && fleet.is_live(device) {
                        connects.joining -= 1;
                    }
                }
                Event::Closed { connection, reason } => {
                    let Some(device) = device_of(fleet, connection) else {
                        return;
                    };
                    fleet
                        .recorder
                        .errors
                        .count("connection-lost", || format!("{reason:?}"));
                    ended.push((device, false));
                }
                Event::ConnectFailed { connection, error } => {
                    let Some(device) = device_of(fleet, connection) else {
                        return;
                    };
                    fleet
                        .recorder
                        .errors
                        .count("connect-failed", || error.to_string());
                    ended.push((device, false));
                }
                _ => {}
            }
        })?;
        Ok(())
    }

    /// Connections that ended without our doing: the devices come back after their backoff.
    fn end_connections(&mut self, now_ns: u64) {
        let mut ended = core::mem::take(&mut self.ended);
        for (device, must_close) in ended.drain(..) {
            let Some(connection) = self.fleet.connection(device) else {
                continue;
            };
            if must_close {
                self.reactor.close(connection, Close::Now);
            }
            self.fleet.counts.lost_connections += 1;
            self.forget_connection(device);
            if self.fleet.is_wanted(device) {
                let attempts = self.fleet.attempts(device);
                self.connects.add_later(device, attempts, now_ns);
            }
        }
        self.ended = ended;
    }

    fn forget_connection(&mut self, device: u32) {
        if !self.fleet.is_live(device) {
            self.connects.joining -= 1;
        }
        self.fleet.disconnected(device);
    }

    /// Takes a device down without a word, as a network that is gone would: in this turn, or in the next ones if they are many.
    pub(super) fn cut(&mut self, device: u32) {
        self.cuts.push_back(device);
    }

    /// Whether devices are still to be cut.
    pub(super) fn is_cutting(&self) -> bool {
        !self.cuts.is_empty()
    }

    fn cut_now(&mut self, device: u32) {
        if let Some(connection) = self.fleet.connection(device) {
            self.forget_connection(device);
            self.reactor.close(connection, Close::Now);
        }
    }

    /// Connects a device; it waits for another turn while closing sockets still hold the table's last places.
    fn connect(&mut self, device: u32, now_ns: u64) -> Result<(), RunError> {
        let local = local_address(self.options.server, device);
        let connection = match self.reactor.connect(local, self.options.server) {
            Ok(connection) => connection,
            Err(ConnectError::TableFull) => {
                self.connects.add(device);
                return Ok(());
            }
            Err(error) => return Err(io::Error::other(error.to_string()).into()),
        };
        self.by_slot[connection.slot() as usize] = device;
        self.connects.joining += 1;
        let user = self.fleet.world().user_of(device);
        let subject = self.fleet.world().subject(user);
        let token = self
            .options
            .issuer
            .issue(&subject, self.fleet.world().device_number(device));
        self.out.clear();
        self.fleet
            .begin_connect(device, connection, &token, now_ns, &mut self.out);
        if let Some(links) = &mut self.links
            && links.begin(device).is_ok()
        {
            self.write_bytes(device, Bytes::OfLink);
        }
        self.write(device);
        Ok(())
    }

    fn write_due(&mut self, now_ns: u64) {
        while let Some(device) = self.fleet.next_touched() {
            self.out.clear();
            self.fleet.write_device(device, now_ns, &mut self.out);
            self.write(device);
        }
        while let Some(side) = self.fleet.next_dirty() {
            self.out.clear();
            self.fleet.write_side(side, now_ns, &mut self.out);
            self.write(self.fleet.device_of(side));
        }
    }

    /// Writes `out` to a device's connection, through its link if it has one.
    fn write(&mut self, device: u32) {
        if self.out.is_empty() || self.fleet.connection(device).is_none() {
            return;
        }
        self.fleet.counts.bytes_out += self.out.len() as u64;
        let Some(links) = &mut self.links else {
            return self.write_bytes(device, Bytes::Out);
        };
        match links.say(device, &self.out) {
            Ok(()) => self.write_bytes(device, Bytes::OfLink),
            Err(error) => self.count_refused(device, &error),
        }
    }

    fn write_bytes(&mut self, device: u32, which: Bytes) {
        let Some(connection) = self.fleet.connection(device) else {
            return;
        };
        let bytes = match (which, &self.links) {
            (Bytes::OfLink, Some(links)) => links.outgoing(),
            _ => &self.out,
        };
        let written = match bytes.is_empty() {
            true => Ok(0),
            false => self.reactor.write(connection, &[bytes]),
        };
        if let Some(links) = &mut self.links {
            links.clear();
        }
        if let Err(error) = written {
            self.count_refused(device, &error);
        }
    }

    fn count_refused(&mut self, device: u32, error: &dyn std::error::Error) {
        self.fleet
            .recorder
            .errors
            .count("write-refused", || error.to_string());
        self.ended.push((device, true));
    }

    /// Stops or goes on taking bytes from a device's connection.
    pub(super) fn set_reading(&mut self, device: u32, is_reading: bool) {
        let Some(connection) = self.fleet.connection(device) else {
            return;
        };
        if is_reading {
            self.reactor.resume_receiving(connection);
        } else {
            self.reactor.pause_receiving(connection);
            self.not_reading.insert(device);
        }
    }

    /// Goes on taking bytes from all connections.
    pub(super) fn read_again(&mut self) {
        for device in core::mem::take(&mut self.not_reading) {
            self.set_reading(device, true);
        }
    }

    /// Counts from now on; what was recorded before is forgotten.
    pub(super) fn begin_counting(&mut self) -> Result<(), RunError> {
        let now_ns = self.clock.now_ns();
        self.started = SystemTime::now();
        let name = folder_name(&rfc3339(self.started), &self.options.scenario_name);
        let runs = self.options.runs.as_ref();
        self.folder = runs.zip(name).map(|(runs, name)| runs.join(name));
        self.fleet.recorder = Recorder::create(self.folder.as_deref(), self.started)?;
        self.fleet.begin_peak();
        self.watch.begin_counting();
        self.counting = Some(Counting {
            began_ns: now_ns,
            base: self.fleet.counts,
            next_row_ns: now_ns + INTERVAL_NS,
            last_row_ms: 0,
        });
        Ok(())
    }

    fn end_row(&mut self, now_ns: u64) -> Result<(), RunError> {
        let is_due = self
            .counting
            .as_ref()
            .is_some_and(|counting| counting.next_row_ns <= now_ns);
        if is_due {
            self.write_row(now_ns)
        } else {
            Ok(())
        }
    }

    /// Ends an interval.
    pub(super) fn write_row(&mut self, now_ns: u64) -> Result<(), RunError> {
        let Some(counting) = self.counting.as_mut() else {
            return Ok(());
        };
        while counting.next_row_ns <= now_ns {
            counting.next_row_ns += INTERVAL_NS;
        }
        let elapsed = Duration::from_nanos(now_ns - counting.began_ns);
        let elapsed_ms = elapsed.as_millis() as u64;
        // The series counts in milliseconds: a row for the same one would say nothing.
        if elapsed_ms == counting.last_row_ms {
            return Ok(());
        }
        counting.last_row_ms = elapsed_ms;
        let counts = self.fleet.counts.since(&counting.base);
        let watched = self.watch.now();
        let row = Row {
            t_s: elapsed.as_secs_f64(),
            sent: counts.sent,
            delivered: counts.delivered,
            refused: counts.refused,
            errors: self.fleet.recorder.errors.total(),
            sessions: u64::from(self.fleet.live()),
            server_cpu_s: watched.server_cpu_s,
            server_resident_bytes: watched.server_resident_bytes,
            syncs: watched.syncs,
            backlog_bytes: watched.backlog_bytes,
            generator_cpu_s: watched.generator_cpu_s,
            generator_lag_ms_max: self.fleet.recorder.interval_max_ns(Stage::Lag) as f64 / 1e6,
            bytes_out: counts.bytes_out,
            bytes_in: counts.bytes_in,
            frames_out: counts.frames_out,
            frames_in: counts.frames_in,
        };
        Ok(self.fleet.recorder.end_interval(elapsed, &row)?)
    }
}
