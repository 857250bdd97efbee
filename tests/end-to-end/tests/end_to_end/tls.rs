//! TLS on the native door of the real binary, with a client that is not the product's own.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;

use ringpost_end_to_end::NodeProcess;
use ringpost_end_to_end::raw::{RawConnection, Said};
use ringpost_end_to_end::tls::{CertificatePair, Stream, Trust, Version};
use tempfile::TempDir;

use crate::world::{TIMEOUT, World};

/// A node with TLS.
struct Scene {
    world: World,
    pair: CertificatePair,
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pair = CertificatePair::new().unwrap();
        pair.write(folder.path()).unwrap();
        let path: &Path = folder.path();
        let world = World::start_with(2, |options| CertificatePair::show(options, path));
        Self {
            world,
            pair,
            folder,
        }
    }

    fn trust(&self, version: Version) -> Trust {
        Trust::new(&self.pair, version).unwrap()
    }

    fn open(&self, trust: &Trust) -> std::io::Result<RawConnection> {
        RawConnection::open_tls(self.world.node.tls().unwrap(), trust)
    }

    fn signed_in(&self, trust: &Trust, user: &str) -> RawConnection {
        let mut connection = self.open(trust).unwrap();
        let token = self.world.tokens().make(user, 1);
        connection.sign_in(&token).unwrap();
        connection
    }

    fn socket(&self) -> TcpStream {
        let socket = TcpStream::connect(self.world.node.tls().unwrap()).unwrap();
        socket.set_read_timeout(Some(TIMEOUT)).unwrap();
        socket
    }

    fn failures(&self, reason: &str) -> f64 {
        let name = format!("ringpost_tls_failures_total{{reason=\"{reason}\"}}");
        self.world.node.metric(&name).unwrap().unwrap()
    }

    /// Waits until a reason was counted so often.
    fn until_failed(&self, reason: &str, count: f64) {
        let is_so = |_: &NodeProcess| self.failures(reason) >= count;
        assert!(self.world.until(is_so), "{reason}");
        assert_eq!(self.failures(reason), count, "{reason}");
    }
}

fn talks(connection: &mut RawConnection, nonce: u64) {
    connection.ping(nonce).unwrap();
    let is_pong = |said: &Said| matches!(said, Said::Pong(_));
    assert_eq!(connection.next_said_of(is_pong).unwrap(), Said::Pong(nonce));
}

/// Reads until the node ends the connection.
fn read_to_end(socket: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    match socket.read_to_end(&mut bytes) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    bytes
}

#[test]
fn both_versions_open_sessions_and_reconnects_are_shortened() {
    let scene = Scene::new();
    for version in [Version::Tls12, Version::Tls13] {
        let trust = scene.trust(version);
        let mut first = scene.signed_in(&trust, "ann");
        assert!(!first.stream().is_resumed());
        talks(&mut first, 1);
        let mut second = scene.signed_in(&trust, "bob");
        assert!(second.stream().is_resumed());
        talks(&mut second, 2);
        talks(&mut first, 3);
    }
    for (version, kind) in [
        ("1.2", "full"),
        ("1.2", "resumed"),
        ("1.3", "full"),
        ("1.3", "resumed"),
    ] {
        let name =
            format!("ringpost_tls_handshakes_total{{version=\"{version}\",kind=\"{kind}\"}}");
        let is_counted = |node: &NodeProcess| node.metric(&name).unwrap() == Some(1.0);
        assert!(scene.world.until(is_counted), "{name}");
    }
    scene.world.end();
}

#[test]
fn what_is_no_tls_is_closed_and_counted_and_harms_nobody() {
    let scene = Scene::new();
    let trust = scene.trust(Version::Tls13);
    let mut beside = scene.signed_in(&trust, "ann");
    // Plaintext on the door with TLS.
    let mut plain = RawConnection::open(scene.world.node.tls().unwrap()).unwrap();
    plain.hello(&scene.world.tokens().make("bob", 1)).unwrap();
    let Stream::Plain(socket) = plain.stream() else {
        panic!("no TLS was made");
    };
    let alert = read_to_end(socket);
    assert_eq!(alert.first(), Some(&21), "an alert: {alert:?}");
    scene.until_failed("not_tls", 1.0);
    // Garbage.
    let mut socket = scene.socket();
    socket.write_all(&[0x5a; 5_000]).unwrap();
    read_to_end(&mut socket);
    scene.until_failed("not_tls", 2.0);
    // TLS on the plain door.
    let error = RawConnection::open_tls(scene.world.node.native(), &trust).map(drop);
    assert!(error.is_err());
    // A hello of no version that is known.
    let mut socket = scene.socket();
    socket.write_all(&[0x16, 3, 1, 0, 4, 1, 0, 0, 0]).unwrap();
    read_to_end(&mut socket);
    scene.until_failed("malformed", 1.0);
    talks(&mut beside, 9);
    scene.world.end();
}

