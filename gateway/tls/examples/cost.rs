//! What TLS costs a server, without sockets: time of a handshake and of a record, resident memory of an idle session. Prints lines of figures.
//!
//! `cargo run --release -p ringpost-gateway-tls --example cost`, best bound to one core. Certificate: ECDSA P-256. Only the server's part is timed.

use std::error::Error;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, KeyPair};
use ringpost_gateway_tls::{ClientTls, Identity, ServerTls, Session, State, Workspace};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};

const NAME: &str = "ringpost.test";
const PROTOCOL: &[u8] = b"ringpost/1";
/// Handshakes timed, and sessions held, of each kind.
const HANDSHAKES: u32 = 5_000;
const SESSIONS: usize = 10_000;
/// Records timed of each size.
const RECORDS: u32 = 100_000;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

struct Scene {
    certificate: String,
    key: String,
    server: ServerTls,
    client_end: Workspace,
    server_end: Workspace,
    /// Sessions stay, so that those after them find no memory that was given back.
    kept: Vec<Session>,
    kept_buffered: Vec<ServerConnection>,
}

impl Scene {
    fn new() -> Result<Self> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new([NAME.to_owned()])?.self_signed(&key)?;
        let (certificate, key) = (certificate.pem(), key.serialize_pem());
        let identity = Identity::from_pem(certificate.as_bytes(), key.as_bytes())?;
        Ok(Self {
            server: ServerTls::new(identity, PROTOCOL)?,
            certificate,
            key,
            client_end: Workspace::default(),
            server_end: Workspace::default(),
            kept: Vec::with_capacity(2 * SESSIONS),
            kept_buffered: Vec::with_capacity(SESSIONS),
        })
    }

    /// Makes a handshake. Both sides, and the time that the server took.
    fn open(&mut self, client: &ClientTls) -> Result<(Session, Session, Duration)> {
        let mut near = client.session(NAME)?;
        near.begin(&mut self.client_end)?;
        let started = Instant::now();
        let mut far = self.server.session()?;
        let mut spent = started.elapsed();
        loop {
            let bytes = self.client_end.outgoing().to_vec();
            self.client_end.clear();
            if bytes.is_empty() && far.state() == State::Open {
                return Ok((near, far, spent));
            }
            let started = Instant::now();
            far.receive(&bytes, &mut self.server_end, &mut |_| {})?;
            spent += started.elapsed();
            let answer = self.server_end.outgoing().to_vec();
            self.server_end.clear();
            near.receive(&answer, &mut self.client_end, &mut |_| {})?;
        }
    }

    fn handshakes(&mut self, what: &str, client: &ClientTls, is_resumed: bool) -> Result<()> {
        self.open(client)?;
        let mut spent = Duration::ZERO;
        for _ in 0..HANDSHAKES {
            let (_, far, time) = self.open(client)?;
            if far.is_resumed() != is_resumed {
                return Err(format!("{what}: resumed is not {is_resumed}").into());
            }
            spent += time;
        }
        let each_us = spent.as_secs_f64() * 1e6 / f64::from(HANDSHAKES);
        println!(
            "{what:<32} {each_us:8.1} us, {:8.0} a second",
            1e6 / each_us
        );
        Ok(())
    }

    fn records(&mut self, bytes: usize) -> Result<()> {
        let client = ClientTls::new(self.certificate.as_bytes())?.naming(PROTOCOL);
        let (mut near, mut far, _) = self.open(&client)?;
        let plaintext = vec![7; bytes];
        let (mut out, mut back) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..RECORDS {
            let started = Instant::now();
            far.send(&plaintext, &mut self.server_end)?;
            out += started.elapsed();
            let record = self.server_end.outgoing().to_vec();
            self.server_end.clear();
            near.receive(&record, &mut self.client_end, &mut |_| {})?;
            near.send(&plaintext, &mut self.client_end)?;
            let record = self.client_end.outgoing().to_vec();
            self.client_end.clear();
            let started = Instant::now();
            far.receive(&record, &mut self.server_end, &mut |_| {})?;
            back += started.elapsed();
        }
        let each = |time: Duration| time.as_nanos() as f64 / f64::from(RECORDS);
        println!(
            "record of {bytes:5} bytes, out / in   {:8.0} / {:.0} ns",
            each(out),
            each(back)
        );
        Ok(())
    }

    /// Sessions after their handshake and one record each way, whose clients have gone.
    fn memory(&mut self, what: &str, client: &ClientTls) -> Result<()> {
        let before = resident_bytes()?;
        for _ in 0..SESSIONS {
            let (mut near, mut far, _) = self.open(client)?;
            far.send(&[7; 100], &mut self.server_end)?;
            near.send(&[7; 100], &mut self.client_end)?;
            let record = self.client_end.outgoing().to_vec();
            self.client_end.clear();
            self.server_end.clear();
            far.receive(&record, &mut self.server_end, &mut |_| {})?;
            self.kept.push(far);
        }
        tell_memory(what, before)
    }

    /// The same with rustls's own buffers.
    fn buffered_memory(&mut self, client: &ClientTls) -> Result<()> {
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes())?;
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes())?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)?;
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        let config = Arc::new(config);
        let before = resident_bytes()?;
        for _ in 0..SESSIONS {
            let mut far = ServerConnection::new(config.clone())?;
            let mut near = client.session(NAME)?;
            near.begin(&mut self.client_end)?;
            while far.is_handshaking() {
                self.carry_to_buffered(&mut far)?;
                let mut answer = Vec::new();
                while far.wants_write() {
                    far.write_tls(&mut answer)?;
                }
                near.receive(&answer, &mut self.client_end, &mut |_| {})?;
            }
            near.send(&[7; 100], &mut self.client_end)?;
            self.carry_to_buffered(&mut far)?;
            let mut heard = [0; 100];
            far.reader().read_exact(&mut heard)?;
            self.kept_buffered.push(far);
        }
        tell_memory("idle session, buffered rustls", before)
    }

    fn carry_to_buffered(&mut self, far: &mut ServerConnection) -> Result<()> {
        let bytes = self.client_end.outgoing().to_vec();
        self.client_end.clear();
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            far.read_tls(&mut rest)?;
            far.process_new_packets()?;
        }
        Ok(())
    }
}

