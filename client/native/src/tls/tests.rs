//! Handshakes with a server in the same process: what is trusted, what fails, and when a client gives up.

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use ringpost_wire::{DeviceAddress, GoAway, UserId, Welcome};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::limits::HANDSHAKES_MAX;
use crate::{Client, ConnectionState, Event, Events, Memory, OpenError, Options};

struct Pair {
    certificate: String,
    key: String,
}

fn pair_of(names: &[&str], (from_year, to_year): (i32, i32)) -> Pair {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut parameters = CertificateParams::new(names).unwrap();
    parameters.not_before = date_time_ymd(from_year, 1, 1);
    parameters.not_after = date_time_ymd(to_year, 1, 1);
    let key = KeyPair::generate().unwrap();
    Pair {
        certificate: parameters.self_signed(&key).unwrap().pem(),
        key: key.serialize_pem(),
    }
}

fn good() -> Pair {
    pair_of(&["localhost", "127.0.0.1", "node.test"], (2_000, 2_090))
}

impl Pair {
    fn trusted(&self) -> Tls {
        Tls::authority(self.certificate.as_bytes()).unwrap()
    }

    fn acceptor(&self, alpn: &[u8]) -> TlsAcceptor {
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        config.alpn_protocols = vec![alpn.to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }

    /// A server on 127.0.0.1 that answers every handshake and keeps what it accepted. Returns its port.
    async fn serve(&self, alpn: &[u8]) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = self.acceptor(alpn);
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                kept.push(acceptor.accept(stream).await);
            }
        });
        port
    }
}

async fn open(tls: &Tls, address: &str) -> Result<TlsStream<TcpStream>, Option<TlsFailure>> {
    let port = address.rsplit_once(':').unwrap().1;
    let stream = TcpStream::connect(format!("127.0.0.1:{port}"))
        .await
        .unwrap();
    tls.open(address, stream).await
}

async fn failure(tls: &Tls, address: &str) -> Option<TlsFailure> {
    open(tls, address).await.map(drop).unwrap_err()
}

#[tokio::test]
async fn the_name_comes_from_the_address_or_from_the_options() {
    let pair = good();
    let port = pair.serve(ALPN_NAME).await;
    let tls = pair.trusted();
    for host in ["localhost", "127.0.0.1"] {
        let stream = open(&tls, &format!("{host}:{port}")).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(ALPN_NAME));
    }
    let address = format!("192.0.2.1:{port}");
    assert_eq!(failure(&tls, &address).await, Some(TlsFailure::WrongName));
    let named = tls.server_name("node.test").unwrap();
    assert!(open(&named, &address).await.is_ok());
}

#[tokio::test]
async fn certificates_that_are_not_acceptable() {
    let pair = good();
    let address = format!("localhost:{}", pair.serve(ALPN_NAME).await);
    let stranger = good().trusted();
    let unknown = Some(TlsFailure::UnknownAuthority);
    assert_eq!(failure(&stranger, &address).await, unknown);
    let elsewhere = pair.trusted().server_name("other.test").unwrap();
    assert_eq!(
        failure(&elsewhere, &address).await,
        Some(TlsFailure::WrongName)
    );
    for (years, expected) in [
        ((2_000, 2_001), TlsFailure::Expired),
        ((2_089, 2_090), TlsFailure::NotYetValid),
    ] {
        let pair = pair_of(&["localhost"], years);
        let address = format!("localhost:{}", pair.serve(ALPN_NAME).await);
        assert_eq!(failure(&pair.trusted(), &address).await, Some(expected));
    }
}

#[tokio::test]
async fn a_server_of_another_protocol_shares_nothing() {
    let pair = good();
    let address = format!("localhost:{}", pair.serve(b"h2").await);
    assert_eq!(
        failure(&pair.trusted(), &address).await,
        Some(TlsFailure::NothingShared)
    );
}

/// A server without TLS that says `answer` to the first bytes and closes.
async fn plain_server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut hello = [0; 4_096];
            let read = stream.read(&mut hello).await.unwrap();
            assert!(read > 0);
            stream.write_all(answer).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    format!("localhost:{port}")
}

