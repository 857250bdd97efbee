//! Lanes: the serial writers of the store. A lane runs commands in batches, one commit in flight, under the fences of its
//! shards; it is a pure machine, and a shell carries its requests to an asynchronous store.
//!
//! # What a shell does
//!
//! Perform every effect once; answer each that has a ticket with the input of that ticket, exactly once, whatever the
//! store does (a request that times out is `Unavailable`, a commit that times out is `UnknownResult`); call `timeout` at
//! `next_deadline`. A commit is never repeated by the shell. Outcomes come in the order of the commands submitted.
//!
//! ```
//! use std::collections::BTreeSet;
//!
//! use ringpost_storage_core::lane::{Lane, LaneConfig, LaneEffect, LaneInput};
//! use ringpost_storage_core::memory::{FaultRates, MemoryStore};
//! use ringpost_storage_core::{Command, Outcome, Retention, Rules};
//! use ringpost_wire::{DeviceAddress, UserId};
//!
//! /// Does what the lane asks, one millisecond each, until it asks for nothing more.
//! fn drive(lane: &mut Lane, store: &mut MemoryStore, now_ms: &mut u64) -> Vec<Outcome> {
//!     let mut outcomes = Vec::new();
//!     loop {
//!         let Some(effect) = lane.next_effect() else {
//!             let Some(deadline_ms) = lane.next_deadline() else {
//!                 return outcomes;
//!             };
//!             *now_ms = deadline_ms.max(*now_ms);
//!             lane.timeout(*now_ms);
//!             continue;
//!         };
//!         *now_ms += 1;
//!         let input = match effect {
//!             LaneEffect::GetReadVersion { ticket } => LaneInput::ReadVersion {
//!                 ticket,
//!                 result: store.read_version(*now_ms),
//!             },
//!             LaneEffect::Read { ticket, version, reads } => LaneInput::Rows {
//!                 ticket,
//!                 results: reads.iter().map(|read| store.read(version, read, *now_ms)).collect(),
//!             },
//!             LaneEffect::Commit { ticket, request } => LaneInput::Committed {
//!                 ticket,
//!                 result: store.commit(request, *now_ms),
//!             },
//!             LaneEffect::Answer { outcomes: more } => {
//!                 outcomes.extend(more);
//!                 continue;
//!             }
//!             LaneEffect::State(state) => {
//!                 println!("the lane is {state:?}");
//!                 continue;
//!             }
//!         };
//!         lane.input(input, *now_ms);
//!     }
//! }
//!
//! let ann = UserId::from_subject("ann");
//! let mut lane = Lane::new(LaneConfig {
//!     node: 1,
//!     lane: 0,
//!     incarnation: 1,
//!     homes: BTreeSet::from([ann.shard()]),
//!     rules: Rules { retention: Retention::UntilDelivered },
//!     cache_bytes_max: 32 << 20,
//! });
//! let (mut store, mut now_ms) = (MemoryStore::new(0, FaultRates::NONE), 1);
//! let register = Command::RegisterDevice {
//!     device: DeviceAddress { user: ann, device: 1 },
//!     create: true,
//!     issued_ms: 0,
//!     link_after: None,
//!     now_ms,
//! };
//! lane.input(LaneInput::Submit(vec![register]), now_ms);
//! let outcomes = drive(&mut lane, &mut store, &mut now_ms);
//! assert!(matches!(outcomes[..], [Outcome::Registered(_)]));
//! assert_eq!(lane.held_shards(), [ann.shard()]);
//! ```
//!
//! # Why it is right
//!
//! - Every commit conflicts with the fences of all held shards and with the lane's term. So whatever is held and kept is
//!   true up to the version that a commit or a reading of the fences has proven.
//! - Commits that are resolved together share a version, and a later one of them is no conflict from that version on. So
//!   the commit after a batch is checked from one version earlier. For that a batch may write nothing that the next one
//!   conflicts with: it writes the record, and conflicts with the term, which claims and settlings write. After those a new
//!   version is taken.
//! - A batch that only reads is committed too: what it answers is as new as its commit, whoever holds the shard by then.
//! - A commit of unknown result is settled before anything else: `docs/decisions/0002-fences.md`.

mod attempt;
mod backoff;
mod commit;
mod config;
mod event;
mod fetched;
mod machine;
mod own_range;
mod own_rows;
mod refresh;
mod row_cache;
mod shards;
mod transaction;

pub use config::LaneConfig;
pub use event::{LaneCounters, LaneEffect, LaneInput, LaneState, Ticket, UnavailableReason};
pub use machine::Lane;
pub use transaction::{CommitAnswer, CommitRequest, ReadAnswer, StoreFault, Version};
