//! The shell of a core: feeds the worker what arrived, performs its effects, carries its mails through bounded mailboxes.

use ringpost_gateway_core::{CoreId, Effect, Event as Told, Input, Mail, SessionId};
use ringpost_storage_core::lane::LaneInput;

use crate::node::Arrived;
use crate::world::{CoreLife, Event, World, note};

const TURN_US_MAX: u64 = 300;
const MAIL_US_MAX: u64 = 400;
const SUBMIT_US_MAX: u64 = 60;
/// A deadline that has come is looked at again after this time.
const DEADLINE_US_MIN: u64 = 200;

impl World {
    /// Whether this life of the core goes on.
    pub fn is_alive(&self, core: CoreLife) -> bool {
        let node = &self.nodes[core.node];
        node.is_up && node.life == core.life
    }

    /// The present life of a core.
    pub fn core_life(&self, node: usize, core: usize) -> CoreLife {
        let life = self.nodes[node].life;
        CoreLife { node, life, core }
    }

    /// Something arrives at a core: its next turn takes it in.
    pub fn arrive(&mut self, at: CoreLife, what: Arrived) {
        if self.is_alive(at) {
            self.nodes[at.node].cores[at.core].arrived.push_back(what);
            let delay_us = self.random.between(1, TURN_US_MAX);
            self.turn_after(at, delay_us);
        }
    }

    /// Arranges a turn, unless an earlier one is arranged.
    pub fn turn_after(&mut self, at: CoreLife, delay_us: u64) {
        let core = &mut self.nodes[at.node].cores[at.core];
        let turn_us = (self.now_us + delay_us).max(core.stalled_until_us);
        if core.turn_at_us.is_none_or(|planned| turn_us < planned) {
            core.turn_at_us = Some(turn_us);
            self.queue.push(turn_us, Event::Turn(at));
        }
    }

    /// One turn of a core's loop.
    pub fn turn(&mut self, at: CoreLife) {
        if !self.is_alive(at) {
            return;
        }
        let now = self.nodes[at.node].now(self.now_us);
        let core = &mut self.nodes[at.node].cores[at.core];
        if core.turn_at_us != Some(self.now_us) {
            return;
        }
        if core.stalled_until_us > self.now_us {
            core.turn_at_us = None;
            return self.turn_after(at, 1);
        }
        core.turn_at_us = None;
        let arrived = core.arrived.len();
        self.tap_arrived(at);
        let core = &mut self.nodes[at.node].cores[at.core];
        let mut freed = Vec::new();
        while let Some(what) = core.arrived.pop_front() {
            if let Some(from) = take_in(core, now, what) {
                freed.push(from);
            }
        }
        if core
            .worker
            .next_deadline()
            .is_some_and(|due_us| due_us <= self.now_us)
        {
            core.worker.timeout(now);
        }
        note!(self, "n{}k{} turn of {arrived}", at.node, at.core);
        self.mailboxes_freed(at, &freed);
        while let Some(effect) = self.nodes[at.node].cores[at.core].worker.next_effect() {
            self.perform(at, effect);
        }
        self.post_mail(at);
        self.arrange_deadline(at);
        self.check_core(at);
        self.leave_when_drained(at.node);
    }

    fn arrange_deadline(&mut self, at: CoreLife) {
        let deadline = self.nodes[at.node].cores[at.core].worker.next_deadline();
        if let Some(due_us) = deadline {
            let delay_us = due_us.saturating_sub(self.now_us).max(DEADLINE_US_MIN);
            self.turn_after(at, delay_us);
        }
    }

    fn perform(&mut self, at: CoreLife, effect: Effect) {
        match effect {
            Effect::Write { session, frame } => {
                self.tap_told(at, session, frame.as_slice());
                self.server_writes(at, session, frame.as_slice());
            }
            Effect::Close { session, flush } => {
                note!(self, "n{}k{} closes s{}", at.node, at.core, session.slot);
                self.server_closes(at, session, flush);
            }
            Effect::PauseReceiving { session } => self.set_receiving(at, session, true),
            Effect::ResumeReceiving { session } => self.set_receiving(at, session, false),
            Effect::Submit { commands } => {
                note!(self, "n{}k{} submits {}", at.node, at.core, commands.len());
                self.counts.add_many("commands", commands.len() as u64);
                let delay_us = self.random.between(1, SUBMIT_US_MAX);
                let input = Box::new(LaneInput::Submit(commands));
                self.after(delay_us, Event::LaneTold(at, input));
            }
            Effect::AdminAnswer { ticket, answer } => self.operator_answered(ticket, answer),
            Effect::Event(told) => self.worker_told(at, &told),
        }
    }

