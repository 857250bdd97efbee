//! `Load`: the one client of all servers, on the ring. Closed loop: each echo that came whole is answered by the next frame.
//! Invariant: between measurements nothing is in flight.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use ringpost_gateway_ring::{
    CloseReason, ConnectError, Connection, Event, Reactor, ReactorConfig, Sockets, StartError,
    WriteError,
};

use crate::peer::{Peer, WrongEcho};

/// Connections that are made at once: fewer than any server's backlog holds.
const WAVE: usize = 64;

/// Without any event for so long the server is taken for stuck.
const STUCK_AFTER: Duration = Duration::from_secs(10);

/// Slots of the table beyond the connections.
const SPARE_SLOTS: usize = 64;

/// Latencies above a minute count as one; by then the load has given up.
const LATENCY_NS_MAX: u64 = 60_000_000_000;

/// Run before what is measured.
const WARM_UP: Duration = Duration::from_millis(300);

/// The load ended early.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The reactor does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The table of sockets is too small.
    #[error(transparent)]
    Table(#[from] ConnectError),
    /// The server refuses a connection.
    #[error("a connection was refused: {0}")]
    Refused(io::Error),
    /// The server ended a connection.
    #[error("a connection was closed: {0:?}")]
    Closed(CloseReason),
    /// An echo is not what was sent.
    #[error("wrong echo: frame {number} of a connection came back otherwise than it was sent")]
    WrongEcho {
        /// Number of the frame in its connection, from 0.
        number: u64,
    },
    /// A frame cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The reactor is of no more use.
    #[error("the load's ring: {0}")]
    Turn(io::Error),
    /// Nothing comes back.
    #[error("no echo for {} s", STUCK_AFTER.as_secs())]
    Stuck,
}

impl From<WrongEcho> for LoadError {
    fn from(wrong: WrongEcho) -> Self {
        let number = wrong.number;
        Self::WrongEcho { number }
    }
}

/// What a measurement gave.
#[derive(Debug)]
pub struct Measured {
    /// Round trips that ended in the time measured.
    pub round_trips: u64,
    /// How long was measured.
    pub elapsed: Duration,
    /// Nanoseconds from a frame's write to its echo.
    pub latency_ns: Histogram<u64>,
}

/// Connections to one server.
pub struct Load {
    reactor: Reactor,
    connections: Vec<Connection>,
    exchange: Exchange,
}

/// What is going on on all connections.
struct Exchange {
    /// By slot of the reactor's table.
    peers: Vec<Option<Peer>>,
    out: Vec<u8>,
    epoch: Instant,
    is_answering: bool,
    in_flight: u64,
    round_trips: u64,
    latency_ns: Histogram<u64>,
    failure: Option<LoadError>,
}

impl Load {
    /// Connects so many times and makes one round trip on each connection.
    ///
    /// # Errors
    /// As [`LoadError`] tells.
    pub fn connect(address: SocketAddr, connections: usize) -> Result<Self, LoadError> {
        let config = ReactorConfig {
            slots: (connections + SPARE_SLOTS) as u32,
            ..ReactorConfig::default()
        };
        let mut load = Self {
            exchange: Exchange::new(config.slots as usize),
            reactor: Reactor::new(config)?,
            connections: Vec::with_capacity(connections),
        };
        while load.connections.len() < connections {
            let wave = WAVE.min(connections - load.connections.len());
            for _ in 0..wave {
                let connection = load.reactor.connect(None, address)?;
                let number = load.connections.len() as u64;
                load.exchange.peers[connection.slot() as usize] = Some(Peer::new(number));
                load.connections.push(connection);
            }
            load.send_first(load.connections.len() - wave, 1)?;
            load.drain()?;
        }
        Ok(load)
    }

    /// Makes one or more round trips at once on every connection, so many times, and waits for all of them.
    ///
    /// # Errors
    /// As [`LoadError`] tells.
    pub fn exchange(&mut self, in_flight: usize, times: usize) -> Result<u64, LoadError> {
        let before = self.exchange.round_trips;
        for _ in 0..times {
            self.send_first(0, in_flight)?;
            self.drain()?;
        }
        Ok(self.exchange.round_trips - before)
    }

