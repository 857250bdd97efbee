//! The simulated world: virtual time, lanes, clients, one store, and messages between them that are late by chance.
//!
//! For some seconds everything fails; then the faults stop, and all clients must come to their end.

use std::collections::{BTreeMap, BTreeSet};

use ringpost_storage_core::lane::{LaneEffect, LaneInput, LaneState, UnavailableReason};
use ringpost_storage_core::memory::{Dice, Fault, FaultRates, MemoryStore};
use ringpost_storage_core::outcome::Outcome;
use ringpost_wire::{ErrorCode, ShardId};

use crate::checks::Checks;
use crate::client::{Asked, Client, Request};
use crate::lane_slot::LaneSlot;

const STORM_MS: u64 = 6_000;
const END_MS: u64 = 120_000;
const STEPS_MAX: u64 = 60_000;
const RESTART_MS: u64 = 1_500;

/// Something that happens at a time.
#[derive(Debug)]
enum Event {
    AtStore { slot: usize, effect: LaneEffect },
    AtLane { slot: usize, input: LaneInput },
    Submit { slot: usize, request: u64 },
    AtClient { request: u64, outcome: Outcome },
    Client { client: usize },
    Restart,
}

/// What took place in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub faults: BTreeMap<Fault, u64>,
    pub claims: u64,
    pub shards_lost: u64,
    pub conflicts: u64,
    pub unknown_results: u64,
    pub settlings: u64,
    pub settled_landed: u64,
    pub settled_lost: u64,
    pub batches: u64,
    pub refused: u64,
    pub superseded: u64,
    pub repeats: u64,
    pub pages: u64,
    pub steps: u64,
    pub ended_ms: u64,
}

impl Report {
    pub fn add(&mut self, other: &Self) {
        for (fault, count) in &other.faults {
            *self.faults.entry(*fault).or_default() += count;
        }
        self.claims += other.claims;
        self.shards_lost += other.shards_lost;
        self.conflicts += other.conflicts;
        self.unknown_results += other.unknown_results;
        self.settlings += other.settlings;
        self.settled_landed += other.settled_landed;
        self.settled_lost += other.settled_lost;
        self.batches += other.batches;
        self.refused += other.refused;
        self.superseded += other.superseded;
        self.repeats += other.repeats;
        self.pages += other.pages;
        self.steps += other.steps;
        self.ended_ms = self.ended_ms.max(other.ended_ms);
    }
}

