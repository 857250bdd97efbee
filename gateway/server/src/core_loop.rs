//! One core's thread: its reactor, its worker, its mailboxes and its lane, in one loop.
//!
//! A turn: wait, take in what happened, take mail and answers, do what is due, perform effects. Nothing here decides
//! anything about messages, and nothing blocks but the wait of the reactor.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ringpost_gateway_core::{
    AdminRefused, CoreId, Effect, Event, Histogram, Input, LaneState, Now, SessionId, Worker,
};
use ringpost_gateway_ring::{Reactor, Waker};
use ringpost_storage_core::Outcome;
use ringpost_storage_queue::LaneHandle;

use crate::configuration::DrainSettings;
use crate::door::{Doors, Turn, connection_of};
use crate::http::{AdminAnswer, AdminRequest};
use crate::mailbox::Mailboxes;
use crate::reload::LiveLimits;
use crate::stop_order::{Order, StopOrder};
use crate::store::{StoreHealth, StoreState};
use crate::tokens::LiveTokens;
use crate::view::CoreView;

/// Longest wait of a turn: a parked core shows that it lives.
const PARK_MAX: Duration = Duration::from_secs(1);
/// Time between two publications of the counters.
const PUBLISH_INTERVAL: Duration = Duration::from_millis(200);
/// Mails taken from one queue a turn.
const MAILS_PER_TURN: usize = 1_024;
/// What clients are told to wait while the store cannot be reached, in milliseconds.
const STORE_RETRY_AFTER_MS: u32 = 1_000;
/// How long a stop waits for a store that cannot be reached. What it has not answered was promised to nobody.
const STORE_PATIENCE: Duration = Duration::from_secs(10);

/// What a core's thread works with.
pub struct Core {
    /// Its number.
    pub id: CoreId,
    /// Its sockets.
    pub reactor: Reactor,
    /// What stands between them and the worker.
    pub doors: Doors,
    /// Its sessions and homes.
    pub worker: Worker,
    /// Its mail.
    pub mailboxes: Mailboxes,
    /// Its way to the store.
    pub lane: LaneHandle,
    /// The store's state.
    pub health: Arc<StoreHealth>,
    /// Limits that may change.
    pub limits: Arc<LiveLimits>,
    /// Keys and rules of tokens.
    pub tokens: Arc<LiveTokens>,
    /// Wakers of all cores, in order.
    pub wakers: Arc<[Waker]>,
    /// What operators ask.
    pub requests: Receiver<AdminRequest>,
    /// What it publishes.
    pub view: Arc<CoreView>,
    /// The node is to stop.
    pub stopping: Arc<StopOrder>,
    /// Which cores have nothing left to do: each goes on until all have, since they answer one another.
    pub drained: Arc<[AtomicBool]>,
    /// How sessions leave then.
    pub drain: DrainSettings,
    /// The store's thread runs on this core too: give way to it after handing a batch over.
    pub shares_core: bool,
    /// When the node started.
    pub started: Instant,
}

/// State of the loop beside the core's parts.
#[derive(Default)]
struct Loop {
    asked: BTreeMap<u64, tokio::sync::oneshot::Sender<AdminAnswer>>,
    next_ticket: u64,
    draining_since: Option<Instant>,
    /// The order to stop that was taken in.
    order: Order,
    /// Changes of the store's state that were taken in.
    store_changes: u64,
    /// Work between two waits.
    turns: Histogram,
    /// The version of the limits that was taken in.
    limits_version: u64,
    /// The version of the tokens' keys that was taken in.
    tokens_version: u64,
    published: Option<Instant>,
}

impl Core {
    /// Runs until the node stops and nothing is left to do.
    ///
    /// # Errors
    /// The reactor failed.
    pub fn run(mut self) -> io::Result<()> {
        let mut state = Loop::default();
        while !self.may_end(&state) {
            let begun = self.turn()?.unwrap_or_else(|| self.now());
            self.work_handshakes();
            self.take_mail();
            self.take_answers();
            self.take_requests(&mut state);
            self.follow_store(&mut state);
            self.follow_limits(&mut state);
            self.stop_when_asked(&mut state);
            let now = self.now();
            if self
                .worker
                .next_deadline()
                .is_some_and(|deadline| deadline <= now.ticks_us)
            {
                self.worker.timeout(now);
            }
            self.relieve(now);
            self.perform(&mut state);
            self.flush_doors(now);
            self.post_mail();
            let worked_us = self.started.elapsed().as_micros() as u64 - begun.ticks_us;
            state.turns.add(worked_us);
            self.publish(&mut state, now);
        }
        self.flush_sockets()
    }

    /// Whether this core and all others have nothing left to do. A mail still under way then wants no answer.
    fn may_end(&self, state: &Loop) -> bool {
        let Some(since) = state.draining_since else {
            return false;
        };
        if state.order == Order::End {
            return true;
        }
        let is_given_up =
            since.elapsed() > STORE_PATIENCE && self.health.state() != StoreState::Ready;
        let is_drained = is_given_up || self.worker.summary().is_drained();
        let was_drained = self.drained[usize::from(self.id.0)].swap(is_drained, Ordering::AcqRel);
        let are_all = is_drained && self.drained.iter().all(|core| core.load(Ordering::Acquire));
        if are_all && !was_drained {
            self.wakers.iter().for_each(Waker::wake);
        }
        are_all
    }

