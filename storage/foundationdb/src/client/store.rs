//! The store before it runs: opened, given its lanes, then started.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use ringpost_storage_queue::{Bell, LaneHandle};
use ringpost_wire::ShardId;
use tokio::sync::{mpsc, watch};

use super::errands::Errands;
use super::intake::Intake;
use super::lane_task::{LaneSeat, LaneTerms};
use super::link::Link;
use super::network;
use super::running::{Background, Crew, RunningStore};
use crate::cluster_file;
use crate::error::OpenError;
use crate::metrics::Metrics;
use crate::options::Options;
use crate::state::Status;
use crate::subspace::Subspace;

/// Errands that wait for a lane.
const ERRANDS_MAX: usize = 4;

/// An open store without threads.
pub struct FoundationStore {
    options: Options,
    subspace: Subspace,
    cluster_file: PathBuf,
    metrics: Arc<Metrics>,
    lanes: Vec<NewLane>,
}

struct NewLane {
    homes: BTreeSet<ShardId>,
    intake: Intake,
    bell: Arc<Bell>,
}

impl FoundationStore {
    /// Checks options and cluster file, and starts the client library. The cluster need not be there yet.
    ///
    /// # Errors
    /// [`OpenError`], with a message for the operator.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let subspace = options.check()?;
        let cluster_file = cluster_file::locate(options.cluster_file.as_deref());
        cluster_file::check(&cluster_file)?;
        network::start(&options.client)?;
        Ok(Self {
            options,
            subspace,
            cluster_file,
            metrics: Arc::new(Metrics::default()),
            lanes: Vec::new(),
        })
    }

    /// What is counted.
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Makes a lane for a gateway core, home of `homes`; no two lanes of a store may share one. `wake` is called on the
    /// store's thread after each answer: it must not block.
    pub fn lane(
        &mut self,
        homes: BTreeSet<ShardId>,
        wake: impl Fn() + Send + 'static,
    ) -> LaneHandle {
        let bell = Arc::new(Bell::default());
        let (handle, desk) = ringpost_storage_queue::lane(Arc::clone(&bell), wake);
        self.lanes.push(NewLane {
            homes,
            intake: Intake::new(desk),
            bell,
        });
        handle
    }

    /// Gives the store its thread. It reaches for the cluster, and goes on reaching until it is stopped.
    ///
    /// # Errors
    /// The client library cannot open the cluster file, or the thread cannot be made.
    pub fn start(self) -> Result<RunningStore, OpenError> {
        let status = Arc::new(Status::new(self.lanes.len()));
        let (stop, stopped) = watch::channel(false);
        let links = self.links()?;
        let terms = LaneTerms {
            node: self.options.node,
            rules: self.options.rules,
            cache_bytes: self.options.lane_cache_bytes,
            started: tokio::time::Instant::now(),
        };
        let mut errands = Vec::new();
        let seats = self.lanes.into_iter().zip(0_u16..);
        let seats = seats.map(|(lane, number)| {
            let (sender, receiver) = mpsc::channel(ERRANDS_MAX);
            errands.push((sender, lane.homes.clone()));
            LaneSeat {
                number,
                homes: lane.homes,
                intake: lane.intake,
                bell: lane.bell,
                errands: receiver,
                link: Arc::clone(&links[usize::from(number) % links.len()]),
                status: Arc::clone(&status),
                stop: stopped.clone(),
            }
        });
        let crew = Crew {
            seats: seats.collect(),
            errands: Errands::new(errands),
            link: Arc::clone(&links[0]),
            status: Arc::clone(&status),
            terms,
            background: Background {
                retention: self.options.rules.retention,
                device_unseen_days: self.options.device_unseen_days,
                delays: self.options.sweep_delays,
            },
            stop: stopped,
        };
        let thread = thread::Builder::new()
            .name("store-lanes".to_owned())
            .spawn(move || crew.run())
            .map_err(OpenError::Thread)?;
        Ok(RunningStore::new(status, self.metrics, stop, thread))
    }

    /// A database handle a client thread: the library gives each to another of its threads.
    fn links(&self) -> Result<Vec<Arc<Link>>, OpenError> {
        let link = |_| {
            let metrics = Arc::clone(&self.metrics);
            Link::open(&self.cluster_file, self.subspace.clone(), metrics).map(Arc::new)
        };
        (0..self.options.client.threads).map(link).collect()
    }
}

impl fmt::Debug for FoundationStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FoundationStore")
            .field("options", &self.options)
            .field("lanes", &self.lanes.len())
            .finish_non_exhaustive()
    }
}