/// The world.
pub struct World {
    now_ms: u64,
    dice: Dice,
    store: MemoryStore,
    slots: Vec<LaneSlot>,
    clients: Vec<Client>,
    requests: BTreeMap<u64, Request>,
    events: BTreeMap<(u64, u64), Event>,
    sent: u64,
    checks: Checks,
    is_calm: bool,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let clients = clients(&mut dice);
        let slots = slots(&clients, &mut dice);
        let mut world = Self {
            now_ms: 0,
            store: MemoryStore::new(dice.next_u64(), FaultRates::STORMY),
            slots,
            requests: BTreeMap::new(),
            events: BTreeMap::new(),
            sent: 0,
            checks: Checks::default(),
            is_calm: false,
            clients,
            dice,
        };
        for client in 0..world.clients.len() {
            world.schedule(1, Event::Client { client });
        }
        world.schedule(RESTART_MS, Event::Restart);
        world
    }

    /// Runs to the end.
    pub fn run(mut self) -> Result<Report, String> {
        let mut steps = 0;
        while !self.clients.iter().all(|client| client.is_done) {
            steps += 1;
            if self.now_ms > END_MS || steps > STEPS_MAX {
                let done = self.clients.iter().filter(|client| client.is_done).count();
                let all = self.clients.len();
                return Err(format!("{done} of {all} clients done in {steps} steps"));
            }
            self.step()?;
        }
        self.store
            .advance(self.now_ms + 2 * MemoryStore::LATE_MS_MAX);
        self.checks.log(&self.store, &self.clients)?;
        Ok(self.report(steps))
    }

    fn step(&mut self) -> Result<(), String> {
        let event_ms = self.events.first_key_value().map(|(at, _)| at.0);
        let lanes = self.slots.iter().filter(|slot| slot.is_alive);
        let lane_ms = lanes.filter_map(|slot| slot.lane.next_deadline()).min();
        let late_ms = self.store.next_deadline();
        let next_ms = [event_ms, lane_ms, late_ms].into_iter().flatten().min();
        self.now_ms = next_ms.ok_or("nothing is left to happen")?.max(self.now_ms);
        if !self.is_calm && self.now_ms >= STORM_MS {
            self.is_calm = true;
            self.store.set_rates(FaultRates::NONE);
        }
        self.store.advance(self.now_ms);
        for slot in 0..self.slots.len() {
            let deadline = self.slots[slot].lane.next_deadline();
            if self.slots[slot].is_alive && deadline.is_some_and(|due| due <= self.now_ms) {
                self.slots[slot].lane.timeout(self.now_ms);
                self.perform(slot)?;
            }
        }
        while let Some(entry) = self.events.first_entry() {
            if entry.key().0 > self.now_ms {
                break;
            }
            let event = entry.remove();
            self.happen(event)?;
        }
        Ok(())
    }

    fn happen(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::AtStore { slot, effect } => self.ask_store(slot, effect),
            Event::AtLane { slot, input } => return self.give(slot, input),
            Event::Submit { slot, request } => return self.submit(slot, request),
            Event::AtClient { request, outcome } => return self.answer(request, &outcome),
            Event::Client { client } => self.act(client),
            Event::Restart => self.restart(),
        }
        Ok(())
    }

    /// What a lane asked arrives at the store; the answer leaves later.
    fn ask_store(&mut self, slot: usize, effect: LaneEffect) {
        let now_ms = self.now_ms;
        let input = match effect {
            LaneEffect::GetReadVersion { ticket } => LaneInput::ReadVersion {
                ticket,
                result: self.store.read_version(now_ms),
            },
            LaneEffect::Read {
                ticket,
                version,
                reads,
            } => LaneInput::Rows {
                ticket,
                results: reads
                    .iter()
                    .map(|read| self.store.read(version, read, now_ms))
                    .collect(),
            },
            LaneEffect::Commit { ticket, request } => LaneInput::Committed {
                ticket,
                result: self.store.commit(request, now_ms),
            },
            LaneEffect::Answer { .. } | LaneEffect::State(_) => return,
        };
        let delay_ms = MemoryStore::BATCH_MS + self.delay_ms();
        self.schedule(delay_ms, Event::AtLane { slot, input });
    }

    fn give(&mut self, slot: usize, input: LaneInput) -> Result<(), String> {
        if self.slots[slot].is_alive {
            self.slots[slot].lane.input(input, self.now_ms);
            self.perform(slot)?;
        }
        Ok(())
    }

    fn submit(&mut self, slot: usize, request: u64) -> Result<(), String> {
        let asked = self.requests[&request];
        let target = &mut self.slots[slot];
        if target.is_alive && target.lane.room() > 0 {
            target.requests.push_back(request);
            let client = &self.clients[asked.client];
            let command = client.command(asked.asked, asked.floor, self.now_ms);
            return self.give(slot, LaneInput::Submit(vec![command]));
        }
        Ok(())
    }

    fn perform(&mut self, slot: usize) -> Result<(), String> {
        while let Some(effect) = self.slots[slot].lane.next_effect() {
            match effect {
                LaneEffect::Answer { outcomes } => {
                    for outcome in outcomes {
                        let request = self.slots[slot].requests.pop_front();
                        let request = request.ok_or("an outcome too many")?;
                        let delay_ms = self.delay_ms();
                        self.schedule(delay_ms, Event::AtClient { request, outcome });
                    }
                }
                LaneEffect::State(state) => self.check_state(slot, state)?,
                other => {
                    let delay_ms = self.delay_ms();
                    let event = Event::AtStore {
                        slot,
                        effect: other,
                    };
                    self.schedule(delay_ms, event);
                }
            }
        }
        Ok(())
    }

    fn check_state(&self, slot: usize, state: LaneState) -> Result<(), String> {
        let LaneState::Unavailable { reason } = state else {
            return Ok(());
        };
        match reason {
            UnavailableReason::Store => Ok(()),
            UnavailableReason::Superseded if self.slots[slot].is_replaced => Ok(()),
            other => Err(format!("lane {slot} ended: {other:?}")),
        }
    }

    /// The client sends its step again, and sometimes asks for something else.
    fn act(&mut self, client: usize) {
        let who = &self.clients[client];
        if who.is_done {
            return;
        }
        let (stage, chat) = (who.stage, who.chat);
        let is_due = who.retry_ms <= self.now_ms;
        if is_due {
            self.send(client, stage);
            self.clients[client].retry_ms = self.now_ms + 100 + self.dice.below(900);
        }
        let floor = self.checks.floor(chat);
        if matches!(stage, Asked::Append { .. }) && floor > 0 {
            if self.dice.chance(1_500) {
                let from = 1 + self.dice.below(floor);
                self.send(client, Asked::Page { from });
            }
            if self.dice.chance(1_500) {
                self.send(client, Asked::Acknowledge);
            }
        }
        let pause_ms = 10 + self.dice.below(60);
        self.schedule(pause_ms, Event::Client { client });
    }

    /// Sends to any life of any lane that believes in the shard.
    fn send(&mut self, client: usize, asked: Asked) {
        let who = &self.clients[client];
        let floor = self.checks.floor(who.chat);
        let home = who.command(asked, floor, self.now_ms).home();
        let believes = |slot: &&(usize, &LaneSlot)| slot.1.is_alive && slot.1.homes.contains(&home);
        let slots: Vec<usize> = self
            .slots
            .iter()
            .enumerate()
            .filter(|slot| believes(&slot))
            .map(|(index, _)| index)
            .collect();
        let slot = slots[self.dice.below(slots.len() as u64) as usize];
        self.sent += 1;
        let request = self.sent;
        self.requests.insert(
            request,
            Request {
                client,
                asked,
                floor,
            },
        );
        let delay_ms = self.delay_ms();
        self.schedule(delay_ms, Event::Submit { slot, request });
    }

    fn answer(&mut self, request: u64, outcome: &Outcome) -> Result<(), String> {
        let Request {
            client,
            asked,
            floor,
        } = self.requests[&request];
        let is_current = self.clients[client].stage == asked;
        let refusal = match outcome {
            Outcome::Failed(code) => Some(*code),
            Outcome::AppendRefused(refused) => Some(refused.code),
            _ => None,
        };
        match (asked, outcome) {
            (_, _) if refusal == Some(ErrorCode::Unavailable) => {
                if is_current {
                    let delay_ms = 20 + self.dice.below(200);
                    self.clients[client].retry_ms = self.now_ms + delay_ms;
                }
                return Ok(());
            }
            // Below the window: the answer to a copy of a send that was answered long ago.
            (Asked::Append { .. }, Outcome::AppendRefused(_)) if !is_current => return Ok(()),
            (Asked::Append { .. }, Outcome::Appended(appended)) => {
                self.checks.appended(&self.clients[client], appended)?;
            }
            (Asked::Page { .. }, Outcome::Page(page)) => self.checks.page(page, floor)?,
            (Asked::Acknowledge, Outcome::Acknowledged(_))
            | (Asked::Register { .. }, Outcome::Registered(_))
            | (Asked::Open, Outcome::ChatOpened(_)) => {}
            _ => return Err(format!("{asked:?} is answered {outcome:?}")),
        }
        if is_current {
            self.clients[client].advance();
            self.clients[client].retry_ms = self.now_ms;
        }
        Ok(())
    }

    /// A lane starts anew; its former life is dead, or lives on without knowing.
    fn restart(&mut self) {
        if self.is_calm {
            return;
        }
        let place = self.dice.below(3) as usize;
        let current = self
            .slots
            .iter()
            .rposition(|slot| slot.place == place)
            .expect("each place has a life");
        let incarnation = self.slots[current].incarnation + 1;
        let homes = self.slots[current].homes.clone();
        self.slots[current].is_alive = self.dice.chance(5_000);
        self.slots[current].is_replaced = true;
        self.slots.push(LaneSlot::new(place, incarnation, homes));
        self.slots[current].requests.shrink_to_fit();
        let delay_ms = 200 + self.dice.below(RESTART_MS);
        self.schedule(delay_ms, Event::Restart);
    }

    /// Mostly short, at times longer than a version lasts.
    fn delay_ms(&mut self) -> u64 {
        if !self.is_calm && self.dice.chance(200) {
            return 1 + self.dice.below(4_000);
        }
        1 + self.dice.below(6)
    }

    fn schedule(&mut self, delay_ms: u64, event: Event) {
        self.sent += 1;
        let at = (self.now_ms + delay_ms, self.sent);
        self.events.insert(at, event);
    }

    fn report(&self, steps: u64) -> Report {
        let mut report = Report {
            repeats: self.checks.repeats,
            pages: self.checks.pages,
            steps,
            ended_ms: self.now_ms,
            ..Report::default()
        };
        for fault in ALL_FAULTS {
            report.faults.insert(fault, self.store.count(fault));
        }
        for slot in &self.slots {
            let counters = slot.lane.counters();
            report.claims += counters.claims;
            report.shards_lost += counters.shards_lost;
            report.conflicts += counters.conflicts;
            report.unknown_results += counters.unknown_results;
            report.settlings += counters.settlings;
            report.settled_landed += counters.settled_landed;
            report.settled_lost += counters.settled_lost;
            report.batches += counters.batches;
            report.refused += counters.refused;
            let superseded = LaneState::Unavailable {
                reason: UnavailableReason::Superseded,
            };
            report.superseded += u64::from(slot.lane.state() == superseded);
        }
        report
    }
}