    /// Keeps `in_flight` frames in flight on every connection; `cpu` is called when measuring begins and when it ends.
    ///
    /// # Errors
    /// As [`LoadError`] tells, or as `cpu` does.
    pub fn measure<E: From<LoadError>>(
        &mut self,
        in_flight: usize,
        wanted: Duration,
        mut cpu: impl FnMut() -> Result<(), E>,
    ) -> Result<Measured, E> {
        self.exchange.is_answering = true;
        self.send_first(0, in_flight)?;
        self.run_until(Instant::now() + WARM_UP)?;
        self.exchange.latency_ns.reset();
        let before = self.exchange.round_trips;
        cpu()?;
        let begin = Instant::now();
        self.run_until(begin + wanted)?;
        let elapsed = begin.elapsed();
        cpu()?;
        let measured = Measured {
            round_trips: self.exchange.round_trips - before,
            elapsed,
            latency_ns: self.exchange.latency_ns.clone(),
        };
        self.drain()?;
        Ok(measured)
    }

    fn send_first(&mut self, from: usize, frames: usize) -> Result<(), LoadError> {
        let exchange = &mut self.exchange;
        for &connection in &self.connections[from..] {
            let Some(peer) = exchange.peers[connection.slot() as usize].as_mut() else {
                continue;
            };
            exchange.out.clear();
            let now_ns = exchange.epoch.elapsed().as_nanos() as u64;
            peer.send(frames as u64, now_ns, &mut exchange.out);
            self.reactor.write(connection, &[&exchange.out])?;
            exchange.in_flight += frames as u64;
        }
        Ok(())
    }

    fn run_until(&mut self, end: Instant) -> Result<(), LoadError> {
        while Instant::now() < end {
            self.turn()?;
        }
        Ok(())
    }

    /// Lets everything in flight come back.
    fn drain(&mut self) -> Result<(), LoadError> {
        self.exchange.is_answering = false;
        while self.exchange.in_flight > 0 {
            self.turn()?;
        }
        Ok(())
    }

    fn turn(&mut self) -> Result<(), LoadError> {
        let exchange = &mut self.exchange;
        let begin = Instant::now();
        let events = self
            .reactor
            .turn_with(Some(STUCK_AFTER), |sockets, event| {
                if exchange.failure.is_none() {
                    exchange.failure = exchange.take(sockets, event).err();
                }
            })
            .map_err(LoadError::Turn)?;
        if let Some(failure) = exchange.failure.take() {
            return Err(failure);
        }
        if events == 0 && begin.elapsed() >= STUCK_AFTER {
            return Err(LoadError::Stuck);
        }
        Ok(())
    }
}

impl Exchange {
    fn new(slots: usize) -> Self {
        Self {
            peers: std::iter::repeat_with(|| None).take(slots).collect(),
            out: Vec::new(),
            epoch: Instant::now(),
            is_answering: false,
            in_flight: 0,
            round_trips: 0,
            latency_ns: Histogram::new_with_bounds(1, LATENCY_NS_MAX, 3)
                .expect("the bounds are in order, three digits are allowed"),
            failure: None,
        }
    }

    fn take(&mut self, sockets: &mut Sockets<'_>, event: Event<'_>) -> Result<(), LoadError> {
        match event {
            Event::Received { connection, bytes } => self.received(sockets, connection, bytes),
            Event::ConnectFailed { error, .. } => Err(LoadError::Refused(error)),
            Event::Closed { reason, .. } => Err(LoadError::Closed(reason)),
            _ => Ok(()),
        }
    }

    fn received(
        &mut self,
        sockets: &mut Sockets<'_>,
        connection: Connection,
        bytes: &[u8],
    ) -> Result<(), LoadError> {
        let Some(peer) = self.peers[connection.slot() as usize].as_mut() else {
            return Ok(());
        };
        let now_ns = self.epoch.elapsed().as_nanos() as u64;
        let latency_ns = &mut self.latency_ns;
        let echoes = peer.receive(bytes, |sent_ns| {
            latency_ns.saturating_record(now_ns.saturating_sub(sent_ns));
        })?;
        self.round_trips += echoes;
        if self.is_answering && echoes > 0 {
            self.out.clear();
            peer.send(echoes, now_ns, &mut self.out);
            sockets.write(connection, &[&self.out])?;
        } else {
            self.in_flight -= echoes;
        }
        Ok(())
    }
}