    fn now(&self) -> Now {
        read_clocks(self.started)
    }

    fn wait(&self) -> Duration {
        let ticks_us = self.started.elapsed().as_micros() as u64;
        let until = |deadline: u64| Duration::from_micros(deadline.saturating_sub(ticks_us));
        let worker = self.worker.next_deadline().map_or(PARK_MAX, until);
        let handshakes = self.doors.handshakes_wait().unwrap_or(PARK_MAX);
        worker.min(handshakes).min(PARK_MAX)
    }

    /// Waits and takes in what happened on sockets; when it began to, if anything did.
    fn turn(&mut self) -> io::Result<Option<Now>> {
        let wait = self.wait();
        let started = self.started;
        let (worker, doors) = (&mut self.worker, &mut self.doors);
        let mut now = None;
        self.reactor.turn_with(Some(wait), |sockets, event| {
            let mut turn = Turn {
                wire: sockets,
                worker: &mut *worker,
                now: *now.get_or_insert_with(|| read_clocks(started)),
            };
            doors.event(&mut turn, event);
        })?;
        Ok(now)
    }

    fn work_handshakes(&mut self) {
        let mut turn = Turn {
            wire: &mut self.reactor,
            now: read_clocks(self.started),
            worker: &mut self.worker,
        };
        self.doors.work_handshakes(&mut turn);
    }

    fn take_mail(&mut self) {
        let now = self.now();
        for from in self.mailboxes.peers() {
            for _ in 0..MAILS_PER_TURN {
                let Some(mail) = self.mailboxes.take(from) else {
                    break;
                };
                self.worker.input(now, Input::Mail { from, mail });
            }
        }
    }

    fn take_answers(&mut self) {
        while let Some(outcomes) = self.lane.poll() {
            self.note_batch();
            self.worker
                .input(self.now(), Input::BatchAnswered { outcomes });
        }
    }

    fn take_requests(&mut self, state: &mut Loop) {
        while let Ok(request) = self.requests.try_recv() {
            state.next_ticket += 1;
            state.asked.insert(state.next_ticket, request.answer);
            let asked = Input::Admin {
                ticket: state.next_ticket,
                command: request.command,
            };
            self.worker.input(self.now(), asked);
        }
    }

    /// Tells the worker whether there is any use in asking the lane. While the node stops there always is: the lane refuses what it
    /// cannot do, and nothing is kept for later.
    fn follow_store(&mut self, state: &mut Loop) {
        let changes = self.health.changes();
        if state.store_changes == changes || state.draining_since.is_some() {
            return;
        }
        state.store_changes = changes;
        let lane = match self.health.state() {
            StoreState::Ready | StoreState::Failed(_) => LaneState::Ready,
            StoreState::Starting | StoreState::Unavailable(_) => LaneState::Unavailable {
                retry_after_ms: STORE_RETRY_AFTER_MS,
            },
        };
        self.worker.input(self.now(), Input::Lane(lane));
    }

    fn follow_limits(&mut self, state: &mut Loop) {
        if let Some(limits) = self.limits.newer_than(&mut state.limits_version) {
            self.worker.input(self.now(), Input::Limits(limits.worker));
            self.doors.exempt(limits.exempt);
        }
        if let Some(tokens) = self.tokens.newer_than(&mut state.tokens_version) {
            self.worker.input(self.now(), Input::Tokens(tokens));
        }
    }

    fn stop_when_asked(&mut self, state: &mut Loop) {
        let order = self.stopping.get();
        if state.order == order {
            return;
        }
        state.order = order;
        let (spread_ms, delay_ms) = match order {
            Order::Run | Order::Announce => return,
            Order::Drain => (self.drain.spread_ms, self.drain.leave_ms),
            Order::Hasten | Order::End => (0, 0),
        };
        if state.draining_since.is_none() {
            state.draining_since = Some(Instant::now());
            self.worker.input(self.now(), Input::Lane(LaneState::Ready));
            self.reactor.stop_listening();
            self.doors.close_preambles(&mut self.reactor);
        }
        let drain = Input::Drain {
            spread_ms,
            delay_ms,
        };
        self.worker.input(self.now(), drain);
    }

    fn perform(&mut self, state: &mut Loop) {
        while let Some(effect) = self.worker.next_effect() {
            match effect {
                Effect::Write { session, frame } => self.write(session, frame.as_slice()),
                Effect::Close { session, flush } => self.close(session, flush),
                Effect::PauseReceiving { session } => {
                    self.reactor.pause_receiving(connection_of(session));
                }
                Effect::ResumeReceiving { session } => {
                    self.reactor.resume_receiving(connection_of(session));
                }
                Effect::Submit { commands } => self.submit(commands),
                Effect::AdminAnswer { ticket, answer } => answer_operator(state, ticket, answer),
                Effect::Event(event) => log_event(self.id, &event),
            }
        }
    }

