//! A node: opens the store, starts one thread a core and the HTTP thread, and stops them in the order that loses nothing.
//!
//! Order of a stop: cores drain (their open batches are answered), then the store commits what was handed over and closes.

use std::cell::Cell;
use std::fs::{DirBuilder, File};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ringpost_gateway_core::{Config, CoreId, ShardMap, TokenVerifier};
use ringpost_gateway_ring::Waker;
use ringpost_storage_core::Command;
use ringpost_wire::ChatId;
use tokio::sync::oneshot;

use crate::configuration::{DrainSettings, Settings};
use crate::core_thread::{CoreSeat, CoreThread, Start, Wiring};
use crate::door::{Addresses, Certificates, DoorPlan};
use crate::error::NodeError;
use crate::host::{self, Finding, Weight};
use crate::http::{AdminGuard, AdminRequest, HttpServer};
use crate::mailbox::Mailboxes;
use crate::reload::{LiveLimits, Reloader};
use crate::secret::{ADMIN_TOKEN_FILE, Secret, TOKEN_SECRET_FILE};
use crate::stop_order::StopOrder;
use crate::store::{RunningStore, Store, StoreHealth, StoreState};
use crate::tokens::LiveTokens;
use crate::view::{ADMIN_REQUESTS_MAX, AdminDoor, CoreView, NodeParts, NodeView};
use crate::waiting::{self, Opened};

/// Time between two questions to a store that can be away.
const PROBE_INTERVAL: Duration = Duration::from_secs(5);

/// A running node.
pub struct Node {
    addresses: Addresses,
    certificates: Option<Arc<Certificates>>,
    pub(crate) http: HttpServer,
    view: Arc<NodeView>,
    probed: Cell<Instant>,
    pub(crate) store: Box<dyn RunningStore>,
    health: Arc<StoreHealth>,
    tokens: Arc<LiveTokens>,
    pub(crate) threads: Vec<JoinHandle<Result<(), NodeError>>>,
    pub(crate) wakers: Arc<[Waker]>,
    pub(crate) stopping: Arc<StopOrder>,
    pub(crate) drain: DrainSettings,
}

impl Node {
    /// Opens the store and starts all threads. Sessions are accepted when this returns; `None` when `is_stop_asked` says so
    /// while the store cannot be opened.
    ///
    /// # Errors
    /// What could not be had; nothing is left running then.
    pub fn start(
        settings: &Settings,
        reloader: &Arc<Reloader>,
        is_stop_asked: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Self>, NodeError> {
        let started = Instant::now();
        let seats = CoreSeat::assign(settings.cores);
        let warnings = judge_host(settings, seats.len())?;
        make_data_directory(&settings.data_dir)?;
        let tokens = load_tokens(settings)?;
        let admin_guard = guard_administration(settings, seed(started))?;
        reloader.add(admin_guard.clone());
        let certificates = load_certificates(settings)?;
        let opened = waiting::open_store(settings, reloader, &admin_guard, is_stop_asked)?;
        let Some(Opened { mut store, http }) = opened else {
            return Ok(None);
        };
        warnings.iter().for_each(Finding::log);
        let stopping = Arc::new(StopOrder::default());
        let config = worker_config(settings, tokens.verifier(), seats.len(), started);
        let start = Start {
            settings,
            config: &config,
            doors: DoorPlan::new(settings, certificates.as_deref()),
            started,
            stopping: &stopping,
        };
        let (addresses, cores) = CoreThread::start_all(start, seats)?;
        let wakers: Arc<[Waker]> = cores.iter().map(|core| core.waker.clone()).collect();
        let health = Arc::new(StoreHealth::new());
        let limits = Arc::new(LiveLimits::new(settings));
        let shared = (&health, &limits, &tokens);
        let (wirings, doors) = wire(&wakers, &mut *store, shared);
        let view = Arc::new(NodeView::new(NodeParts {
            started,
            cores: doors,
            store: store.numbers(),
            health: health.clone(),
            stopping: stopping.clone(),
            reloader: reloader.clone(),
            certificates: certificates.clone(),
            tokens: Some(tokens.clone()),
            admin_guard,
        }));
        let store = store.start()?;
        health.set(store.state());
        let connected = cores.into_iter().zip(wirings);
        let threads = connected.map(|(core, wiring)| core.connect(wiring));
        let threads = threads.collect::<Result<_, _>>()?;
        reloader.add(limits);
        if let Some(pair) = certificates.clone() {
            reloader.add(pair);
        }
        reloader.add(tokens.clone());
        let http = HttpServer::start(http, view.clone())?;
        Ok(Some(Self {
            addresses,
            certificates,
            http,
            view,
            probed: Cell::new(started),
            store,
            health,
            tokens,
            threads,
            wakers,
            stopping,
            drain: settings.drain,
        }))
    }

    /// The bound address of the native door.
    pub fn native_address(&self) -> SocketAddr {
        self.addresses.native
    }

    /// The bound address of the native door with TLS, if there is one.
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.addresses.tls
    }

