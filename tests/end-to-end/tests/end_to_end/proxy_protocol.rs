//! The PROXY protocol in front of the real binary's doors: from those who may use it, and from those who may not.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use ringpost_end_to_end::raw::{RawConnection, Said, hello_frame};
use ringpost_end_to_end::tls::TlsDoor;
use ringpost_end_to_end::{NodeProcess, Place};
use ringpost_wire::ErrorCode;

use crate::world::{TIMEOUT, World};

/// A header for a client at 192.0.2.1, with an extension.
const HEADER: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x11\xc0\0\x02\x01\xc0\0\x02\x02\x02\xbc\x1c\xe8\x04\0\x02xx";
/// A balancer's own connection, to see whether the node lives.
const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

fn world(balancers: &str) -> World {
    let variable = ("RINGPOST_LISTEN__PROXY_PROTOCOL_FROM", balancers);
    let variable = (variable.0.to_owned(), variable.1.to_owned());
    World::start_with(1, |options| options.variables.push(variable.clone()))
}

fn socket(server: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(server).unwrap();
    socket.set_nodelay(true).unwrap();
    socket.set_read_timeout(Some(TIMEOUT)).unwrap();
    socket
}

fn failures(world: &World, reason: &str) -> f64 {
    let name = format!("ringpost_proxy_failures_total{{reason=\"{reason}\"}}");
    world.node.metric(&name).unwrap().unwrap()
}

/// Reads until the node ends the connection: nothing is said.
fn assert_closed(socket: &mut TcpStream) {
    let mut bytes = Vec::new();
    // A reset is an end too.
    let _ = socket.read_to_end(&mut bytes);
    assert_eq!(bytes, b"");
}

#[test]
fn a_header_from_a_balancer_opens_the_door_however_it_is_cut() {
    let world = world("127.0.0.0/8");
    let hello = hello_frame(&world.tokens().make("ann", 1), 0);
    for header in [HEADER, LOCAL] {
        let mut connection = RawConnection::open(world.place.native()).unwrap();
        let stream = [header, &hello].concat();
        connection.write(&stream).unwrap();
        assert_eq!(connection.next_said().unwrap(), Said::Welcome);
        let mut connection = RawConnection::open(world.place.native()).unwrap();
        for byte in &stream {
            connection.write(&[*byte]).unwrap();
        }
        assert_eq!(connection.next_said().unwrap(), Said::Welcome);
    }
    let introduced = "ringpost_proxy_headers_total";
    let is_counted = |node: &NodeProcess| node.metric(introduced).unwrap() == Some(4.0);
    assert!(world.until(is_counted));
    world.end();
}

#[test]
fn a_header_in_front_of_tls_opens_that_door_and_none_is_read_within() {
    let place = Place::new().unwrap();
    let door = TlsDoor::of(&place).unwrap();
    let mut options = place.options(1);
    door.open(&mut options);
    let balancers = "RINGPOST_LISTEN__PROXY_PROTOCOL_FROM";
    let balancers = (balancers.to_owned(), "127.0.0.1".to_owned());
    options.variables.push(balancers);
    let node = NodeProcess::start(&options).unwrap();
    let world = World { place, node };
    let token = world.tokens().make("ann", 1);
    let hello = hello_frame(&token, 0);
    for header in [HEADER, LOCAL] {
        let mut connection = RawConnection::open(door.address()).unwrap();
        connection.write(header).unwrap();
        let mut connection = connection.begin_tls(door.trust()).unwrap();
        connection.sign_in(&token).unwrap();
    }
    // Without a header, and with one inside of TLS.
    let bare = RawConnection::open_tls(door.address(), door.trust());
    assert!(bare.is_err());
    assert!(world.until(|_| failures(&world, "not_proxy") == 1.0));
    let mut connection = RawConnection::open(door.address()).unwrap();
    connection.write(HEADER).unwrap();
    let mut connection = connection.begin_tls(door.trust()).unwrap();
    connection.write(&[HEADER, &hello].concat()).unwrap();
    let said = connection.next_said().unwrap();
    assert!(
        matches!(said, Said::Failure { fatal: true, .. } | Said::Closed),
        "{said:?}"
    );
    world.end();
}

#[test]
fn a_balancer_without_a_header_or_with_a_bad_one_is_closed() {
    let world = world("127.0.0.1");
    let mut plain = socket(world.place.native());
    let hello = hello_frame(&world.tokens().make("ann", 1), 0);
    plain.write_all(&hello).unwrap();
    assert_closed(&mut plain);
    assert!(world.until(|_| failures(&world, "not_proxy") == 1.0));
    let mut bad = HEADER.to_vec();
    bad[15] = 11;
    let mut socket_of_bad = socket(world.place.native());
    socket_of_bad.write_all(&bad).unwrap();
    assert_closed(&mut socket_of_bad);
    assert!(world.until(|_| failures(&world, "malformed") == 1.0));
    let mut silent = socket(world.place.native());
    silent.write_all(&HEADER[..9]).unwrap();
    assert_closed(&mut silent);
    assert!(world.until(|_| failures(&world, "timeout") == 1.0));
    world.end();
}

#[test]
fn from_anyone_else_a_header_is_garbage() {
    let world = world("10.0.0.0/8");
    let mut connection = RawConnection::open(world.place.native()).unwrap();
    connection.write(HEADER).unwrap();
    let said = connection.next_said().unwrap();
    let is_refused = matches!(
        said,
        Said::Failure { code, fatal: true } if code != ErrorCode::Overloaded
    );
    assert!(is_refused || said == Said::Closed, "{said:?}");
    let mut good = RawConnection::open(world.place.native()).unwrap();
    good.sign_in(&world.tokens().make("ann", 1)).unwrap();
    world.end();
}