/// What the in-memory engine does by chance.
pub const ALL_FAULTS: [Fault; 13] = [
    Fault::TrueConflict,
    Fault::Conflict,
    Fault::CommitTooOld,
    Fault::UnknownApplied,
    Fault::UnknownLost,
    Fault::UnknownLate,
    Fault::LateLanded,
    Fault::LateDied,
    Fault::Throttled,
    Fault::SharedVersion,
    Fault::ShortPage,
    Fault::ReadTooOld,
    Fault::Unavailable,
];

/// Two senders a chat, three chats, users in common.
fn clients(dice: &mut Dice) -> Vec<Client> {
    let pairs = [("ann", "bob"), ("bob", "eve"), ("eve", "dan")];
    pairs
        .iter()
        .flat_map(|(one, other)| [(one, other), (other, one)])
        .map(|(sender, peer)| Client::new(sender, peer, 15 + dice.below(15)))
        .collect()
}

/// Three lanes; every shard has one to three homes.
fn slots(clients: &[Client], dice: &mut Dice) -> Vec<LaneSlot> {
    let mut shards = BTreeSet::new();
    for client in clients {
        shards.extend([client.chat.shard(), client.sender.user.shard()]);
    }
    let mut homes = vec![BTreeSet::<ShardId>::new(); 3];
    for shard in shards {
        let first = dice.below(3) as usize;
        homes[first].insert(shard);
        if dice.chance(6_000) {
            homes[(first + 1 + dice.below(2) as usize) % 3].insert(shard);
        }
    }
    let lives = homes.into_iter().enumerate();
    lives
        .map(|(place, homes)| LaneSlot::new(place, 1, homes))
        .collect()
}