    /// The bound address of HTTP.
    pub fn http_address(&self) -> SocketAddr {
        self.http.address()
    }

    /// Why messages cannot be stored now; `None` when they can.
    pub fn not_ready(&self) -> Option<String> {
        self.health.state().not_ready()
    }

    /// Whether every core takes its turns.
    pub fn is_alive(&self) -> bool {
        self.view.stuck_cores().next().is_none()
    }

    /// Takes in and tells the store's state, and key files that have changed. Why the node cannot run on, if so: a core's thread has
    /// ended, or the store has failed.
    pub fn watch(&self) -> Option<String> {
        self.certificates.iter().for_each(|pair| pair.watch());
        if self.tokens.look() {
            self.view.reloader().retry();
        }
        let state = self.store_state();
        if self.health.set(state.clone()).is_some() {
            self.wakers.iter().for_each(Waker::wake);
            log_state(&state);
        }
        if matches!(state, StoreState::Failed(_)) {
            return state.not_ready();
        }
        self.threads
            .iter()
            .any(JoinHandle::is_finished)
            .then(|| "a core has stopped".to_owned())
    }

    /// What the store says, unless it owes an answer for too long.
    fn store_state(&self) -> StoreState {
        let state = self.store.state();
        let Some(patience) = self.store.patience() else {
            return state;
        };
        self.probe();
        let is_silent = self.view.store_silence() > patience;
        if state == StoreState::Ready && is_silent {
            return StoreState::Unavailable("it does not answer".to_owned());
        }
        state
    }

    /// Asks the store something now and then: without traffic nobody else would notice that it is away.
    fn probe(&self) {
        if self.probed.get().elapsed() < PROBE_INTERVAL {
            return;
        }
        self.probed.set(Instant::now());
        let chat = ChatId([0; 16]);
        let (answer, _) = oneshot::channel();
        let command = Command::InspectChat { chat };
        // Too much waits already: then the silence shows without it.
        let _ = self.view.ask(AdminRequest { command, answer });
    }
}

/// What the host lacks that the node can do without.
fn judge_host(settings: &Settings, cores: usize) -> Result<Vec<Finding>, NodeError> {
    let mut findings = host::examine(settings, cores);
    match findings.first() {
        Some(first) if first.weight == Weight::Fatal => Err(NodeError::Host(findings.remove(0))),
        _ => Ok(findings),
    }
}

/// What each core is given, and how HTTP sees it.
type Wirings = (Vec<Wiring>, Vec<(Arc<CoreView>, AdminDoor)>);

