//! Several rings of few slots: everything that one ring does, on each of them, and the same answers.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::loopback::{
    PATIENCE, closed, listening, pair, pattern, read_exactly, received, small, turn_until,
};
use ringpost_gateway_ring::{
    Close, CloseReason, ConnectError, Connection, Event, Reactor, ReactorConfig,
};

const RING_SLOTS: u32 = 8;
const SOCKETS: usize = 24;

/// Five rings: up to 16 of the 40 slots are held by accepts in flight.
fn five_rings() -> ReactorConfig {
    ReactorConfig {
        slots: 40,
        ring_slots: Some(RING_SLOTS),
        ..small()
    }
}

fn filled() -> (Reactor, SocketAddr, Vec<(TcpStream, Connection)>) {
    let (mut reactor, address) = listening(five_rings());
    let pairs = (0..SOCKETS).map(|_| pair(&mut reactor, address)).collect();
    assert_eq!(reactor.counters().rings_opened, 4);
    (reactor, address, pairs)
}

fn on_further_ring(pairs: &mut [(TcpStream, Connection)]) -> &mut (TcpStream, Connection) {
    pairs
        .iter_mut()
        .max_by_key(|(_, connection)| connection.slot())
        .filter(|(_, connection)| connection.slot() >= RING_SLOTS)
        .expect("a socket of a further ring")
}

#[test]
fn few_sockets_take_one_ring() {
    let (mut reactor, address) = listening(small());
    let _pair = pair(&mut reactor, address);
    assert_eq!(reactor.counters().rings_opened, 0);
}

#[test]
fn every_ring_echoes() {
    let (mut reactor, _, mut pairs) = filled();
    let expected = pattern(20_000);
    for (client, connection) in &mut pairs {
        client.write_all(&expected).expect("write");
        assert!(received(&mut reactor, *connection, expected.len()) == expected);
        reactor.write(*connection, &[&expected]).expect("room");
        let mut sent_bytes = 0;
        turn_until(&mut reactor, |_, event| {
            if let Event::Sent { bytes, .. } = event {
                sent_bytes += bytes;
            }
            sent_bytes == expected.len()
        });
        assert!(read_exactly(client, expected.len()) == expected);
    }
    assert_eq!(reactor.counters().stale_completions, 0);
}

/// Each round finds the thread asleep without a deadline, on its way there, or on its way back; traffic is on a further
/// ring only, so nothing but its signal ends the wait. A lost one hangs.
#[test]
fn no_traffic_of_a_further_ring_is_lost() {
    const ROUNDS: u64 = 20_000;
    let (mut reactor, _, mut pairs) = filled();
    let (client, connection) = on_further_ring(&mut pairs);
    let connection = *connection;
    let mut client = client.try_clone().expect("clone");
    let other = thread::spawn(move || {
        let mut answer = [0];
        for round in 0..ROUNDS {
            for _ in 0..round % 1024 {
                std::hint::spin_loop();
            }
            client.write_all(&[round as u8]).expect("write");
            client.read_exact(&mut answer).expect("answer");
            assert_eq!(answer[0], round as u8);
        }
    });
    let mut received_bytes = 0;
    while received_bytes < ROUNDS {
        reactor
            .turn_with(None, |sockets, event| {
                if let Event::Received { bytes, .. } = event {
                    received_bytes += bytes.len() as u64;
                    sockets.write(connection, &[bytes]).expect("room");
                }
            })
            .expect("turn");
    }
    while reactor.queued_bytes(connection) != Some(0) {
        reactor.turn(None, |_| {}).expect("turn");
    }
    other.join().expect("other");
}

#[test]
fn wakes_and_further_traffic_do_not_hide_each_other() {
    const ROUNDS: u64 = 5_000;
    let (mut reactor, _, mut pairs) = filled();
    let (client, _) = on_further_ring(&mut pairs);
    let mut client = client.try_clone().expect("clone");
    let waker = reactor.waker();
    let others = [
        thread::spawn(move || (0..ROUNDS).for_each(|_| client.write_all(b"x").expect("write"))),
        thread::spawn(move || (0..ROUNDS).for_each(|_| waker.wake())),
    ];
    let (mut bytes_received, mut wakes) = (0, 0);
    turn_until(&mut reactor, |_, event| {
        match event {
            Event::Received { bytes, .. } => bytes_received += bytes.len() as u64,
            Event::Woken => wakes += 1,
            other => panic!("{other:?}"),
        }
        bytes_received == ROUNDS && wakes > 0
    });
    for other in others {
        other.join().expect("other");
    }
}

#[test]
fn a_dormant_socket_of_a_further_ring_is_seen() {
    let (mut reactor, address) = listening(ReactorConfig {
        idle_after: Duration::from_millis(1),
        ..five_rings()
    });
    let mut pairs: Vec<_> = (0..SOCKETS).map(|_| pair(&mut reactor, address)).collect();
    while reactor.counters().receives_idled < 2 * SOCKETS as u64 {
        let before = reactor.counters().receives_idled;
        while reactor.counters().receives_idled < before + SOCKETS as u64 {
            reactor
                .turn(Some(Duration::from_secs(1)), |event| panic!("{event:?}"))
                .expect("turn");
        }
        for (client, connection) in &mut pairs {
            client.write_all(b"awake").expect("write");
            assert_eq!(received(&mut reactor, *connection, 5), b"awake");
        }
    }
    let (_, last) = *on_further_ring(&mut pairs);
    pairs.retain(|(_, connection)| *connection != last);
    assert_eq!(closed(&mut reactor, last), CloseReason::PeerClosed);
}

