//! What can be configured, with its defaults. Units are in the names.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use ringpost_gateway_core::PeerLimits;
use ringpost_gateway_core::limits::TOKEN_LEEWAY_MS;
use ringpost_gateway_tls::proxy::{Network, Networks};
use ringpost_storage_core::limits::DEVICE_UNSEEN_DAYS;
use serde::{Deserialize, Serialize};

/// Everything that can be configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Directory of the store and the secrets.
    pub data_dir: PathBuf,
    /// Core threads; 0 is one for every processor that the process may use.
    pub cores: usize,
    /// Addresses.
    pub listen: ListenSettings,
    /// TLS.
    pub tls: TlsSettings,
    /// The store.
    pub store: StoreSettings,
    /// Who may sign in.
    pub auth: AuthSettings,
    /// Limits.
    pub limits: LimitSettings,
    /// How the node stops.
    pub drain: DrainSettings,
    /// Logs.
    pub log: LogSettings,
}

/// Addresses that the node listens on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenSettings {
    /// The native door.
    pub native: SocketAddr,
    /// The native door with TLS. Open if there is a certificate.
    pub tls: SocketAddr,
    /// HTTP: health, metrics, administration.
    pub http: SocketAddr,
    /// Addresses and networks of balancers. Their connections to the native doors begin with a header of the PROXY protocol,
    /// version 2; others must not.
    pub proxy_protocol_from: Vec<String>,
}

impl ListenSettings {
    /// The networks of balancers.
    pub fn balancers(&self) -> Networks {
        networks(&self.proxy_protocol_from)
    }
}

/// The networks that texts name. Texts that name none were refused before.
fn networks<'a>(texts: impl IntoIterator<Item = &'a String>) -> Networks {
    let texts = texts.into_iter();
    texts
        .filter_map(|text| text.parse::<Network>().ok())
        .collect()
}

impl Settings {
    /// Whom no limit of addresses holds for. A balancer is among them: whoever it does not name is nobody else.
    pub fn exempt(&self) -> Networks {
        let balancers = &self.listen.proxy_protocol_from;
        networks(self.limits.exempt_addresses.iter().chain(balancers))
    }
}

/// TLS. Both files or none; they are read again when they change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsSettings {
    /// The chain of certificates in PEM, the node's own first; empty for no TLS.
    pub certificate: PathBuf,
    /// Its private key in PEM.
    pub key: PathBuf,
}

impl TlsSettings {
    /// Whether the node speaks TLS.
    pub fn is_on(&self) -> bool {
        !self.certificate.as_os_str().is_empty()
    }
}

/// Which engine stores the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Files in the data directory: one machine.
    Embedded,
    /// A FoundationDB cluster. Only in programs built with the feature of that name.
    FoundationDb,
}

/// The store. Overlay and flush are the embedded engine's; everything from the cluster file on is FoundationDB's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSettings {
    /// Which engine.
    pub engine: Engine,
    /// Days that messages are kept; 0 keeps each until every active device of every member has it.
    pub retention_days: u32,
    /// Days after which a device that did not sign in is unlinked: what only it had not got is then removed.
    pub device_unseen_days: u32,
    /// Most memory for what is not yet flushed, in MiB.
    pub overlay_mib: usize,
    /// Age at which the overlay is flushed, in milliseconds.
    pub flush_age_ms: u64,
    /// FoundationDB's cluster file; empty is what `FDB_CLUSTER_FILE` names, or `/etc/foundationdb/fdb.cluster`.
    pub cluster_file: PathBuf,
    /// With what every key in FoundationDB begins, so that others can use the same cluster.
    pub prefix: String,
    /// Threads of FoundationDB's client. More than one need `client_library`.
    pub client_threads: u32,
    /// A copy of FoundationDB's client library that is loaded beside the one that the program is linked with; empty for none.
    pub client_library: PathBuf,
    /// Number of this node, which no other node of the same FoundationDB cluster has.
    pub node: u32,
}

/// Who may sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthSettings {
    /// Register an unknown user or device at its first valid token.
    pub register: bool,
    /// The `iss` that a token must have; empty accepts any.
    pub issuer: String,
    /// The `aud` that a token must have.
    pub audience: String,
    /// By how much the clock of whoever makes tokens may differ, in seconds.
    pub leeway_s: u64,
    /// Longest life of a token, from `iat` to `exp`, in seconds; 0 for any.
    pub life_max_s: u64,
    /// Accept tokens that are signed with `token.secret` in the data directory.
    pub local_secret: bool,
    /// A JSON Web Key Set with further keys; empty for none.
    pub jwks_file: PathBuf,
    /// Public keys.
    pub keys: Vec<KeySettings>,
}

/// A public key that tokens are signed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySettings {
    /// The `kid` by which tokens name it.
    pub kid: String,
    /// Its one algorithm.
    pub algorithm: KeyAlgorithm,
    /// The file with the key in PEM (`BEGIN PUBLIC KEY`).
    pub file: PathBuf,
}

