//! The shell of a lane: carries its requests to the in-memory store and the answers back, each after a time of its own.

use ringpost_gateway_core::LaneState as Reported;
use ringpost_storage_core::lane::CommitRequest;
use ringpost_storage_core::lane::{
    Lane, LaneEffect, LaneInput, LaneState, ReadAnswer, StoreFault, Ticket, UnavailableReason,
    Version,
};
use ringpost_storage_core::memory::MemoryStore;
use ringpost_storage_core::store::Read;

use crate::node::Arrived;
use crate::world::{CoreLife, Event, World, note};

const RETRY_AFTER_MS: u32 = 300;
/// A deadline that has come is looked at again after this time.
const DEADLINE_US_MIN: u64 = 500;

/// What a lane asks of the store.
#[derive(Debug)]
pub enum StoreRequest {
    /// A read version.
    Version(Ticket),
    /// Rows at a version.
    Read(Ticket, Version, Vec<Read>),
    /// A commit.
    Commit(Ticket, CommitRequest),
}

impl World {
    fn lane(&mut self, at: CoreLife) -> &mut Lane {
        &mut self.nodes[at.node].cores[at.core].lane
    }

    fn now_ms(&self) -> u64 {
        self.now_us / 1_000
    }

    /// The lane is told something.
    pub fn lane_told(&mut self, at: CoreLife, input: LaneInput) {
        if self.is_alive(at) {
            let now_ms = self.now_ms();
            self.lane(at).input(input, now_ms);
            self.perform_lane(at);
        }
    }

    /// The lane is told the time.
    pub fn lane_time(&mut self, at: CoreLife) {
        if !self.is_alive(at) {
            return;
        }
        let core = &mut self.nodes[at.node].cores[at.core];
        if core.lane_at_us == Some(self.now_us) {
            core.lane_at_us = None;
            let now_ms = self.now_ms();
            self.lane(at).timeout(now_ms);
            self.perform_lane(at);
        }
    }

    /// Does what a lane wants.
    pub fn perform_lane(&mut self, at: CoreLife) {
        while let Some(effect) = self.lane(at).next_effect() {
            match effect {
                LaneEffect::GetReadVersion { ticket } => {
                    self.ask(at, StoreRequest::Version(ticket))
                }
                LaneEffect::Read {
                    ticket,
                    version,
                    reads,
                } => self.ask(at, StoreRequest::Read(ticket, version, reads)),
                LaneEffect::Commit { ticket, request } => {
                    self.ask(at, StoreRequest::Commit(ticket, request));
                }
                LaneEffect::Answer { outcomes } => {
                    note!(
                        self,
                        "n{}k{} lane answers {}",
                        at.node,
                        at.core,
                        outcomes.len()
                    );
                    self.arrive(at, Arrived::Answered(outcomes));
                }
                LaneEffect::State(state) => self.lane_changed(at, state),
            }
        }
        let Some(due_ms) = self.lane(at).next_deadline() else {
            return;
        };
        let due_us = (due_ms * 1_000).max(self.now_us + DEADLINE_US_MIN);
        let core = &mut self.nodes[at.node].cores[at.core];
        if core.lane_at_us.is_none_or(|planned| due_us < planned) {
            core.lane_at_us = Some(due_us);
            self.queue.push(due_us, Event::LaneTime(at));
        }
    }

    fn lane_changed(&mut self, at: CoreLife, state: LaneState) {
        note!(self, "n{}k{} lane {state:?}", at.node, at.core);
        let reported = match state {
            LaneState::Ready => Reported::Ready,
            LaneState::Unavailable {
                reason: UnavailableReason::Store,
            } => {
                self.counts.add("store unavailable to a lane");
                let retry_after_ms = RETRY_AFTER_MS;
                Reported::Unavailable { retry_after_ms }
            }
            LaneState::Unavailable { reason } => {
                return self.fail(format_args!("a lane ended for good: {reason:?}"));
            }
        };
        self.arrive(at, Arrived::Lane(reported));
    }

    fn ask(&mut self, at: CoreLife, request: StoreRequest) {
        let delay_us = self.random.between(1, self.settings.store_delay_us);
        self.after(delay_us, Event::Store(at, Box::new(request)));
    }

    /// A request reaches the store; it does so too when the lane that sent it is no more.
    pub fn store_asked(&mut self, at: CoreLife, request: StoreRequest) {
        let now_ms = self.now_ms();
        let store = &mut self.store;
        let mut delay_us = self.random.between(1, self.settings.store_delay_us);
        let answer = match request {
            StoreRequest::Version(ticket) => LaneInput::ReadVersion {
                ticket,
                result: store.read_version(now_ms),
            },
            StoreRequest::Read(ticket, version, reads) => LaneInput::Rows {
                ticket,
                results: read_all(store, version, &reads, now_ms),
            },
            StoreRequest::Commit(ticket, request) => {
                delay_us += (MemoryStore::BATCH_MS + 1) * 1_000;
                let writes = request.writes.len();
                let result = store.commit(request, now_ms);
                if let Some(due_ms) = store.next_deadline() {
                    self.queue.push(due_ms * 1_000, Event::StoreLate);
                }
                note!(
                    self,
                    "n{}k{} commit of {writes}: {result:?}",
                    at.node,
                    at.core
                );
                LaneInput::Committed { ticket, result }
            }
        };
        if self.is_alive(at) {
            self.after(delay_us, Event::LaneTold(at, Box::new(answer)));
        } else {
            self.counts.add("requests of dead lanes");
        }
    }

    /// Commits that were to land late are tried.
    pub fn store_late(&mut self) {
        let now_ms = self.now_ms();
        self.store.advance(now_ms);
        if let Some(due_ms) = self.store.next_deadline() {
            let due_us = (due_ms * 1_000).max(self.now_us + 1_000);
            self.queue.push(due_us, Event::StoreLate);
        }
    }
}

fn read_all(
    store: &mut MemoryStore,
    version: Version,
    reads: &[Read],
    now_ms: u64,
) -> Result<Vec<ReadAnswer>, StoreFault> {
    reads
        .iter()
        .map(|read| store.read(version, read, now_ms))
        .collect()
}