#[test]
fn connects_reach_every_ring_and_the_table_ends() {
    let (mut server, address) = listening(small());
    let mut reactor = Reactor::new(five_rings()).expect("io_uring");
    let local = SocketAddr::from(([127, 0, 0, 9], 0));
    let mut slots: Vec<_> = (0..40)
        .map(|_| reactor.connect(Some(local), address).expect("slot").slot())
        .collect();
    assert_eq!(reactor.connect(None, address), Err(ConnectError::TableFull));
    slots.sort_unstable();
    assert!(slots.into_iter().eq(0..40));
    let (mut accepted, mut connected) = (0, 0);
    while accepted < 40 || connected < 40 {
        server
            .turn(Some(Duration::from_millis(1)), |event| {
                if let Event::Accepted { peer, .. } = event {
                    assert_eq!(peer.ip(), local.ip());
                    accepted += 1;
                }
            })
            .expect("turn");
        reactor
            .turn(Some(Duration::from_millis(1)), |event| match event {
                Event::Connected { .. } => connected += 1,
                other => panic!("{other:?}"),
            })
            .expect("turn");
    }
    assert_eq!(reactor.counters().rings_opened, 4);
}

#[test]
fn a_full_table_goes_on_when_a_slot_of_any_ring_is_freed() {
    let (mut reactor, address) = listening(five_rings());
    let mut pairs: Vec<_> = (0..40).map(|_| pair(&mut reactor, address)).collect();
    for number in [3, 12, 38] {
        let waiting = TcpStream::connect(address).expect("backlog");
        let (client, connection) = pairs.remove(number);
        reactor.close(connection, Close::Now);
        let mut accepted = None;
        turn_until(&mut reactor, |_, event| {
            if let Event::Accepted { connection, .. } = event {
                accepted = Some(connection);
            }
            accepted.is_some()
        });
        let accepted = accepted.expect("accepted");
        assert_eq!(accepted.slot(), connection.slot());
        assert_ne!(accepted, connection);
        drop(client);
        pairs.insert(number, (waiting, accepted));
    }
}

#[test]
fn stopped_listeners_refuse_and_open_sockets_stay() {
    let (mut reactor, address, mut pairs) = filled();
    reactor.stop_listening();
    while TcpStream::connect(address).is_ok() {
        reactor.turn(Some(Duration::ZERO), |_| {}).expect("turn");
    }
    let (client, connection) = on_further_ring(&mut pairs);
    client.write_all(b"still").expect("write");
    assert_eq!(received(&mut reactor, *connection, 5), b"still");
}

#[test]
fn a_dropped_reactor_ends_the_sockets_of_all_rings() {
    let (reactor, _, pairs) = filled();
    drop(reactor);
    for (mut client, _) in pairs {
        let ended = client.read(&mut [0; 8]);
        assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
        assert!(!ended.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock));
    }
}

/// What a caller saw of the operations, in the caller's own numbering.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    received: BTreeMap<usize, Vec<u8>>,
    closed: BTreeMap<usize, CloseReason>,
    echoed: BTreeMap<usize, Vec<u8>>,
}

struct Played {
    reactor: Reactor,
    address: SocketAddr,
    open: Vec<(usize, TcpStream, Connection)>,
    seen: Seen,
}

impl Played {
    fn new(config: ReactorConfig) -> Self {
        let (reactor, address) = listening(config);
        Self {
            reactor,
            address,
            open: Vec::new(),
            seen: Seen::default(),
        }
    }

    fn step(&mut self, number: usize, random: &mut ChaCha8Rng) {
        let (choice, which) = (random.random_range(0..8), random.random_range(0..1000));
        let bytes = pattern(random.random_range(1..9_000));
        if self.open.is_empty() || (choice < 2 && self.open.len() < SOCKETS) {
            let (client, connection) = pair(&mut self.reactor, self.address);
            client.set_nodelay(true).expect("option");
            self.open.push((number, client, connection));
            return;
        }
        let at = which % self.open.len();
        let (id, client, connection) = &mut self.open[at];
        let (id, connection) = (*id, *connection);
        match choice {
            0..=4 => {
                client.write_all(&bytes).expect("write");
                let came = received(&mut self.reactor, connection, bytes.len());
                self.seen.received.entry(id).or_default().extend(came);
            }
            5 | 6 => {
                self.reactor.write(connection, &[&bytes]).expect("room");
                while self.reactor.queued_bytes(connection) != Some(0) {
                    self.reactor.turn(Some(PATIENCE), |_| {}).expect("turn");
                }
                let came = read_exactly(client, bytes.len());
                self.seen.echoed.entry(id).or_default().extend(came);
            }
            _ => {
                let (_, client, _) = self.open.swap_remove(at);
                if which % 2 == 0 {
                    self.reactor.close(connection, Close::Now);
                } else {
                    drop(client);
                }
                let reason = closed(&mut self.reactor, connection);
                self.seen.closed.insert(id, reason);
            }
        }
    }
}

#[test]
fn random_operations_end_as_on_one_ring() {
    const SEED: u64 = 20_26;
    const STEPS: usize = 4_000;
    println!("seed {SEED}");
    let one = ReactorConfig {
        ring_slots: None,
        ..five_rings()
    };
    let results = [one, five_rings()].map(|config| {
        let mut random = ChaCha8Rng::seed_from_u64(SEED);
        let mut played = Played::new(config);
        (0..STEPS).for_each(|number| played.step(number, &mut random));
        assert_eq!(played.reactor.open_connections(), played.open.len());
        assert_eq!(played.reactor.counters().stale_completions, 0);
        (played.seen, played.reactor.counters().rings_opened)
    });
    let [(one, no_more), (five, four_more)] = results;
    assert!(one == five);
    assert_eq!((no_more, four_more), (0, 4));
}
