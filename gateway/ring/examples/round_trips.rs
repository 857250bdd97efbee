//! Nanoseconds a round trip of 128-byte frames over loopback: an echo reactor on core 0, a load reactor on core 1.
//! `round_trips [SECONDS]`, by default 3 for each of 100 connections x 1 and x 16 in flight.
//! Prints wall time and server CPU a round trip; a figure is only worth what the machine was idle.

use std::error::Error;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use core_affinity::CoreId;
use ringpost_gateway_ring::{Event, Listen, Reactor, ReactorConfig, Sockets, Waker};

const FRAME_BYTES: usize = 128;
const CONNECTIONS: usize = 100;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let seconds = std::env::args().nth(1).as_deref().unwrap_or("3").parse()?;
    let stop = Arc::new(AtomicBool::new(false));
    let (started, start) = mpsc::channel();
    let server = {
        let stop = Arc::clone(&stop);
        thread::spawn(move || serve(&started, &stop))
    };
    let (address, waker) = start.recv()?;
    core_affinity::set_for_current(CoreId { id: 1 });
    for depth in [1, 16] {
        measure(address, depth, Duration::from_secs(seconds))?;
    }
    stop.store(true, Ordering::Relaxed);
    waker.wake();
    let (server_ns, round_trips) = server.join().map_err(|_| "the server panicked")??;
    println!(
        "server CPU over both: {} ns a round trip",
        server_ns / round_trips.max(1)
    );
    Ok(())
}

/// Echoes until told to stop; returns its CPU time in nanoseconds and the round trips served.
fn serve(
    started: &mpsc::Sender<(SocketAddr, Waker)>,
    stop: &AtomicBool,
) -> Result<(u64, u64), Failure> {
    core_affinity::set_for_current(CoreId { id: 0 });
    let mut reactor = Reactor::new(ReactorConfig::default())?;
    let address = reactor.listen(([127, 0, 0, 1], 0).into(), Listen::default())?;
    started.send((address, reactor.waker()))?;
    while !stop.load(Ordering::Relaxed) {
        reactor.turn_with(None, |sockets, event| {
            if let Event::Received { connection, bytes } = event {
                // The load bounds what is in flight, so there is room.
                let _ = sockets.write(connection, &[bytes]);
            }
        })?;
    }
    println!("server: {:?}", reactor.counters());
    Ok((
        thread_cpu_ns()?,
        reactor.counters().received_bytes / FRAME_BYTES as u64,
    ))
}

fn measure(address: SocketAddr, depth: usize, wanted: Duration) -> Result<(), Failure> {
    let mut load = Load::new(address, depth)?;
    load.run_for(Duration::from_millis(500))?;
    let before = load.round_trips;
    let started = Instant::now();
    load.run_for(wanted)?;
    let round_trips = load.round_trips - before;
    let each = started.elapsed().as_nanos() / u128::from(round_trips.max(1));
    println!("{CONNECTIONS} x {depth}: {each} ns a round trip ({round_trips} round trips)");
    Ok(())
}

struct Load {
    reactor: Reactor,
    /// For each slot, bytes of the frame that is coming in.
    partial_bytes: Vec<usize>,
    round_trips: u64,
}

impl Load {
    fn new(address: SocketAddr, depth: usize) -> Result<Self, Failure> {
        let config = ReactorConfig::default();
        let mut load = Self {
            partial_bytes: vec![0; config.slots as usize],
            reactor: Reactor::new(config)?,
            round_trips: 0,
        };
        for _ in 0..CONNECTIONS {
            let connection = load.reactor.connect(None, address)?;
            load.reactor
                .write(connection, &vec![[7; FRAME_BYTES].as_slice(); depth])?;
        }
        Ok(load)
    }

    fn run_for(&mut self, wanted: Duration) -> Result<(), Failure> {
        let end = Instant::now() + wanted;
        while Instant::now() < end {
            let (partial_bytes, round_trips) = (&mut self.partial_bytes, &mut self.round_trips);
            self.reactor
                .turn_with(Some(Duration::from_millis(100)), |sockets, event| {
                    *round_trips += answer(sockets, partial_bytes, event);
                })?;
        }
        Ok(())
    }
}

/// Sends a frame for each frame that came back whole; returns how many did.
fn answer(sockets: &mut Sockets<'_>, partial_bytes: &mut [usize], event: Event<'_>) -> u64 {
    let (connection, bytes) = match event {
        Event::Received { connection, bytes } => (connection, bytes),
        Event::ConnectFailed { error, .. } => panic!("connect: {error}"),
        Event::Closed { reason, .. } => panic!("closed: {reason:?}"),
        _ => return 0,
    };
    let partial = &mut partial_bytes[connection.slot() as usize];
    let total = *partial + bytes.len();
    *partial = total % FRAME_BYTES;
    let frames = total / FRAME_BYTES;
    for _ in 0..frames {
        // As many bytes as just came back, so there is room.
        let _ = sockets.write(connection, &[&[7; FRAME_BYTES]]);
    }
    frames as u64
}

fn thread_cpu_ns() -> Result<u64, Failure> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split(' ').next().unwrap_or_default().parse()?)
}
