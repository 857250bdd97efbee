//! Limits of one address, on the real binary: an attacker's address is held while others get in.

use std::net::Ipv4Addr;

use ringpost_end_to_end::raw::{RawConnection, Said};
use ringpost_end_to_end::tls::CertificatePair;
use ringpost_wire::ErrorCode;

use crate::world::World;

/// The attacker's host on the loopback network, and that of somebody else.
const ATTACKER: u8 = 66;
const OTHER: u8 = 7;

fn world(settings: &[(&str, &str)]) -> World {
    let base = [("EXEMPT_ADDRESSES", "")];
    let variables: Vec<(String, String)> = base
        .iter()
        .chain(settings)
        .map(|(name, value)| (format!("RINGPOST_LIMITS__{name}"), (*value).to_owned()))
        .collect();
    World::start_with(1, |options| options.variables.extend(variables.clone()))
}

fn open(world: &World, host: u8) -> RawConnection {
    let address = Ipv4Addr::new(127, 0, 5, host);
    RawConnection::open_from(world.place.native(), address).unwrap()
}

fn refusals(world: &World, limit: &str) -> f64 {
    let name = format!("ringpost_address_refusals_total{{limit=\"{limit}\"}}");
    world.node.metric(&name).unwrap().unwrap()
}

#[test]
fn one_address_holds_no_more_connections_than_it_may() {
    let world = world(&[("ADDRESS_CONNECTIONS", "3")]);
    let ann = world.tokens().make("ann", 1);
    let mut held: Vec<RawConnection> = (0..3).map(|_| open(&world, ATTACKER)).collect();
    let mut further = open(&world, ATTACKER);
    assert_eq!(further.next_said().unwrap(), Said::Closed);
    open(&world, OTHER).sign_in(&ann).unwrap();
    held[0].sign_in(&world.tokens().make("bob", 1)).unwrap();
    held[1].end_writing();
    assert_eq!(held[1].next_said().unwrap(), Said::Closed);
    open(&world, ATTACKER).sign_in(&ann).unwrap();
    assert!(world.until(|_| refusals(&world, "connections") == 1.0));
    world.end();
}

#[test]
fn one_address_connects_no_faster_than_it_may() {
    let world = world(&[
        ("ADDRESS_CONNECTS_PER_SECOND", "1"),
        ("ADDRESS_CONNECTS_BURST", "5"),
    ]);
    let mut closed = 0;
    while closed == 0 {
        let mut connection = open(&world, ATTACKER);
        // The node's side may be gone before anything is written.
        let said = connection.ping(1).and_then(|()| connection.next_said());
        closed += usize::from(!matches!(said, Ok(Said::Failure { .. })));
    }
    open(&world, OTHER)
        .sign_in(&world.tokens().make("ann", 1))
        .unwrap();
    assert!(world.until(|_| refusals(&world, "connects") > 0.0));
    world.end();
}

#[test]
fn an_address_that_guesses_tokens_is_not_listened_to_for_a_while() {
    let world = world(&[("ADDRESS_FAILED_SIGN_INS", "3")]);
    let good = world.tokens().make("ann", 1);
    let forged = format!("{}x", &good[..good.len() - 1]);
    let fatal = |code| Said::Failure { code, fatal: true };
    let said = |host, token: &str| {
        let mut connection = open(&world, host);
        connection.hello(token).unwrap();
        connection.next_said().unwrap()
    };
    let mut guesses = 0;
    while said(ATTACKER, &forged) != fatal(ErrorCode::RateLimited) {
        guesses += 1;
        assert!(guesses < 100, "it may guess for ever");
    }
    assert!(guesses >= 4);
    assert_eq!(said(OTHER, &good), Said::Welcome);
    assert!(world.until(|_| said(ATTACKER, &good) == Said::Welcome));
    assert!(world.until(|_| refusals(&world, "sign_ins") > 0.0));
    world.end();
}

#[test]
fn wrong_admin_tokens_bring_a_pause_and_limits_change_without_a_restart() {
    let world = world(&[("ADDRESS_FAILED_SIGN_INS", "2")]);
    let token = std::fs::read_to_string(world.place.data().join("admin.token")).unwrap();
    let status = |token: &str| world.node.get("/admin/config", Some(token)).unwrap().0;
    let mut statuses: Vec<u16> = (0..5).map(|_| status("a guess")).collect();
    statuses.dedup();
    assert_eq!(statuses, [403, 429]);
    assert_eq!(world.node.get("/healthz", None).unwrap().0, 200);
    assert!(refusals(&world, "admin") > 0.0);
    assert!(
        world.until(|_| status(token.trim()) == 200),
        "the pause ends"
    );

    let order = r#"{"limits.exempt_addresses": ["127.0.0.0/8"]}"#;
    let ask = |body| {
        world
            .node
            .ask("PUT", "/admin/config", Some(token.trim()), body)
    };
    assert_eq!(ask(order).unwrap().0, 200);
    assert!((0..10).all(|_| status("a guess") == 403));
    let wrong = r#"{"limits.exempt_addresses": ["127.0.0.1/8"]}"#;
    let (refused, why) = ask(wrong).unwrap();
    assert!(
        refused == 422 && why.contains("limits.exempt_addresses"),
        "{why}"
    );
    world.end();
}

/// A balancer's header for the client at 192.0.2.`host`.
fn header(host: u8) -> Vec<u8> {
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    header.extend([192, 0, 2, host, 192, 0, 2, 100, 0, 9, 1, 187]);
    header
}

#[test]
fn behind_a_balancer_clients_are_told_apart_and_one_too_many_gets_no_tls() {
    let folder = tempfile::tempdir().unwrap();
    CertificatePair::new()
        .unwrap()
        .write(folder.path())
        .unwrap();
    let world = World::start_with(1, |options| {
        CertificatePair::show(options, folder.path());
        let settings = [
            ("LISTEN__PROXY_PROTOCOL_FROM", "127.0.0.0/8"),
            ("LIMITS__ADDRESS_CONNECTIONS", "1"),
        ];
        let variable = |(name, value): (&str, &str)| (format!("RINGPOST_{name}"), value.to_owned());
        options.variables.extend(settings.map(variable));
    });
    let introduce = |door, host| {
        let mut connection = RawConnection::open(door).unwrap();
        connection.write(&header(host)).unwrap();
        connection
    };
    let tls = world.node.tls().unwrap();
    let _first = introduce(tls, 1);
    let introduced = "ringpost_proxy_headers_total";
    assert!(world.until(|node| node.metric(introduced).unwrap() == Some(1.0)));
    assert_eq!(introduce(tls, 1).next_said().unwrap(), Said::Closed);
    let mut other = introduce(world.place.native(), 2);
    other.sign_in(&world.tokens().make("ann", 1)).unwrap();
    assert!(world.until(|_| refusals(&world, "connections") == 1.0));
    let begun = "ringpost_tls_failures_total{reason=\"refused\"}";
    assert_eq!(world.node.metric(begun).unwrap(), Some(0.0));
    world.end();
}
