//! Bytes come back as they were sent: many connections, random sizes, few and tiny receive buffers, slow readers.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;

use crate::loopback::{listening, pattern, small, turn_until};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ringpost_gateway_ring::{Close, CloseReason, Event, Reactor, ReactorConfig, WriteError};

/// Echoes until `connections` have closed.
fn serve_echo(reactor: &mut Reactor, connections: usize) {
    let mut closed = 0;
    turn_until(reactor, |sockets, event| {
        match event {
            Event::Received { connection, bytes } => {
                sockets
                    .write(connection, &[bytes])
                    .expect("the clients bound what is in flight");
            }
            Event::Closed { reason, .. } => {
                assert_eq!(reason, CloseReason::PeerClosed);
                closed += 1;
            }
            _ => {}
        }
        closed == connections
    });
}

/// Sends `rounds` chunks of random size and content, each after the echo of the one before, then ends its stream.
fn random_client(address: SocketAddr, seed: u64, rounds: usize) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut stream = TcpStream::connect(address).expect("connect");
    for _ in 0..rounds {
        let mut chunk = vec![0; random.random_range(1..20_000)];
        random.fill(&mut chunk[..]);
        stream.write_all(&chunk).expect("write");
        let mut echo = vec![0; chunk.len()];
        stream.read_exact(&mut echo).expect("read");
        assert!(echo == chunk, "seed {seed}: the echo differs");
    }
    stream.shutdown(Shutdown::Write).expect("shutdown");
    assert_eq!(stream.read(&mut [0; 1]).expect("end of stream"), 0);
}

#[test]
fn random_chunks_come_back_on_many_connections() {
    let (mut reactor, address) = listening(small());
    let clients: Vec<_> = (0..40)
        .map(|seed| thread::spawn(move || random_client(address, seed, 30)))
        .collect();
    serve_echo(&mut reactor, 40);
    for client in clients {
        client.join().expect("client");
    }
    assert_eq!(reactor.open_connections(), 0);
    assert_eq!(
        (reactor.counters().accepted, reactor.counters().closed),
        (40, 40)
    );
    assert_eq!(
        reactor.counters().received_bytes,
        reactor.counters().sent_bytes
    );
    assert_eq!(reactor.counters().stale_completions, 0);
}

#[test]
fn a_flood_into_few_tiny_buffers_loses_nothing() {
    let config = ReactorConfig {
        receive_buffers: 2,
        receive_buffer_bytes: 64,
        ..small()
    };
    let (mut reactor, address) = listening(config);
    let clients: Vec<_> = (0..8)
        .map(|seed| thread::spawn(move || random_client(address, seed, 20)))
        .collect();
    serve_echo(&mut reactor, 8);
    for client in clients {
        client.join().expect("client");
    }
    assert!(
        reactor.counters().receive_buffer_exhausted > 0,
        "the test must exhaust the buffers"
    );
}

#[test]
fn a_slow_reader_gets_all_bytes_in_order() {
    const BYTES: usize = 8 << 20;
    let config = ReactorConfig {
        queued_bytes_max: 64 * 1024,
        ..small()
    };
    let (mut reactor, address) = listening(config);
    let expected = pattern(BYTES);
    let client = thread::spawn(move || {
        let mut stream = TcpStream::connect(address).expect("connect");
        let mut all = Vec::new();
        let mut piece = [0; 1500];
        loop {
            match stream.read(&mut piece).expect("read") {
                0 => return all,
                bytes => all.extend_from_slice(&piece[..bytes]),
            }
            thread::yield_now();
        }
    });
    let (mut written, mut refused) = (0, 0);
    turn_until(&mut reactor, |sockets, event| {
        let connection = match event {
            Event::Accepted { connection, .. } | Event::Sent { connection, .. } => connection,
            Event::Closed { reason, .. } => {
                assert_eq!(reason, CloseReason::Local);
                return true;
            }
            _ => return false,
        };
        while written < BYTES {
            let piece = &expected[written..BYTES.min(written + 1000)];
            match sockets.write(connection, &[piece]) {
                Ok(_) => written += piece.len(),
                Err(error) => {
                    assert_eq!(error, WriteError::NoRoom);
                    refused += 1;
                    return false;
                }
            }
        }
        sockets.close(connection, Close::AfterFlush);
        false
    });
    assert!(refused > 0, "the reader must be slower than the writer");
    assert!(client.join().expect("client") == expected);
}

#[test]
fn many_small_writes_leave_in_one_send() {
    let (mut reactor, address) = listening(small());
    let (mut client, connection) = crate::loopback::pair(&mut reactor, address);
    for number in 0..100u8 {
        reactor.write(connection, &[&[number], b"x"]).expect("room");
    }
    assert_eq!(reactor.queued_bytes(connection), Some(200));
    let mut sent = 0;
    turn_until(&mut reactor, |_, event| {
        if let Event::Sent {
            bytes,
            queued_bytes,
            ..
        } = event
        {
            sent += bytes;
            assert_eq!(queued_bytes, 200 - sent);
        }
        sent == 200
    });
    assert_eq!(reactor.counters().send_completions, 1);
    let expected: Vec<u8> = (0..100).flat_map(|number| [number, b'x']).collect();
    assert_eq!(crate::loopback::read_exactly(&mut client, 200), expected);
    assert_eq!(reactor.queued_bytes(connection), Some(0));
}
