//! Both sides joined in memory: versions, cuts at every byte, tickets, certificates, and what is no TLS.

use rcgen::{CertificateParams, KeyPair};

use crate::limits::RECORD_BYTES_MAX;
use crate::{ClientTls, Failure, Identity, IdentityError, ServerTls, Session, State, Workspace};

/// What the server speaks.
const PROTOCOL: &[u8] = b"test/1";

struct Pair {
    certificate: String,
    key: String,
}

fn pair() -> Pair {
    let key = KeyPair::generate().expect("a key");
    let parameters = CertificateParams::new(["ringpost.test".to_owned()]).expect("a name");
    Pair {
        certificate: parameters.self_signed(&key).expect("signs").pem(),
        key: key.serialize_pem(),
    }
}

impl Pair {
    fn identity(&self) -> Identity {
        Identity::from_pem(self.certificate.as_bytes(), self.key.as_bytes()).expect("belong")
    }

    fn server(&self) -> ServerTls {
        ServerTls::new(self.identity(), PROTOCOL).expect("a server")
    }
}

/// Bytes that a session took out, and plaintext that came to it.
#[derive(Default)]
struct End {
    workspace: Workspace,
    plaintext: Vec<u8>,
}

impl End {
    fn receive(&mut self, session: &mut Session, bytes: &[u8]) -> Result<State, Failure> {
        let plaintext = &mut self.plaintext;
        session.receive(bytes, &mut self.workspace, &mut |bytes| {
            plaintext.extend_from_slice(bytes);
        })
    }

    fn take(&mut self) -> Vec<u8> {
        let bytes = self.workspace.outgoing().to_vec();
        self.workspace.clear();
        bytes
    }
}

/// Carries bytes to and fro, in pieces of `piece`, until nobody has any.
fn carry(
    client: (&mut Session, &mut End),
    server: (&mut Session, &mut End),
    piece: usize,
) -> Result<(), Failure> {
    loop {
        let (to_server, to_client) = (client.1.take(), server.1.take());
        if to_server.is_empty() && to_client.is_empty() {
            return Ok(());
        }
        for part in to_server.chunks(piece) {
            server.1.receive(server.0, part)?;
        }
        for part in to_client.chunks(piece) {
            client.1.receive(client.0, part)?;
        }
    }
}

fn opened(client: &ClientTls, server: &ServerTls, piece: usize) -> (Session, Session) {
    let mut near = client.session("ringpost.test").expect("a name");
    let mut far = server.session().expect("a session");
    let (mut near_end, mut far_end) = (End::default(), End::default());
    near.begin(&mut near_end.workspace).expect("begins");
    carry((&mut near, &mut near_end), (&mut far, &mut far_end), piece).expect("a handshake");
    assert_eq!((near.state(), far.state()), (State::Open, State::Open));
    (near, far)
}

#[test]
fn both_versions_carry_bytes_both_ways_and_hold_nothing_when_idle() {
    let pair = pair();
    let server = pair.server();
    let roots = pair.certificate.as_bytes();
    let clients = [
        (ClientTls::new(roots), "1.3"),
        (ClientTls::tls12(roots), "1.2"),
    ];
    for (client, version) in clients {
        let (mut near, mut far) = opened(&client.expect("roots"), &server, 1_000_000);
        assert_eq!(far.version(), Some(version));
        let (mut near_end, mut far_end) = (End::default(), End::default());
        let sent: Vec<u8> = (0..100_000u32).map(|number| number as u8).collect();
        near.send(&sent, &mut near_end.workspace).expect("sends");
        far.send(&sent[..777], &mut far_end.workspace)
            .expect("sends");
        carry((&mut near, &mut near_end), (&mut far, &mut far_end), 1_500).expect("carries");
        assert!(far_end.plaintext == sent && near_end.plaintext == sent[..777]);
        assert_eq!((near.held_bytes(), far.held_bytes()), (0, 0));
    }
}