    fn worker_told(&mut self, at: CoreLife, told: &Told) {
        match told {
            Told::SessionLive { session, .. } => {
                note!(self, "n{}k{} s{} live", at.node, at.core, session.slot);
                self.counts.add("sessions opened");
            }
            Told::SessionEnded { session, code, .. } => {
                note!(
                    self,
                    "n{}k{} s{} ended {code:?}",
                    at.node,
                    at.core,
                    session.slot
                );
                self.counts.add("sessions ended");
            }
            Told::BecamePending { .. } => self.counts.add("became pending"),
        }
    }

    fn set_receiving(&mut self, at: CoreLife, session: SessionId, is_paused: bool) {
        let sessions = &self.nodes[at.node].cores[at.core].sessions;
        if let Some(connection) = sessions.get(&session).copied() {
            self.connections[connection.0].is_receiving_paused = is_paused;
            self.counts.add("receiving paused or resumed");
            self.start_flow(connection, crate::connection::Direction::Up);
        }
    }

    fn post_mail(&mut self, from: CoreLife) {
        for target in 0..self.nodes[from.node].cores.len() {
            if target == from.core {
                continue;
            }
            while self.nodes[from.node].cores[from.core].posted[target].0
                < self.settings.mailbox_mails
            {
                let core = &mut self.nodes[from.node].cores[from.core];
                let Some(mail) = core.worker.next_mail(CoreId(target as u16)) else {
                    break;
                };
                let earliest_us = self.now_us + self.random.between(1, MAIL_US_MAX);
                let (posted, latest_us) = &mut core.posted[target];
                *posted += 1;
                *latest_us = earliest_us.max(*latest_us);
                let at = CoreLife {
                    core: target,
                    ..from
                };
                let sender = CoreId(from.core as u16);
                self.queue
                    .push(*latest_us, Event::Mail(at, sender, Box::new(mail)));
            }
            if self.nodes[from.node].cores[from.core].posted[target].0
                >= self.settings.mailbox_mails
            {
                self.counts.add("mailboxes full");
            }
        }
    }

    /// A mail reaches a core's mailbox.
    pub fn mail_arrives(&mut self, at: CoreLife, from: CoreId, mail: Mail) {
        self.arrive(at, Arrived::Mail(from, mail));
    }

    /// Mails were taken: whoever waited for room may post.
    fn mailboxes_freed(&mut self, at: CoreLife, freed: &[CoreId]) {
        for from in freed {
            let sender = CoreLife {
                core: usize::from(from.0),
                ..at
            };
            let box_of = &mut self.nodes[at.node].cores[sender.core].posted[at.core].0;
            let was_full = *box_of >= self.settings.mailbox_mails;
            *box_of -= 1;
            if was_full {
                let delay_us = self.random.between(1, TURN_US_MAX);
                self.turn_after(sender, delay_us);
            }
        }
    }
}

/// Gives the worker what arrived. Answers whose mailbox has room again.
fn take_in(
    core: &mut crate::node::Core,
    now: ringpost_gateway_core::Now,
    what: Arrived,
) -> Option<CoreId> {
    let worker = &mut core.worker;
    match what {
        Arrived::Connected(session) => worker.input(
            now,
            Input::Connected {
                session,
                peer: None,
            },
        ),
        Arrived::Received(session, bytes) => {
            let bytes = &bytes;
            worker.input(now, Input::Received { session, bytes });
        }
        Arrived::Progress(session, sent_bytes) => worker.input(
            now,
            Input::Progress {
                session,
                sent_bytes,
            },
        ),
        Arrived::Disconnected(session) => {
            worker.input(now, Input::Disconnected { session });
            core.free_slot(session);
        }
        Arrived::Mail(from, mail) => {
            worker.input(now, Input::Mail { from, mail });
            return Some(from);
        }
        Arrived::Answered(outcomes) => worker.input(now, Input::BatchAnswered { outcomes }),
        Arrived::Lane(state) => worker.input(now, Input::Lane(state)),
        Arrived::Admin(ticket, command) => worker.input(now, Input::Admin { ticket, command }),
        Arrived::Drain(delay_ms) => {
            let spread_ms = delay_ms / 2;
            worker.input(
                now,
                Input::Drain {
                    spread_ms,
                    delay_ms,
                },
            );
        }
    }
    None
}