#[test]
fn a_client_that_does_not_trust_the_certificate_says_so() {
    let scene = Scene::new();
    let other = CertificatePair::new().unwrap();
    let trust = Trust::new(&other, Version::Tls13).unwrap();
    let error = scene.open(&trust).map(drop).unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
    scene.until_failed("alert_received", 1.0);
    scene.world.end();
}

#[test]
fn half_a_handshake_is_given_up_and_a_peer_that_goes_is_counted() {
    let scene = Scene::new();
    let mut beside = scene.signed_in(&scene.trust(Version::Tls12), "ann");
    let mut half = scene.socket();
    half.write_all(&[0x16, 3, 1]).unwrap();
    let in_progress = "ringpost_tls_handshakes_in_progress";
    let is_opening = |node: &NodeProcess| node.metric(in_progress).unwrap() == Some(1.0);
    assert!(scene.world.until(is_opening));
    let gone = scene.socket();
    drop(gone);
    scene.until_failed("abandoned", 1.0);
    assert_eq!(read_to_end(&mut half), b"");
    scene.until_failed("timeout", 1.0);
    talks(&mut beside, 4);
    scene.world.end();
}

#[test]
fn a_stopping_node_takes_leave_through_tls() {
    let mut scene = Scene::new();
    let mut connection = scene.signed_in(&scene.trust(Version::Tls13), "ann");
    let status = scene.world.node.stop().unwrap();
    assert!(status.success());
    let is_end = |said: &Said| matches!(said, Said::Failure { .. });
    let said = connection.next_said_of(is_end).unwrap();
    assert!(matches!(said, Said::Failure { .. }), "{said:?}");
    // The end of the stream was signed: rustls tells a cut one as an error.
    assert_eq!(connection.next_said().unwrap(), Said::Closed);
    drop(scene.folder);
}

fn reloads(scene: &Scene, result: &str) -> f64 {
    let name = format!("ringpost_tls_certificate_reloads_total{{result=\"{result}\"}}");
    scene.world.node.metric(&name).unwrap().unwrap()
}

#[test]
fn a_new_certificate_is_shown_without_a_restart_and_a_bad_one_is_not() {
    let scene = Scene::new();
    let folder = scene.folder.path();
    let mut open = scene.signed_in(&scene.trust(Version::Tls13), "ann");
    let new = CertificatePair::new().unwrap();
    new.write(folder).unwrap();
    // The files are looked at now and then; nobody has to say anything.
    assert!(scene.world.until(|_| reloads(&scene, "taken") == 1.0));
    talks(&mut open, 1);
    assert!(scene.open(&scene.trust(Version::Tls13)).is_err());
    let trust = Trust::new(&new, Version::Tls13).unwrap();
    scene.signed_in(&trust, "bob");
    // A key of another pair, and a certificate whose time is over: the node keeps what it has.
    let other = CertificatePair::new().unwrap();
    let mixed = CertificatePair {
        certificate: new.certificate.clone(),
        key: other.key,
    };
    let over = CertificatePair::valid_until(2_001).unwrap();
    for (count, pair) in [(1.0, mixed), (2.0, over)] {
        pair.write(folder).unwrap();
        let before = reloads(&scene, "refused");
        scene.world.node.signal("HUP").unwrap();
        assert!(scene.world.until(|_| reloads(&scene, "refused") > before));
        assert!(reloads(&scene, "refused") >= count);
        scene.signed_in(&Trust::new(&new, Version::Tls12).unwrap(), "bob");
    }
    assert_eq!(reloads(&scene, "taken"), 1.0);
    talks(&mut open, 2);
    scene.world.end();
}
