//! What happens at the limits: a full table, full send buffers, paused receiving, tiny queues.

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::loopback::{
    PATIENCE, closed, listening, pair, pattern, read_exactly, received, small, turn_until,
};
use ringpost_gateway_ring::{
    Close, CloseReason, ConnectError, Event, Listen, Reactor, ReactorConfig, WriteError,
};

#[test]
fn a_full_table_leaves_connections_in_the_backlog() {
    let (mut reactor, address) = listening(ReactorConfig {
        slots: 3,
        ..small()
    });
    let mut clients: Vec<_> = (0..5)
        .map(|_| TcpStream::connect(address).expect("backlog"))
        .collect();
    let mut accepted = Vec::new();
    turn_until(&mut reactor, |_, event| {
        if let Event::Accepted {
            connection, peer, ..
        } = event
        {
            accepted.push((connection, peer));
        }
        accepted.len() == 3
    });
    assert_eq!(reactor.connect(None, address), Err(ConnectError::TableFull));
    reactor
        .turn(Some(Duration::ZERO), |event| panic!("{event:?}"))
        .expect("turn");
    for (connection, _) in accepted.clone() {
        reactor.close(connection, Close::Now);
        let mut closed = false;
        turn_until(&mut reactor, |_, event| {
            match event {
                Event::Accepted {
                    connection, peer, ..
                } => accepted.push((connection, peer)),
                Event::Closed {
                    connection: ended, ..
                } => closed |= ended == connection,
                other => panic!("{other:?}"),
            }
            closed
        });
    }
    while accepted.len() < 5 {
        let mut more = None;
        turn_until(&mut reactor, |_, event| match event {
            Event::Accepted {
                connection, peer, ..
            } => {
                more = Some((connection, peer));
                true
            }
            _ => false,
        });
        accepted.extend(more);
    }
    let mut peers: Vec<_> = accepted.iter().map(|(_, peer)| *peer).collect();
    let mut expected: Vec<_> = clients
        .iter()
        .map(|c| c.local_addr().expect("address"))
        .collect();
    peers.sort();
    expected.sort();
    assert_eq!(peers, expected);
    let (last, last_peer) = accepted[4];
    reactor.write(last, &[b"served"]).expect("room");
    turn_until(&mut reactor, |_, event| matches!(event, Event::Sent { .. }));
    let client = clients
        .iter_mut()
        .find(|c| c.local_addr().is_ok_and(|a| a == last_peer))
        .expect("client");
    assert_eq!(read_exactly(client, 6), b"served");
}

#[test]
fn no_room_writes_nothing() {
    let config = ReactorConfig {
        queued_bytes_max: 1000,
        ..small()
    };
    let (mut reactor, address) = listening(config);
    let (mut client, connection) = pair(&mut reactor, address);
    assert_eq!(reactor.write(connection, &[&[1; 600]]), Ok(600));
    assert_eq!(
        reactor.write(connection, &[&[2; 300], &[3; 101]]),
        Err(WriteError::NoRoom)
    );
    assert_eq!(reactor.queued_bytes(connection), Some(600));
    assert_eq!(reactor.write(connection, &[&[4; 400]]), Ok(1000));
    assert_eq!(reactor.write(connection, &[b"x"]), Err(WriteError::NoRoom));
    turn_until(&mut reactor, |_, event| {
        matches!(
            event,
            Event::Sent {
                queued_bytes: 0,
                ..
            }
        )
    });
    let expected = [[1; 600].as_slice(), &[4; 400]].concat();
    assert_eq!(read_exactly(&mut client, 1000), expected);
    assert_eq!(reactor.counters().write_refused, 2);
}

#[test]
fn the_send_memory_of_all_sockets_is_bounded() {
    let config = ReactorConfig {
        send_bytes_max: 4096,
        ..small()
    };
    let (mut reactor, address) = listening(config);
    let (_first_client, first) = pair(&mut reactor, address);
    let (mut second_client, second) = pair(&mut reactor, address);
    reactor.write(first, &[&[1; 4000]]).expect("room");
    assert_eq!(reactor.write(second, &[b"x"]), Err(WriteError::NoRoom));
    turn_until(&mut reactor, |_, event| {
        matches!(
            event,
            Event::Sent {
                queued_bytes: 0,
                ..
            }
        )
    });
    reactor
        .write(second, &[b"x"])
        .expect("the memory came back");
    turn_until(&mut reactor, |_, event| matches!(event, Event::Sent { .. }));
    assert_eq!(read_exactly(&mut second_client, 1), b"x");
}

#[test]
fn paused_bytes_wait_in_the_kernel() {
    let (mut reactor, address) = listening(small());
    let (mut client, connection) = pair(&mut reactor, address);
    client.write_all(b"before").expect("write");
    assert_eq!(received(&mut reactor, connection, 6), b"before");
    assert!(reactor.pause_receiving(connection));
    let completions = reactor.counters().receive_completions;
    while reactor.counters().receive_completions == completions {
        reactor
            .turn(Some(Duration::ZERO), |event| panic!("{event:?}"))
            .expect("turn");
    }
    client.write_all(b"after").expect("write");
    for _ in 0..5 {
        reactor
            .turn(Some(Duration::ZERO), |event| panic!("{event:?}"))
            .expect("turn");
    }
    assert!(reactor.resume_receiving(connection));
    assert_eq!(received(&mut reactor, connection, 5), b"after");
}