fn resident_bytes() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.ok_or("no VmRSS")?.trim().trim_end_matches("kB").trim();
    Ok(kib.parse::<u64>()? * 1024)
}

fn tell_memory(what: &str, before: u64) -> Result<()> {
    let grown = resident_bytes()?.saturating_sub(before);
    println!("{what:<32} {:8} bytes", grown / SESSIONS as u64);
    Ok(())
}

fn main() -> Result<()> {
    let mut scene = Scene::new()?;
    println!(
        "size of a session: {} bytes, and its heap",
        size_of::<Session>()
    );
    let roots = scene.certificate.clone();
    let newer = ClientTls::new(roots.as_bytes())?.naming(PROTOCOL);
    let older = ClientTls::tls12(roots.as_bytes())?.naming(PROTOCOL);
    scene.memory("idle session, TLS 1.3", &newer.clone().without_tickets())?;
    scene.memory("idle session, TLS 1.2", &older.clone().without_tickets())?;
    scene.buffered_memory(&newer.clone().without_tickets())?;
    scene.handshakes(
        "handshake, TLS 1.3, full",
        &newer.clone().without_tickets(),
        false,
    )?;
    scene.handshakes("handshake, TLS 1.3, resumed", &newer, true)?;
    scene.handshakes(
        "handshake, TLS 1.2, full",
        &older.clone().without_tickets(),
        false,
    )?;
    scene.handshakes("handshake, TLS 1.2, resumed", &older, true)?;
    for bytes in [128, 1_024, 16_384] {
        scene.records(bytes)?;
    }
    Ok(())
}
