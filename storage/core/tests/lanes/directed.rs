//! Directed tests of what random seeds seldom meet: settling in every order, incarnations and numbers used again, commits
//! that share a version, and what a lane says of shards and stores that it has lost.

use std::collections::BTreeSet;

use bytes::Bytes;
use ringpost_storage_core::Command;
use ringpost_storage_core::batch::{Retention, Rules};
use ringpost_storage_core::key;
use ringpost_storage_core::lane::{
    CommitRequest, Lane, LaneConfig, LaneEffect, LaneInput, LaneState, Ticket, UnavailableReason,
};
use ringpost_storage_core::memory::{Fault, FaultRates, MemoryStore};
use ringpost_storage_core::outcome::Outcome;
use ringpost_storage_core::store::{KeyRange, Read};
use ringpost_wire::{ErrorCode, MessageView};

use crate::client::{Asked, Client};

/// A lane, its store, and the time.
struct Bench {
    store: MemoryStore,
    client: Client,
    now_ms: u64,
}

impl Bench {
    fn new() -> Self {
        Self {
            store: MemoryStore::new(0, FaultRates::NONE),
            client: Client::new("ann", "bob", 0),
            now_ms: 100,
        }
    }

    /// A life of a lane that is home of all that the client needs.
    fn lane(&self, lane: u16, incarnation: u64) -> Lane {
        let (client, peer) = (&self.client, self.client.peer);
        Lane::new(LaneConfig {
            node: 1,
            lane,
            incarnation,
            homes: BTreeSet::from([
                client.chat.shard(),
                client.sender.user.shard(),
                peer.user.shard(),
            ]),
            rules: Rules {
                retention: Retention::Days(30),
            },
            cache_bytes_max: 1 << 20,
        })
    }

    /// A lane that has opened the chat.
    fn open_lane(&mut self) -> Lane {
        let mut lane = self.lane(0, 1);
        for asked in [
            Asked::Register { is_peer: false },
            Asked::Register { is_peer: true },
            Asked::Open,
        ] {
            let outcomes = self.run(&mut lane, asked);
            assert!(
                !matches!(outcomes[..], [Outcome::Failed(_)]),
                "{outcomes:?}"
            );
        }
        lane
    }

    fn command(&self, asked: Asked) -> Command {
        self.client.command(asked, 0, self.now_ms)
    }

    fn submit(&mut self, lane: &mut Lane, asked: Asked) {
        let command = self.command(asked);
        lane.input(LaneInput::Submit(vec![command]), self.now_ms);
    }

    fn run(&mut self, lane: &mut Lane, asked: Asked) -> Vec<Outcome> {
        self.submit(lane, asked);
        self.drive(lane)
    }

