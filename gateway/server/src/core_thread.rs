//! Starts the thread of one core: pins it, makes its reactor there, listens, and runs the loop once it is wired up.
//!
//! A reactor stays on the thread that made it, so each thread makes its own and tells its waker before the rest is built.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use core_affinity::CoreId as Processor;
use ringpost_gateway_core::{Config, CoreId, Worker};
use ringpost_gateway_ring::{Listen, Reactor, ReactorConfig, Waker};
use ringpost_storage_queue::LaneHandle;

use crate::configuration::{DrainSettings, Settings};
use crate::core_loop::{Core, read_clocks};
use crate::door::{Addresses, DoorPlan, Doors};
use crate::error::NodeError;
use crate::host::SPARE_SLOTS;
use crate::http::AdminRequest;
use crate::mailbox::Mailboxes;
use crate::reload::LiveLimits;
use crate::stop_order::StopOrder;
use crate::store::StoreHealth;
use crate::tokens::LiveTokens;
use crate::view::CoreView;

/// A thread that has not made its reactor after this time never will.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// What keeps a process from making threads.
const THREAD_LIMITS: &str = "look at RLIMIT_NPROC (`ulimit -u`, TasksMax=) and at the memory that the process may map \
     (RLIMIT_AS, `ulimit -v`)";

/// Where a core's thread runs.
#[derive(Clone, Copy, Debug)]
pub struct CoreSeat {
    processor: Option<Processor>,
    shares_core: bool,
}

impl CoreSeat {
    /// Seats for `cores` threads on the processors that the process may use; 0 is one for each.
    pub fn assign(cores: usize) -> Vec<Self> {
        let processors = core_affinity::get_core_ids().unwrap_or_default();
        let count = if cores == 0 {
            processors.len().max(1)
        } else {
            cores
        };
        let shares_core = count >= processors.len();
        (0..count)
            .map(|index| {
                let processor =
                    (!processors.is_empty()).then(|| processors[index % processors.len()]);
                Self {
                    processor,
                    shares_core,
                }
            })
            .collect()
    }
}

/// What a core's thread is given when its sockets are ready.
pub struct Wiring {
    /// Its way to the store.
    pub lane: LaneHandle,
    /// The store's state.
    pub health: Arc<StoreHealth>,
    /// Limits that may change.
    pub limits: Arc<LiveLimits>,
    /// Keys and rules of tokens.
    pub tokens: Arc<LiveTokens>,
    /// Its mail.
    pub mailboxes: Mailboxes,
    /// Wakers of all cores, in order.
    pub wakers: Arc<[Waker]>,
    /// What operators ask.
    pub requests: Receiver<AdminRequest>,
    /// What it publishes.
    pub view: Arc<CoreView>,
    /// Which cores have nothing left to do, in order.
    pub drained: Arc<[AtomicBool]>,
}

struct Ready {
    waker: Waker,
    addresses: Addresses,
}

/// What the threads of all cores are started with.
pub struct Start<'a> {
    /// The node's settings.
    pub settings: &'a Settings,
    /// What each worker is made of, but for its own number.
    pub config: &'a Config,
    /// The doors.
    pub doors: DoorPlan,
    /// When the node started.
    pub started: Instant,
    /// The node is to stop.
    pub stopping: &'a Arc<StopOrder>,
}

/// A thread whose sockets are ready and that waits to be wired up.
pub struct CoreThread {
    /// Ends its waits.
    pub waker: Waker,
    wiring: SyncSender<Wiring>,
    thread: JoinHandle<Result<(), NodeError>>,
}

struct Plan {
    id: CoreId,
    seat: CoreSeat,
    doors: DoorPlan,
    reactor: ReactorConfig,
    worker: Config,
    started: Instant,
    stopping: Arc<StopOrder>,
    drain: DrainSettings,
}

impl CoreThread {
    /// Starts a thread for each seat; returns the bound addresses of the doors, which all share.
    ///
    /// # Errors
    /// The first that did not come up. The others end by themselves, unwired.
    pub fn start_all(
        start: Start<'_>,
        seats: Vec<CoreSeat>,
    ) -> Result<(Addresses, Vec<Self>), NodeError> {
        let limits = &start.settings.limits;
        let mut doors = start.doors;
        doors.addresses.iter().try_for_each(refuse_shared)?;
        let mut cores = Vec::new();
        for (index, seat) in seats.into_iter().enumerate() {
            let id = CoreId(index as u16);
            let reactor = ReactorConfig {
                slots: limits.sessions_per_core + SPARE_SLOTS,
                queued_bytes_max: limits.session_queue_bytes,
                ..ReactorConfig::default()
            };
            let worker = Config {
                core: id,
                sessions_max: reactor.slots,
                signed_in_max: limits.sessions_per_core,
                ..start.config.clone()
            };
            let (core, addresses) = Self::start(Plan {
                id,
                seat,
                doors: doors.clone(),
                reactor,
                worker,
                started: start.started,
                stopping: start.stopping.clone(),
                drain: start.settings.drain,
            })?;
            doors.addresses = addresses;
            cores.push(core);
        }
        Ok((doors.addresses, cores))
    }