/// Wires up the cores that `wakers` wake. Each one's lane is home of the shards that messages are routed to it for.
fn wire(
    wakers: &Arc<[Waker]>,
    store: &mut dyn Store,
    (health, limits, tokens): (&Arc<StoreHealth>, &Arc<LiveLimits>, &Arc<LiveTokens>),
) -> Wirings {
    let drained: Arc<[AtomicBool]> = wakers.iter().map(|_| AtomicBool::new(false)).collect();
    let shards = ShardMap::new(wakers.len() as u16);
    let mailboxes = Mailboxes::for_cores(wakers.len());
    let wire_one = |(core, (waker, mailboxes)): (usize, (&Waker, Mailboxes))| {
        let (sender, requests) = mpsc::sync_channel(ADMIN_REQUESTS_MAX);
        let view = Arc::new(CoreView::default());
        let homes = shards.shards_of(CoreId(core as u16)).collect();
        let wake = waker.clone();
        let wiring = Wiring {
            lane: store.lane(homes, Box::new(move || wake.wake())),
            health: health.clone(),
            limits: limits.clone(),
            tokens: tokens.clone(),
            mailboxes,
            wakers: wakers.clone(),
            requests,
            view: view.clone(),
            drained: drained.clone(),
        };
        let door = AdminDoor {
            requests: sender,
            waker: waker.clone(),
        };
        (wiring, (view, door))
    };
    wakers
        .iter()
        .zip(mailboxes)
        .enumerate()
        .map(wire_one)
        .unzip()
}

fn log_state(state: &StoreState) {
    match state {
        StoreState::Starting => tracing::info!("the store is starting"),
        StoreState::Ready => tracing::info!("the store is ready"),
        StoreState::Unavailable(reason) => {
            tracing::warn!(%reason, "the store is unavailable: sends are refused until it is back");
        }
        // Whoever watches stops the node and logs why.
        StoreState::Failed(_) => {}
    }
}

/// Makes the directory, for its owner only, where it is missing; its name is durable before anything is put into it.
fn make_data_directory(path: &Path) -> Result<(), NodeError> {
    let failed = |source| NodeError::DataDirectory {
        path: path.to_owned(),
        source,
    };
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(failed)?;
    let absolute = path.canonicalize().map_err(failed)?;
    let parent = absolute.parent().unwrap_or(&absolute);
    File::open(parent)
        .and_then(|parent| parent.sync_all())
        .map_err(failed)
}

fn load_tokens(settings: &Settings) -> Result<Arc<LiveTokens>, NodeError> {
    let secret = Secret::load_or_make(&settings.data_dir.join(TOKEN_SECRET_FILE))?;
    Ok(Arc::new(LiveTokens::start(settings, secret)?))
}

fn guard_administration(settings: &Settings, seed: u64) -> Result<Arc<AdminGuard>, NodeError> {
    let token = Secret::load_or_make(&settings.data_dir.join(ADMIN_TOKEN_FILE))?;
    Ok(Arc::new(AdminGuard::new(settings, &token, seed)))
}

fn load_certificates(settings: &Settings) -> Result<Option<Arc<Certificates>>, NodeError> {
    let is_on = settings.tls.is_on();
    let loaded = is_on.then(|| Certificates::load(&settings.tls).map(Arc::new));
    Ok(loaded.transpose()?)
}

fn worker_config(
    settings: &Settings,
    tokens: Arc<TokenVerifier>,
    cores: usize,
    started: Instant,
) -> Config {
    Config {
        cores: cores as u16,
        seed: seed(started),
        server: concat!("ringpost/", env!("CARGO_PKG_VERSION")).to_owned(),
        tokens,
        register_devices: settings.auth.register,
        sends_per_second: settings.limits.sends_per_second,
        sends_burst: settings.limits.sends_burst,
        opens_per_minute: settings.limits.opens_per_minute,
        handshakes_per_second: settings.limits.handshakes_per_second,
        peers: settings.limits.peers(),
        queue_delay_ms: u64::from(settings.limits.queue_delay_ms),
        ..Config::default()
    }
}

/// A seed that differs from start to start: for jitter and the hashing of tables, not for secrets.
fn seed(started: Instant) -> u64 {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes),
        Err(_) => started.elapsed().as_nanos() as u64,
    }
}