    /// Does what the lane asks, one millisecond each, until it asks for nothing more.
    fn drive(&mut self, lane: &mut Lane) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for _ in 0..1_000 {
            while let Some(effect) = lane.next_effect() {
                outcomes.extend(self.perform(lane, effect));
            }
            match lane.next_deadline() {
                Some(due_ms) => {
                    self.now_ms = self.now_ms.max(due_ms);
                    lane.timeout(self.now_ms);
                }
                None => return outcomes,
            }
        }
        panic!("the lane does not come to rest");
    }

    fn perform(&mut self, lane: &mut Lane, effect: LaneEffect) -> Vec<Outcome> {
        self.now_ms += 1;
        let now_ms = self.now_ms;
        match effect {
            LaneEffect::GetReadVersion { ticket } => {
                let result = self.store.read_version(now_ms);
                lane.input(LaneInput::ReadVersion { ticket, result }, now_ms);
            }
            LaneEffect::Read {
                ticket,
                version,
                reads,
            } => {
                let answers = reads
                    .iter()
                    .map(|read| self.store.read(version, read, now_ms));
                let results = answers.collect();
                lane.input(LaneInput::Rows { ticket, results }, now_ms);
            }
            LaneEffect::Commit { ticket, request } => {
                let result = self.store.commit(request, now_ms);
                lane.input(LaneInput::Committed { ticket, result }, now_ms);
            }
            LaneEffect::Answer { outcomes } => return outcomes,
            LaneEffect::State(_) => {}
        }
        Vec::new()
    }

    /// As `drive`, up to the lane's next commit, which is returned instead of sent.
    fn drive_to_commit(&mut self, lane: &mut Lane) -> (Ticket, CommitRequest) {
        for _ in 0..1_000 {
            match lane.next_effect() {
                Some(LaneEffect::Commit { ticket, request }) => return (ticket, request),
                Some(effect) => assert_eq!(self.perform(lane, effect), [], "answered too early"),
                None => {
                    let due_ms = lane.next_deadline().expect("the lane goes on by itself");
                    self.now_ms = self.now_ms.max(due_ms);
                    lane.timeout(self.now_ms);
                }
            }
        }
        panic!("the lane does not commit");
    }

    /// The client's numbers in the log, in the log's order.
    fn log(&self) -> Vec<u64> {
        let range = KeyRange {
            begin: key::message::encode(self.client.chat, 0),
            end: key::message::encode(self.client.chat, u64::MAX),
        };
        let rows = self.store.scan(&range);
        let number = |value: &Bytes| MessageView::of_deliver(value).unwrap().client_seq();
        rows.iter().map(|row| number(&row.value)).collect()
    }
}

const FIRST: Asked = Asked::Append { client_seq: 1 };
const SECOND: Asked = Asked::Append { client_seq: 2 };

/// Whether `outcomes` are one message stored at `seq`.
fn is_stored(outcomes: &[Outcome], seq: u64) -> bool {
    matches!(outcomes, [Outcome::Appended(appended)] if appended.seq == seq && appended.delivery.is_some())
}

#[test]
fn a_batch_that_landed_unknown_is_answered_as_decided_then() {
    let mut bench = Bench::new();
    let mut lane = bench.open_lane();
    bench.store.force(Fault::UnknownApplied, 1);
    let outcomes = bench.run(&mut lane, FIRST);
    assert!(is_stored(&outcomes, 1), "{outcomes:?}");
    assert!(is_stored(&bench.run(&mut lane, SECOND), 2));
    assert_eq!(bench.log(), [1, 2]);
    let counters = lane.counters();
    assert_eq!((counters.settlings, counters.settled_landed), (1, 1));
}

#[test]
fn a_lost_batch_is_not_taken_for_the_one_before() {
    let mut bench = Bench::new();
    let mut lane = bench.open_lane();
    bench.store.force(Fault::UnknownLost, 1);
    let outcomes = bench.run(&mut lane, FIRST);
    assert!(is_stored(&outcomes, 1), "{outcomes:?}");
    assert_eq!(bench.log(), [1]);
    assert_eq!(lane.counters().settled_lost, 1);
}

#[test]
fn a_batch_that_lands_between_reading_and_settling_is_found() {
    let mut bench = Bench::new();
    let mut lane = bench.open_lane();
    bench.submit(&mut lane, FIRST);
    let (batch_ticket, batch) = bench.drive_to_commit(&mut lane);
    let result = ringpost_storage_core::lane::CommitAnswer::UnknownResult;
    let ticket = batch_ticket;
    lane.input(LaneInput::Committed { ticket, result }, bench.now_ms);
    let (ticket, settling) = bench.drive_to_commit(&mut lane);
    // The batch was under way all the time.
    bench.store.commit(batch, bench.now_ms);
    let result = bench.store.commit(settling, bench.now_ms);
    lane.input(LaneInput::Committed { ticket, result }, bench.now_ms);
    let outcomes = bench.drive(&mut lane);
    assert!(is_stored(&outcomes, 1), "{outcomes:?}");
    assert!(is_stored(&bench.run(&mut lane, SECOND), 2));
    assert_eq!(bench.log(), [1, 2]);
    assert_eq!(lane.counters().settled_landed, 1);
}