#[test]
fn a_handshake_and_a_record_may_be_cut_at_every_byte() {
    let pair = pair();
    let server = pair.server();
    let client = ClientTls::new(pair.certificate.as_bytes()).expect("roots");
    let (mut near, mut far) = opened(&client, &server, 1);
    let (mut near_end, mut far_end) = (End::default(), End::default());
    near.send(&[7; 300], &mut near_end.workspace)
        .expect("sends");
    let length = near_end.take().len();
    near.end(&mut near_end.workspace).expect("ends");
    // The record above was taken away: the other side sees that its successor does not fit.
    let end = near_end.take();
    assert_eq!(far_end.receive(&mut far, &end), Err(Failure::BadRecord));
    assert!(!far_end.take().is_empty(), "an alert is due");
    for cut in 0..=length {
        let (mut near, mut far) = opened(&client, &server, 1_000_000);
        let (mut near_end, mut far_end) = (End::default(), End::default());
        near.send(&[7; 300], &mut near_end.workspace)
            .expect("sends");
        let record = near_end.take();
        let (first, second) = record.split_at(cut);
        assert_eq!(far_end.receive(&mut far, first), Ok(State::Open));
        // What is sent meanwhile does not disturb what has begun to come.
        far.send(b"meanwhile", &mut far_end.workspace)
            .expect("sends");
        assert_eq!(far_end.receive(&mut far, second), Ok(State::Open));
        assert_eq!(far_end.plaintext, [7; 300]);
        assert_eq!(far.held_bytes(), 0);
    }
}

#[test]
fn the_end_of_a_stream_is_seen_and_the_other_half_stays_open() {
    let pair = pair();
    let client = ClientTls::new(pair.certificate.as_bytes()).expect("roots");
    let (mut near, mut far) = opened(&client, &pair.server(), 1_000_000);
    let (mut near_end, mut far_end) = (End::default(), End::default());
    near.send(b"last", &mut near_end.workspace).expect("sends");
    near.end(&mut near_end.workspace).expect("ends");
    let bytes = near_end.take();
    assert_eq!(far_end.receive(&mut far, &bytes), Ok(State::PeerEnded));
    assert_eq!(far_end.plaintext, b"last");
    far.send(b"answer", &mut far_end.workspace).expect("sends");
    far.end(&mut far_end.workspace).expect("ends");
    let bytes = far_end.take();
    near_end.receive(&mut near, &bytes).expect("takes in");
    assert_eq!(near_end.plaintext, b"answer");
}

#[test]
fn the_second_handshake_is_resumed_also_after_a_new_certificate() {
    let (old, new) = (pair(), pair());
    let server = old.server();
    for make in [ClientTls::new, ClientTls::tls12] {
        let both = old.certificate.clone() + &new.certificate;
        let client = make(both.as_bytes()).expect("roots");
        let (_, far) = opened(&client, &server, 1_000_000);
        assert!(!far.is_resumed());
        let (_, far) = opened(&client, &server, 1_000_000);
        assert!(far.is_resumed());
        server.replace(new.identity());
        assert!(server.shows(&new.identity()) && !server.shows(&old.identity()));
        let (_, far) = opened(&client, &server, 1_000_000);
        assert!(far.is_resumed());
        server.replace(old.identity());
    }
}

#[test]
fn new_sessions_are_shown_the_new_certificate_and_open_ones_go_on() {
    let (old, new) = (pair(), pair());
    let server = old.server();
    let trusts_old = ClientTls::new(old.certificate.as_bytes()).expect("roots");
    let trusts_new = ClientTls::new(new.certificate.as_bytes()).expect("roots");
    let (mut near, mut far) = opened(&trusts_old, &server, 1_000_000);
    server.replace(new.identity());
    opened(&trusts_new, &server, 1_000_000);
    let (mut near_end, mut far_end) = (End::default(), End::default());
    near.send(b"still", &mut near_end.workspace).expect("sends");
    let bytes = near_end.take();
    far_end.receive(&mut far, &bytes).expect("takes in");
    assert_eq!(far_end.plaintext, b"still");
    let mut near = trusts_old.session("ringpost.test").expect("a name");
    near.begin(&mut near_end.workspace).expect("begins");
    let mut far = server.session().expect("a session");
    let mistrust = carry(
        (&mut near, &mut near_end),
        (&mut far, &mut far_end),
        1_000_000,
    );
    // Resumed by the ticket of the first session, so the certificate is not shown again; a fresh client does not trust it.
    assert_eq!(mistrust, Ok(()));
    let fresh = ClientTls::new(old.certificate.as_bytes()).expect("roots");
    let mut near = fresh.session("ringpost.test").expect("a name");
    let mut far = server.session().expect("a session");
    near.begin(&mut near_end.workspace).expect("begins");
    let mistrust = carry(
        (&mut near, &mut near_end),
        (&mut far, &mut far_end),
        1_000_000,
    );
    assert_eq!(mistrust, Err(Failure::Untrusted));
    let alert = near_end.take();
    assert_eq!(
        far_end.receive(&mut far, &alert),
        Err(Failure::AlertReceived)
    );
    assert_eq!(far.state(), State::Failed);
}