#[tokio::test]
async fn no_tls_is_a_failure_and_a_lost_connection_is_not() {
    let tls = good().trusted();
    let other = plain_server(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    assert_eq!(failure(&tls, &other).await, Some(TlsFailure::NotTls));
    let lost = plain_server(b"").await;
    assert_eq!(failure(&tls, &lost).await, None);
}

/// A client of `address` without a lasting storage.
async fn client(address: &str, tls: Tls) -> (Client, Events) {
    let token = Box::new(|_| Some("token".to_owned()));
    let mut options = Options::new(address, token, Box::<Memory>::default());
    options.tls = Some(tls);
    Client::connect(options).await.unwrap()
}

#[tokio::test]
async fn a_client_ends_after_several_handshakes_and_tells_why() {
    let address = format!("localhost:{}", good().serve(ALPN_NAME).await);
    let (client, mut events) = client(&address, good().trusted()).await;
    let user = UserId::from_subject("bob");
    let unknown = TlsFailure::UnknownAuthority;
    // Each time whoever asks is answered.
    for _ in 1..HANDSHAKES_MAX {
        let answer = client.open_chat(user).await;
        assert_eq!(answer, Err(OpenError::TlsFailed(unknown)));
    }
    let mut told = Vec::new();
    while let Some(event) = events.next().await {
        told.push(event);
    }
    assert_eq!(told.pop(), Some(Event::TlsFailed(unknown)));
    let retried = Event::HandshakeFailed(unknown);
    let retries = told.iter().filter(|event| **event == retried).count();
    assert_eq!(retries, HANDSHAKES_MAX as usize - 1);
}

#[tokio::test]
async fn what_answers_in_plain_text_before_the_server_is_up_is_waited_for() {
    let pair = good();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    let acceptor = pair.acceptor(ALPN_NAME);
    let served = tokio::spawn(async move {
        for connection in 1.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            if connection == HANDSHAKES_MAX {
                return acceptor.accept(stream).await.is_ok();
            }
            let mut hello = [0; 4_096];
            assert!(stream.read(&mut hello).await.unwrap() > 0);
            stream.write_all(b"HTTP/1.1 503 \r\n\r\n").await.unwrap();
        }
        unreachable!("the last connection has returned")
    });
    let (_client, mut events) = client(&address, pair.trusted()).await;
    assert!(served.await.unwrap());
    let mut failures = 0u32;
    loop {
        match events.next().await.unwrap() {
            Event::HandshakeFailed(TlsFailure::NotTls) => failures += 1,
            Event::Connection(ConnectionState::Greeting) => break,
            Event::Connection(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(failures, HANDSHAKES_MAX - 1);
}

/// Says hello to a client and asks it to go to `target`, then lets it go.
async fn send_away(mut stream: impl AsyncRead + AsyncWrite + Unpin, target: &str) {
    let mut hello = [0; 4_096];
    assert!(stream.read(&mut hello).await.unwrap() > 0);
    let user = UserId::from_subject("ann");
    let mut frames = Vec::new();
    let welcome = Welcome {
        version: 1,
        device: DeviceAddress { user, device: 1 },
        generation: 1,
        time_ms: 1,
        heartbeat_ms: 60_000,
        frame_bytes_max: 65_536,
        payload_bytes_max: 61_440,
        unanswered_max: 16,
        server: "a",
    };
    welcome.encode(&mut frames);
    let delay_ms = 0;
    GoAway { target, delay_ms }.encode(&mut frames);
    stream.write_all(&frames).await.unwrap();
    stream.flush().await.unwrap();
    while stream.read(&mut hello).await.is_ok_and(|read| read > 0) {}
}

#[tokio::test]
async fn where_a_server_sends_a_client_is_left_again_if_it_is_not_understood() {
    let pair = good();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    let target = plain_server(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let acceptor = pair.acceptor(ALPN_NAME);
    let served = tokio::spawn(async move {
        for _ in 0..2 {
            let (stream, _) = listener.accept().await.unwrap();
            send_away(acceptor.accept(stream).await.unwrap(), &target).await;
        }
    });
    let (_client, mut events) = client(&address, pair.trusted()).await;
    served.await.unwrap();
    let told: Vec<Event> = std::iter::from_fn(|| events.try_next()).collect();
    assert!(told.contains(&Event::HandshakeFailed(TlsFailure::NotTls)));
}

#[test]
fn what_cannot_be_trusted_or_named_is_told_at_once() {
    assert_eq!(
        Tls::authority(b"no PEM").map(drop),
        Err(TlsError::NoAuthority)
    );
    let tls = good().trusted();
    for name in ["", "a b", "host:7401"] {
        let named = tls.clone().server_name(name).map(drop);
        assert_eq!(named, Err(TlsError::BadName), "{name}");
    }
}

#[test]
fn hosts_are_found_in_addresses() {
    for (address, host) in [
        ("node.test:7401", "node.test"),
        ("[::1]:7401", "::1"),
        ("127.0.0.1:7401", "127.0.0.1"),
    ] {
        let expected = ServerName::try_from(host).unwrap();
        assert_eq!(host_of(address), Some(expected), "{address}");
    }
    assert_eq!(host_of("node.test"), None);
    assert_eq!(host_of("a b:7401"), None);
}