#[test]
fn a_batch_that_arrives_after_its_settling_can_no_longer_land() {
    let mut bench = Bench::new();
    let mut lane = bench.open_lane();
    bench.submit(&mut lane, FIRST);
    let (ticket, batch) = bench.drive_to_commit(&mut lane);
    let result = ringpost_storage_core::lane::CommitAnswer::UnknownResult;
    lane.input(LaneInput::Committed { ticket, result }, bench.now_ms);
    let (ticket, settling) = bench.drive_to_commit(&mut lane);
    let result = bench.store.commit(settling, bench.now_ms);
    let late = bench.store.commit(batch, bench.now_ms + 1);
    assert_eq!(late, ringpost_storage_core::lane::CommitAnswer::Conflict);
    lane.input(LaneInput::Committed { ticket, result }, bench.now_ms);
    let outcomes = bench.drive(&mut lane);
    assert!(is_stored(&outcomes, 1), "{outcomes:?}");
    assert_eq!(bench.log(), [1]);
    assert_eq!(bench.store.inserts_over_rows(), 0);
}

#[test]
fn settlings_are_repeated_until_one_is_known() {
    let mut bench = Bench::new();
    let mut lane = bench.open_lane();
    bench.store.force(Fault::UnknownApplied, 1);
    bench.store.force(Fault::UnknownLost, 2);
    bench.store.force(Fault::UnknownApplied, 3);
    bench.store.force(Fault::Conflict, 4);
    let outcomes = bench.run(&mut lane, FIRST);
    assert!(is_stored(&outcomes, 1), "{outcomes:?}");
    assert_eq!(bench.log(), [1]);
    let counters = lane.counters();
    assert_eq!((counters.unknown_results, counters.settlings), (3, 1));
}

#[test]
fn an_incarnation_that_was_used_before_is_refused() {
    let mut bench = Bench::new();
    let mut lane = bench.open_lane();
    assert!(is_stored(&bench.run(&mut lane, FIRST), 1));
    let mut again = bench.lane(0, 1);
    let outcomes = bench.run(&mut again, SECOND);
    let reason = UnavailableReason::IncarnationReused;
    assert_eq!(again.state(), LaneState::Unavailable { reason });
    assert!(
        matches!(&outcomes[..], [Outcome::AppendRefused(refused)] if refused.code == ErrorCode::Unavailable)
    );
    assert_eq!((again.held_shards(), again.next_deadline()), (vec![], None));
    assert_eq!(bench.log(), [1]);
}

#[test]
fn a_later_life_ends_the_earlier_one() {
    let mut bench = Bench::new();
    let mut old = bench.open_lane();
    let mut new = bench.lane(0, 2);
    assert!(is_stored(&bench.run(&mut new, FIRST), 1));
    let outcomes = bench.run(&mut old, SECOND);
    assert!(
        matches!(&outcomes[..], [Outcome::AppendRefused(refused)] if refused.code == ErrorCode::Unavailable)
    );
    let reason = UnavailableReason::Superseded;
    assert_eq!(old.state(), LaneState::Unavailable { reason });
    assert!(is_stored(&bench.run(&mut new, SECOND), 2));
}