#[test]
fn pausing_in_a_stream_keeps_its_order() {
    const BYTES: usize = 2 << 20;
    let (mut reactor, address) = listening(small());
    let (mut client, expected_connection) = pair(&mut reactor, address);
    let writer = thread::spawn(move || client.write_all(&pattern(BYTES)).expect("write"));
    let mut all = Vec::new();
    let mut flips = 0u32;
    let end = Instant::now() + PATIENCE;
    while all.len() < BYTES {
        assert!(Instant::now() < end, "{:?}", reactor.counters());
        let before = all.len();
        reactor
            .turn(Some(Duration::from_millis(1)), |event| {
                if let Event::Received { bytes, .. } = event {
                    all.extend_from_slice(bytes);
                }
            })
            .expect("turn");
        if all.len() > before || flips % 2 == 1 {
            flips += 1;
            if flips % 2 == 1 {
                reactor.pause_receiving(expected_connection);
            } else {
                reactor.resume_receiving(expected_connection);
            }
        }
    }
    // The last piece may have paused it, and a paused socket does not see its end.
    reactor.resume_receiving(expected_connection);
    writer.join().expect("writer");
    assert!(flips > 10, "paused {flips} times");
    assert!(all == pattern(BYTES));
    assert_eq!(
        closed(&mut reactor, expected_connection),
        CloseReason::PeerClosed
    );
}

#[test]
fn more_connections_than_submission_entries() {
    let config = ReactorConfig {
        submission_entries: 16,
        ..small()
    };
    let (mut reactor, address) = listening(config);
    let ours: Vec<_> = (0..100)
        .map(|_| reactor.connect(None, address).expect("slot"))
        .collect();
    for (number, connection) in ours.iter().enumerate() {
        reactor
            .write(*connection, &[&pattern(number + 1)])
            .expect("room");
    }
    let (mut echoed, mut got) = (0, 0);
    let expected: usize = (1..=100).sum();
    turn_until(&mut reactor, |sockets, event| {
        if let Event::Received { connection, bytes } = event {
            if ours.contains(&connection) {
                got += bytes.len();
            } else {
                echoed += bytes.len();
                sockets.write(connection, &[bytes]).expect("room");
            }
        }
        got == expected
    });
    assert_eq!((echoed, reactor.open_connections()), (expected, 200));
}

/// More addresses than the reactor keeps at once, in one turn: none may be overwritten before the kernel has it.
#[test]
fn many_connects_in_one_turn_reach_their_addresses() {
    let (mut reactor, first) = listening(ReactorConfig {
        submission_entries: 1024,
        ..small()
    });
    let second = reactor
        .listen(([127, 0, 0, 1], 0).into(), Listen::default())
        .expect("listen");
    for target in [first, second] {
        for _ in 0..60 {
            reactor.connect(None, target).expect("slot");
        }
    }
    let mut accepted = [0, 0];
    turn_until(&mut reactor, |_, event| {
        match event {
            Event::Accepted { listener, .. } => accepted[usize::from(listener == second)] += 1,
            Event::Connected { .. } => {}
            other => panic!("{other:?}"),
        }
        accepted[0] + accepted[1] == 120
    });
    assert_eq!(accepted, [60, 60]);
}

#[test]
fn an_overflowing_completion_queue_loses_nothing() {
    // A queue of 32 completions, and one turn that has hundreds.
    let config = ReactorConfig {
        slots: 32,
        submission_entries: 16,
        receive_buffers: 512,
        receive_buffer_bytes: 16,
        ..ReactorConfig::default()
    };
    let (mut reactor, address) = listening(config);
    let mut pairs: Vec<_> = (0..12).map(|_| pair(&mut reactor, address)).collect();
    let expected = pattern(2000);
    for (client, _) in &mut pairs {
        client.write_all(&expected).expect("write");
    }
    let mut got = vec![Vec::new(); 32];
    turn_until(&mut reactor, |_, event| {
        if let Event::Received { connection, bytes } = event {
            got[connection.slot() as usize].extend_from_slice(bytes);
        }
        got.iter().map(Vec::len).sum::<usize>() >= 12 * expected.len()
    });
    for (_, connection) in &pairs {
        assert!(got[connection.slot() as usize] == expected);
    }
    assert!(
        reactor.counters().completion_overflow > 0,
        "the test must overflow the queue"
    );
}

#[test]
fn stopped_listeners_refuse() {
    let (mut reactor, address) = listening(small());
    let (mut client, connection) = pair(&mut reactor, address);
    reactor.stop_listening();
    while TcpStream::connect(address).is_ok() {
        reactor
            .turn(Some(Duration::from_millis(1)), |_| {})
            .expect("turn");
    }
    client.write_all(b"still here").expect("write");
    assert_eq!(received(&mut reactor, connection, 10), b"still here");
    let again = reactor
        .listen(address, Listen::default())
        .expect("the address is free again");
    let (_client, _connection) = pair(&mut reactor, again);
}

#[test]
fn two_reactors_share_an_address() {
    let (mut first, address) = listening(small());
    let mut second = Reactor::new(small()).expect("io_uring");
    assert_eq!(
        second.listen(address, Listen::default()).expect("shared"),
        address
    );
    let clients: Vec<_> = (0..64)
        .map(|_| TcpStream::connect(address).expect("connect"))
        .collect();
    let mut counts = [0u64; 2];
    while counts.iter().sum::<u64>() < clients.len() as u64 {
        for (reactor, count) in [&mut first, &mut second].into_iter().zip(&mut counts) {
            reactor.turn(Some(Duration::ZERO), |_| {}).expect("turn");
            *count = reactor.counters().accepted;
        }
    }
    assert!(counts.iter().all(|&count| count > 0), "{counts:?}");
    let alone = Listen {
        reuse_port: false,
        ..Listen::default()
    };
    assert!(second.listen(address, alone).is_err());
}
