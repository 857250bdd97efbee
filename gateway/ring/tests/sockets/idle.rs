//! Sockets that fell back to a poll: whatever happens to them next is still seen.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::loopback::{closed, listening, pair, pattern, received, small, turn_until};
use ringpost_gateway_ring::{Close, CloseReason, Connection, Reactor, ReactorConfig};

fn quickly_idle() -> (Reactor, SocketAddr) {
    listening(ReactorConfig {
        idle_after: Duration::from_millis(1),
        ..small()
    })
}

/// Turns until every open socket, none of which receives, has become dormant once more.
fn until_dormant(reactor: &mut Reactor) {
    let enough = reactor.counters().receives_idled + reactor.open_connections() as u64;
    while reactor.counters().receives_idled < enough {
        reactor
            .turn(Some(Duration::from_secs(1)), |event| panic!("{event:?}"))
            .expect("turn");
    }
    // One more, so that the cancel and the poll are on their way, at whatever point of it.
    reactor
        .turn(Some(Duration::ZERO), |event| panic!("{event:?}"))
        .expect("turn");
}

fn dormant_pair() -> (Reactor, TcpStream, Connection) {
    let (mut reactor, address) = quickly_idle();
    let (client, connection) = pair(&mut reactor, address);
    until_dormant(&mut reactor);
    (reactor, client, connection)
}

#[test]
fn bytes_after_each_sleep_arrive_in_order() {
    let (mut reactor, address) = quickly_idle();
    let mut pairs: Vec<_> = (0..20).map(|_| pair(&mut reactor, address)).collect();
    for round in 1..=20 {
        until_dormant(&mut reactor);
        let expected = pattern(round * 1000);
        for (client, connection) in &mut pairs {
            client.write_all(&expected).expect("write");
            assert!(received(&mut reactor, *connection, expected.len()) == expected);
        }
    }
    assert_eq!(reactor.counters().stale_completions, 0);
}

#[test]
fn the_end_of_a_dormant_peer_is_seen() {
    let (mut reactor, client, connection) = dormant_pair();
    drop(client);
    assert_eq!(closed(&mut reactor, connection), CloseReason::PeerClosed);
}

#[test]
fn a_dormant_socket_can_be_closed() {
    for how in [Close::Now, Close::AfterFlush] {
        let (mut reactor, client, connection) = dormant_pair();
        reactor.write(connection, &[b"bye"]).expect("room");
        reactor.close(connection, how);
        if how == Close::AfterFlush {
            turn_until(&mut reactor, |_, event| {
                matches!(event, ringpost_gateway_ring::Event::Sent { .. })
            });
            drop(client);
        }
        assert_eq!(closed(&mut reactor, connection), CloseReason::Local);
    }
}

#[test]
fn a_dormant_socket_can_be_paused() {
    let (mut reactor, mut client, connection) = dormant_pair();
    reactor.pause_receiving(connection);
    // Zero waits: enough of them see the cancel through, and none may see the bytes.
    for _ in 0..5 {
        reactor
            .turn(Some(Duration::ZERO), |event| panic!("{event:?}"))
            .expect("turn");
    }
    client.write_all(b"later").expect("write");
    for _ in 0..5 {
        reactor
            .turn(Some(Duration::ZERO), |event| panic!("{event:?}"))
            .expect("turn");
    }
    reactor.resume_receiving(connection);
    assert_eq!(received(&mut reactor, connection, 5), b"later");
}