#[test]
fn a_claim_at_the_version_of_a_batch_is_noticed_by_the_next() {
    let mut bench = Bench::new();
    let mut old = bench.open_lane();
    let mut new = bench.lane(1, 1);
    new.timeout(bench.now_ms);
    let (claim_ticket, claim) = bench.drive_to_commit(&mut new);
    bench.submit(&mut old, FIRST);
    let (ticket, batch) = bench.drive_to_commit(&mut old);
    let result = bench.store.commit(batch, bench.now_ms);
    bench.store.force(Fault::SharedVersion, 1);
    let claimed = bench.store.commit(claim, bench.now_ms);
    assert_eq!(bench.store.count(Fault::SharedVersion), 1);
    assert_eq!(result, claimed, "both at one version");
    bench.now_ms += MemoryStore::BATCH_MS;
    old.input(LaneInput::Committed { ticket, result }, bench.now_ms);
    let ticket = claim_ticket;
    let result = claimed;
    new.input(LaneInput::Committed { ticket, result }, bench.now_ms);
    assert!(is_stored(&bench.drive(&mut old), 1));
    assert!(is_stored(&bench.run(&mut new, SECOND), 2));
    bench.submit(&mut old, Asked::Append { client_seq: 3 });
    let (_, request) = bench.drive_to_commit(&mut old);
    let refused = bench.store.commit(request, bench.now_ms);
    assert_eq!(refused, ringpost_storage_core::lane::CommitAnswer::Conflict);
    assert_eq!(bench.log(), [1, 2]);
}

#[test]
fn commands_of_a_lost_shard_use_no_number() {
    let mut bench = Bench::new();
    let mut old = bench.open_lane();
    let mut new = bench.lane(1, 1);
    new.timeout(bench.now_ms);
    bench.drive(&mut new);
    bench.submit(&mut old, FIRST);
    let mut outcomes = Vec::new();
    while outcomes.is_empty() {
        let effect = old.next_effect().expect("the lane finds out by itself");
        outcomes = bench.perform(&mut old, effect);
    }
    assert!(matches!(&outcomes[..], [Outcome::AppendRefused(refused)]
            if refused.code == ErrorCode::Unavailable && refused.sent_as == 1));
    assert_eq!(old.counters().shards_lost, 3);
    assert!(is_stored(&bench.run(&mut new, FIRST), 1));
}

#[test]
fn a_store_that_is_away_is_told_and_so_is_its_return() {
    let mut bench = Bench::new();
    let mut lane = bench.open_lane();
    bench.store.refuse_until(bench.now_ms + 30_000);
    let mut states = Vec::new();
    bench.submit(&mut lane, FIRST);
    for _ in 0..10_000 {
        while let Some(effect) = lane.next_effect() {
            if let LaneEffect::State(state) = effect {
                states.push(state);
            } else {
                bench.perform(&mut lane, effect);
            }
        }
        let Some(due_ms) = lane.next_deadline() else {
            break;
        };
        bench.now_ms = bench.now_ms.max(due_ms);
        lane.timeout(bench.now_ms);
    }
    let reason = UnavailableReason::Store;
    let away = LaneState::Unavailable { reason };
    assert_eq!(states, [away, LaneState::Ready]);
    assert!((30_000..33_000).contains(&bench.now_ms), "{}", bench.now_ms);
    assert_eq!(
        lane.held_shards().len(),
        BTreeSet::from(homes(&bench)).len()
    );
    assert!(is_stored(&bench.run(&mut lane, FIRST), 1));
}

fn homes(bench: &Bench) -> [ringpost_wire::ShardId; 3] {
    let client = &bench.client;
    [
        client.chat.shard(),
        client.sender.user.shard(),
        client.peer.user.shard(),
    ]
}

#[test]
fn an_old_version_is_replaced_by_one_at_which_the_fences_are_read() {
    let mut bench = Bench::new();
    let mut lane = bench.open_lane();
    bench.now_ms += 2_500;
    bench.submit(&mut lane, FIRST);
    let effect = lane.next_effect().unwrap();
    assert!(matches!(effect, LaneEffect::GetReadVersion { .. }));
    bench.perform(&mut lane, effect);
    let Some(LaneEffect::Read { reads, .. }) = lane.next_effect() else {
        panic!("the fences are read before anything else");
    };
    for shard in homes(&bench) {
        assert!(reads.contains(&Read::Get(key::fence::encode(shard))));
    }
}