#[test]
fn what_is_no_tls_is_named_so_and_answered_with_an_alert() {
    let server = pair().server();
    for bytes in [
        &b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"[..],
        &[0xff; 600],
        &[0x58, 0, 0, 0, 1, 11, 0, 0, 0, 0, 0, 0, 0],
    ] {
        let mut far = server.session().expect("a session");
        let mut end = End::default();
        assert_eq!(
            end.receive(&mut far, bytes),
            Err(Failure::NotTls),
            "{bytes:?}"
        );
        assert_eq!(far.held_bytes(), 0);
        assert!(!end.take().is_empty(), "an alert is due");
        assert!(end.receive(&mut far, b"more").is_err());
    }
    let mut far = server.session().expect("a session");
    let mut end = End::default();
    let malformed = end.receive(&mut far, &[0x16, 3, 1, 0, 4, 9, 9, 9, 9]);
    assert_eq!(malformed, Err(Failure::Malformed));
}

#[test]
fn a_hello_that_never_ends_is_given_up_and_held_within_bounds() {
    let server = pair().server();
    let mut far = server.session().expect("a session");
    let mut end = End::default();
    // A ClientHello of 65,535 bytes in records of 1,000.
    let mut stream = vec![0x16, 3, 1, 3, 0xe8, 1, 0, 0xff, 0xff];
    stream.resize(5 + 1_000, 0);
    let mut held_max = 0;
    let mut result = end.receive(&mut far, &stream);
    for _ in 0..64 {
        held_max = held_max.max(far.held_bytes());
        if result.is_err() {
            break;
        }
        let mut record = vec![0x16, 3, 1, 3, 0xe8];
        record.resize(5 + 1_000, 0);
        result = end.receive(&mut far, &record);
    }
    assert!(result.is_err(), "{result:?}");
    assert!(held_max <= RECORD_BYTES_MAX, "{held_max}");
}

#[test]
fn sending_before_the_handshake_is_refused() {
    let server = pair().server();
    let mut far = server.session().expect("a session");
    let mut workspace = Workspace::default();
    assert!(far.send(b"early", &mut workspace).is_err());
    assert!(far.end(&mut workspace).is_err());
    assert!(workspace.outgoing().is_empty());
}

#[test]
fn texts_that_are_no_identity_are_refused_by_name() {
    let (one, other) = (pair(), pair());
    let read = |certificate: &str, key: &str| {
        Identity::from_pem(certificate.as_bytes(), key.as_bytes()).map(drop)
    };
    assert_eq!(read(&one.certificate, &one.key), Ok(()));
    let cases = [
        (
            read(&one.certificate, &other.key),
            IdentityError::KeyMismatch,
        ),
        (read("", &one.key), IdentityError::NoCertificate),
        (read(&one.key, &one.key), IdentityError::NoCertificate),
        (read(&one.certificate, ""), IdentityError::NoKey),
        (
            read(&one.certificate, &one.certificate),
            IdentityError::NoKey,
        ),
        (
            read(
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                &one.key,
            ),
            IdentityError::BadCertificate,
        ),
        (
            read(&"x".repeat(300_000), &one.key),
            IdentityError::TooLarge,
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, Err(expected));
    }
    let text = format!("{:?}", one.identity());
    let secret: Vec<&str> = one.key.lines().filter(|line| line.len() > 40).collect();
    assert!(secret.iter().all(|line| !text.contains(*line)));
}

#[test]
fn a_client_of_another_protocol_is_refused_and_one_that_names_none_is_not() {
    let pair = pair();
    let server = pair.server();
    let client = || ClientTls::new(pair.certificate.as_bytes()).expect("roots");
    opened(&client(), &server, 1_000_000);
    opened(&client().naming(PROTOCOL), &server, 1_000_000);
    let other = client().naming(b"h2");
    let mut near = other.session("ringpost.test").expect("a name");
    let mut far = server.session().expect("a session");
    let (mut near_end, mut far_end) = (End::default(), End::default());
    near.begin(&mut near_end.workspace).expect("begins");
    let hello = near_end.take();
    let refused = far_end.receive(&mut far, &hello);
    assert_eq!(refused, Err(Failure::NothingShared));
    assert!(!far_end.take().is_empty(), "an alert is due");
}

#[test]
fn a_client_without_tickets_makes_every_handshake_in_full() {
    let pair = pair();
    let server = pair.server();
    let client = ClientTls::new(pair.certificate.as_bytes()).expect("roots");
    // The ticket comes behind the handshake, with the first bytes that the client takes in.
    for (client, is_resumed) in [(client.clone(), true), (client.without_tickets(), false)] {
        opened(&client, &server, 1_000_000);
        assert_eq!(
            opened(&client, &server, 1_000_000).1.is_resumed(),
            is_resumed
        );
    }
}