    fn start(plan: Plan) -> Result<(Self, Addresses), NodeError> {
        let core = usize::from(plan.id.0);
        let (tell_ready, ready) = mpsc::sync_channel(1);
        let (wiring, wired) = mpsc::sync_channel(1);
        let thread = std::thread::Builder::new()
            .name(format!("core-{core}"))
            .spawn(move || run(plan, &tell_ready, &wired))
            .map_err(|error| NodeError::Core {
                core,
                reason: format!("cannot make its thread: {error}; {THREAD_LIMITS}"),
            })?;
        let silent = |_| {
            Err(NodeError::Core {
                core,
                reason: "its thread does not start".to_owned(),
            })
        };
        let Ready { waker, addresses } =
            ready.recv_timeout(START_TIMEOUT).unwrap_or_else(silent)?;
        Ok((
            Self {
                waker,
                wiring,
                thread,
            },
            addresses,
        ))
    }

    /// Wires the thread up: it takes its first turn.
    ///
    /// # Errors
    /// The thread is gone.
    pub fn connect(self, wiring: Wiring) -> Result<JoinHandle<Result<(), NodeError>>, NodeError> {
        match self.wiring.send(wiring) {
            Ok(()) => Ok(self.thread),
            Err(_) => Err(NodeError::Core {
                core: 0,
                reason: "its thread ended before its first turn".to_owned(),
            }),
        }
    }
}

/// The cores share the address; another process must not: the kernel would give it every other connection. Binding without
/// sharing fails where anyone listens.
fn refuse_shared(address: SocketAddr) -> Result<(), NodeError> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(source) => Err(NodeError::Listen { address, source }),
    }
}

fn run(
    plan: Plan,
    tell_ready: &SyncSender<Result<Ready, NodeError>>,
    wired: &Receiver<Wiring>,
) -> Result<(), NodeError> {
    let core = usize::from(plan.id.0);
    if let Some(processor) = plan.seat.processor {
        core_affinity::set_for_current(processor);
    }
    let (reactor, addresses) = match open_sockets(&plan) {
        Ok((reactor, ready)) => {
            let addresses = ready.addresses;
            // The receiver waits for exactly this.
            let _ = tell_ready.send(Ok(ready));
            (reactor, addresses)
        }
        Err(error) => {
            let _ = tell_ready.send(Err(error));
            return Ok(());
        }
    };
    // Dropped without wiring: the node did not start.
    let Ok(wiring) = wired.recv() else {
        return Ok(());
    };
    let doors = Doors::new(DoorPlan {
        addresses,
        ..plan.doors.clone()
    });
    let ran = seated(plan, (reactor, doors), wiring).run();
    ran.map_err(|error| {
        tracing::error!(core, %error, "a core has stopped");
        NodeError::Core {
            core,
            reason: error.to_string(),
        }
    })
}

fn open_sockets(plan: &Plan) -> Result<(Reactor, Ready), NodeError> {
    let mut reactor = Reactor::new(plan.reactor.clone())?;
    let mut listen = |address| {
        let how = Listen {
            reuse_port: true,
            ..Listen::default()
        };
        reactor
            .listen(address, how)
            .map_err(|source| NodeError::Listen { address, source })
    };
    let addresses = Addresses {
        native: listen(plan.doors.addresses.native)?,
        tls: plan.doors.addresses.tls.map(&mut listen).transpose()?,
    };
    let waker = reactor.waker();
    Ok((reactor, Ready { waker, addresses }))
}

fn seated(plan: Plan, (reactor, doors): (Reactor, Doors), wiring: Wiring) -> Core {
    let now = read_clocks(plan.started);
    Core {
        id: plan.id,
        reactor,
        doors,
        worker: Worker::new(plan.worker, now),
        mailboxes: wiring.mailboxes,
        lane: wiring.lane,
        health: wiring.health,
        limits: wiring.limits,
        tokens: wiring.tokens,
        wakers: wiring.wakers,
        requests: wiring.requests,
        view: wiring.view,
        stopping: plan.stopping,
        drained: wiring.drained,
        drain: plan.drain,
        shares_core: plan.seat.shares_core,
        started: plan.started,
    }
}

#[cfg(test)]
mod tests {
    use ringpost_gateway_ring::{Listen, Reactor, ReactorConfig};

    use super::*;

    #[test]
    fn an_address_that_another_process_shares_is_refused() {
        let mut other = Reactor::new(ReactorConfig::default()).expect("a ring");
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let shared = Listen {
            reuse_port: true,
            ..Listen::default()
        };
        let address = other.listen(any, shared).expect("a port");
        assert!(matches!(
            refuse_shared(address),
            Err(NodeError::Listen { .. })
        ));
        assert!(refuse_shared(any).is_ok());
    }
}