    fn close(&mut self, session: SessionId, flush: bool) {
        let ticks_ms = self.now().ticks_ms();
        self.doors
            .close(&mut self.reactor, session, flush, ticks_ms);
    }

    /// Sends what the doors have kept for the end of the turn, and closes what is overdue there.
    fn flush_doors(&mut self, now: Now) {
        let mut turn = Turn {
            wire: &mut self.reactor,
            worker: &mut self.worker,
            now,
        };
        self.doors.flush(&mut turn);
        self.doors.end_overdue(&mut turn);
    }

    fn write(&mut self, session: SessionId, frame: &[u8]) {
        if self.doors.write(&mut self.reactor, session, frame) {
            return;
        }
        tracing::warn!(core = self.id.0, "send memory is full: a session is closed");
        self.worker
            .input(self.now(), Input::Disconnected { session });
    }

    /// Has the worker end who takes nothing, before there is no memory left for those who do.
    fn relieve(&mut self, now: Now) {
        let bytes = self.reactor.send_bytes_short();
        if bytes > 0 {
            tracing::debug!(core = self.id.0, bytes, "send memory runs short");
            self.worker.input(now, Input::SendMemoryShort { bytes });
        }
    }

    fn submit(&mut self, commands: Vec<ringpost_storage_core::Command>) {
        if self.lane.submit(commands).is_err() {
            // The worker hands over one batch at a time and the queue holds more: only a store that stopped refuses.
            tracing::error!(
                core = self.id.0,
                "a batch was refused: the store has stopped"
            );
        }
        self.note_batch();
        if self.shares_core {
            std::thread::yield_now();
        }
    }

    /// Publishes since when the lane has had a batch: it never has more than one.
    fn note_batch(&self) {
        let uptime_ms = self.started.elapsed().as_millis() as u64;
        let is_asked = self.lane.under_way() > 0;
        self.view.asks_since(is_asked.then_some(uptime_ms));
    }

    fn post_mail(&mut self) {
        for target in self.mailboxes.peers() {
            while self.mailboxes.room(target) > 0 {
                let Some(mail) = self.worker.next_mail(target) else {
                    break;
                };
                self.mailboxes.post(target, mail);
            }
        }
        self.mailboxes.wake(&self.wakers);
    }

    fn publish(&self, state: &mut Loop, now: Now) {
        self.view.turned(now.ticks_us / 1_000);
        if state
            .published
            .is_some_and(|published| published.elapsed() < PUBLISH_INTERVAL)
        {
            return;
        }
        state.published = Some(Instant::now());
        self.view.publish(|published| {
            published.counters.clone_from(self.worker.counters());
            published.turns.clone_from(&state.turns);
            published.summary = self.worker.summary();
            published.mailbox_depth = self
                .mailboxes
                .peers()
                .map(|target| self.mailboxes.depth(target))
                .sum();
            published.reactor = *self.reactor.counters();
            published.doors.clone_from(self.doors.counters());
        });
    }

    /// Gives closing sockets their time to take what was written to them.
    fn flush_sockets(&mut self) -> io::Result<()> {
        let end =
            Instant::now() + Duration::from_millis(ringpost_gateway_core::limits::FLUSH_TIMEOUT_MS);
        while self.reactor.open_connections() > 0 && Instant::now() < end {
            self.reactor.turn(Some(Duration::from_millis(10)), |_| {})?;
        }
        Ok(())
    }
}

/// Both clocks; `started` is the moment from which ticks are counted.
pub(crate) fn read_clocks(started: Instant) -> Now {
    let clock_ms = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64);
    Now {
        clock_ms,
        ticks_us: started.elapsed().as_micros() as u64,
    }
}

fn answer_operator(state: &mut Loop, ticket: u64, answer: Result<Outcome, AdminRefused>) {
    let answer = answer.map_err(|refused| match refused {
        AdminRefused::OtherHome(core) => format!("core {} is the home", core.0),
        AdminRefused::Overloaded => "too much is waiting".to_owned(),
        AdminRefused::Unavailable => "the store cannot be reached".to_owned(),
    });
    if let Some(sender) = state.asked.remove(&ticket) {
        // The operator may have given up: then nobody waits for the answer.
        let _ = sender.send(answer);
    }
}

fn log_event(core: CoreId, event: &Event) {
    match event {
        Event::SessionLive {
            device, generation, ..
        } => {
            tracing::debug!(core = core.0, user = %device.user, device = device.device, generation, "session open");
        }
        Event::SessionEnded { device, code, .. } => {
            let user = device.map(|device| device.user.to_string());
            let code = code.map(|code| code.name());
            tracing::debug!(core = core.0, user, code, "session ended");
        }
        Event::BecamePending { user, chat, seq } => {
            tracing::trace!(core = core.0, %user, %chat, seq, "became pending without a live session");
        }
    }
}
