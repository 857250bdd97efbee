//! Every server, as the process that is measured, echoes a thousand frames byte for byte, and none outlives its driver.

use std::path::Path;

use ringpost_baselines::{Kind, Load, ServerProcess};

fn thousand_round_trips(kind: Kind, connections: usize) {
    let program = Path::new(env!("CARGO_BIN_EXE_baselines"));
    let server = ServerProcess::start(program, kind, 0).expect("the server starts");
    let mut load = Load::connect(server.address(), connections).expect("it accepts");
    let mut round_trips = 0;
    while round_trips < 1000 {
        round_trips += load.exchange(1, 2).expect("echoes are equal");
        round_trips += load.exchange(16, 2).expect("echoes are equal");
    }
    let cpu = server.cpu().expect("its clock");
    assert!(cpu.as_nanos() > 0);
    assert!(server.resident_bytes().expect("its memory") > 100_000);
}

#[test]
fn blocking_echoes() {
    thousand_round_trips(Kind::Blocking, 1);
}

#[test]
fn epoll_echoes() {
    thousand_round_trips(Kind::Epoll, 5);
}

#[test]
fn ring_echoes() {
    thousand_round_trips(Kind::Ring, 5);
}

#[test]
fn monoio_echoes() {
    thousand_round_trips(Kind::Monoio, 5);
}

#[test]
fn monoio_with_deferred_work_echoes() {
    thousand_round_trips(Kind::MonoioDefer, 5);
}

#[test]
fn glommio_echoes() {
    thousand_round_trips(Kind::Glommio, 5);
}

#[test]
fn tokio_echoes() {
    thousand_round_trips(Kind::Tokio, 5);
}