/// Algorithms of public keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyAlgorithm {
    /// Ed25519.
    EdDSA,
    /// ECDSA on P-256 with SHA-256.
    ES256,
}

/// Limits of load. Each has a defined answer past it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// Sessions a core.
    pub sessions_per_core: u32,
    /// Sends a second of one device, sustained; past it `RateLimited`.
    pub sends_per_second: u32,
    /// Sends of one device at once.
    pub sends_burst: u32,
    /// Chats a minute that one device may open; past it `RateLimited`. 0 for no limit.
    pub opens_per_minute: u32,
    /// Sign-ins a second that one core begins; past it `Overloaded`. 0 for as many as a core can do. Fewer while messages are late.
    pub handshakes_per_second: u32,
    /// Standing delay of a core's queue before the store from which new sends are refused, in milliseconds. From fifths of it typing,
    /// presence, read marks and media grants are.
    pub queue_delay_ms: u32,
    /// Bytes queued for one session that does not read; past it the session is behind.
    pub session_queue_bytes: usize,
    /// Connections that one address may make a second in the long run; past it they are closed. 0 for no limit.
    pub address_connects_per_second: u32,
    /// Connections of one address at once.
    pub address_connects_burst: u32,
    /// Connections that one address may have open; past it further ones are closed. 0 for no limit.
    pub address_connections: u32,
    /// Sign-ins that one address may fail before it must pause; past it `RateLimited`. 0 for no limit.
    pub address_failed_sign_ins: u32,
    /// Longest such pause, in milliseconds.
    pub address_pause_ms_max: u32,
    /// Bits of an IPv6 address that count as one address.
    pub address_ipv6_prefix_bits: u8,
    /// Addresses and networks that have none of these limits.
    pub exempt_addresses: Vec<String>,
}

impl LimitSettings {
    /// What one address may do.
    pub fn peers(&self) -> PeerLimits {
        PeerLimits {
            connects_per_second: self.address_connects_per_second,
            connects_burst: self.address_connects_burst,
            connections: self.address_connections,
            failed_sign_ins: self.address_failed_sign_ins,
            pause_ms_max: self.address_pause_ms_max,
            ipv6_prefix_bits: self.address_ipv6_prefix_bits,
        }
    }
}

/// How the node stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DrainSettings {
    /// Time that `/readyz` says no before anything else happens, so that balancers send nobody here any more, in milliseconds.
    pub notice_ms: u64,
    /// Most time over which sessions are asked to go, in milliseconds. Fewer than one in 2 ms and core take less.
    pub spread_ms: u32,
    /// Time that each session then has to go by itself, in milliseconds.
    pub leave_ms: u32,
    /// By when the process has ended, in milliseconds. After three quarters of it, sessions are cut off.
    pub limit_ms: u64,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// error, warn, info, debug or trace.
    pub level: LogLevel,
    /// Form.
    pub format: LogFormat,
}

/// Least weight of a line that is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("ringpost-data"),
            cores: 0,
            listen: ListenSettings::default(),
            tls: TlsSettings::default(),
            store: StoreSettings::default(),
            auth: AuthSettings::default(),
            limits: LimitSettings::default(),
            drain: DrainSettings::default(),
            log: LogSettings::default(),
        }
    }
}

impl Default for ListenSettings {
    fn default() -> Self {
        Self {
            native: loopback(7400),
            tls: loopback(7401),
            http: loopback(7480),
            proxy_protocol_from: Vec::new(),
        }
    }
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            engine: Engine::Embedded,
            retention_days: 0,
            device_unseen_days: DEVICE_UNSEEN_DAYS,
            overlay_mib: 64,
            flush_age_ms: 5_000,
            cluster_file: PathBuf::new(),
            prefix: "ringpost".to_owned(),
            client_threads: 1,
            client_library: PathBuf::new(),
            node: 1,
        }
    }
}

impl Default for AuthSettings {
    fn default() -> Self {
        Self {
            register: true,
            issuer: String::new(),
            audience: "ringpost".to_owned(),
            leeway_s: TOKEN_LEEWAY_MS / 1_000,
            life_max_s: 0,
            local_secret: true,
            jwks_file: PathBuf::new(),
            keys: Vec::new(),
        }
    }
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            sessions_per_core: 16_000,
            sends_per_second: 2_000,
            sends_burst: 4_000,
            opens_per_minute: 600,
            handshakes_per_second: 0,
            queue_delay_ms: 100,
            session_queue_bytes: 512 * 1024,
            address_connects_per_second: 100,
            address_connects_burst: 2_000,
            address_connections: 4_000,
            address_failed_sign_ins: 20,
            address_pause_ms_max: 60_000,
            address_ipv6_prefix_bits: 64,
            exempt_addresses: ["127.0.0.0/8", "::1"].map(str::to_owned).to_vec(),
        }
    }
}

impl Default for DrainSettings {
    fn default() -> Self {
        Self {
            notice_ms: 0,
            spread_ms: 10_000,
            leave_ms: 500,
            limit_ms: 60_000,
        }
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            level: LogLevel::Info,
            format: LogFormat::Text,
        }
    }
}
