//! What a lane was given and has not answered: batches of a gateway core and of background work, and their outcomes.
//!
//! Invariant: every batch is answered once, whole, in the order in which it was taken.

use std::collections::VecDeque;

use ringpost_storage_core::{Command, Outcome};
use ringpost_storage_queue::LaneDesk;
use ringpost_wire::ErrorCode;
use tokio::sync::oneshot;

/// Commands of background work, and where their outcomes go.
#[derive(Debug)]
pub struct Errand {
    /// The commands.
    pub commands: Vec<Command>,
    /// Gets one outcome a command.
    pub answer: oneshot::Sender<Vec<Outcome>>,
}

/// The batches under way.
#[derive(Debug)]
pub struct Intake {
    desk: LaneDesk,
    /// Taken, and not yet given to the lane.
    waiting: VecDeque<Command>,
    spans: VecDeque<Span>,
    /// Of the oldest commands.
    outcomes: VecDeque<Outcome>,
}

#[derive(Debug)]
struct Span {
    commands: usize,
    /// `None` for the gateway core.
    errand: Option<oneshot::Sender<Vec<Outcome>>>,
}

impl Intake {
    /// Of the store's end of a lane.
    pub fn new(desk: LaneDesk) -> Self {
        Self {
            desk,
            waiting: VecDeque::new(),
            spans: VecDeque::new(),
            outcomes: VecDeque::new(),
        }
    }

    /// Takes background work in.
    pub fn take_errand(&mut self, errand: Errand) {
        self.spans.push_back(Span {
            commands: errand.commands.len(),
            errand: Some(errand.answer),
        });
        self.waiting.extend(errand.commands);
        self.hand_back();
    }

    /// The next commands for the lane, at most `room`.
    pub fn take(&mut self, room: usize) -> Vec<Command> {
        while self.waiting.len() < room {
            let Some(commands) = self.desk.take() else {
                break;
            };
            self.spans.push_back(Span {
                commands: commands.len(),
                errand: None,
            });
            self.waiting.extend(commands);
        }
        self.hand_back();
        let count = self.waiting.len().min(room);
        self.waiting.drain(..count).collect()
    }

    /// Whether a look at the desk would bring nothing now.
    pub fn is_idle(&self) -> bool {
        !self.waiting.is_empty() || self.desk.is_idle()
    }

    /// Nothing is under way and nothing waits.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty() && self.desk.is_idle()
    }

    /// Takes outcomes of the oldest commands.
    pub fn answer(&mut self, outcomes: Vec<Outcome>) {
        self.outcomes.extend(outcomes);
        self.hand_back();
    }

    /// Refuses what waits and what comes. Only while the lane has nothing.
    pub fn refuse(&mut self) {
        let commands = self.take(usize::MAX);
        let refused = |command: &Command| command.refused(ErrorCode::Unavailable);
        self.answer(commands.iter().map(refused).collect());
    }

    fn hand_back(&mut self) {
        while let Some(span) = self.spans.front()
            && span.commands <= self.outcomes.len()
        {
            let outcomes = self.outcomes.drain(..span.commands).collect();
            match self.spans.pop_front().and_then(|span| span.errand) {
                None => self.desk.answer(outcomes),
                // Whoever asked may have gone.
                Some(answer) => drop(answer.send(outcomes)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ringpost_storage_queue::{Bell, lane};
    use ringpost_wire::ChatId;

    use super::*;

    fn inspect(byte: u8) -> Command {
        Command::InspectChat {
            chat: ChatId([byte; 16]),
        }
    }

    fn failed(count: usize) -> Vec<Outcome> {
        vec![Outcome::Failed(ErrorCode::UnknownChat); count]
    }

    #[test]
    fn batches_are_answered_whole_and_in_order() {
        let (mut handle, desk) = lane(Arc::new(Bell::default()), || {});
        let mut intake = Intake::new(desk);
        handle.submit(vec![inspect(1), inspect(2)]).unwrap();
        handle.submit(vec![]).unwrap();
        handle.submit(vec![inspect(3)]).unwrap();
        let (answer, mut errand) = oneshot::channel();
        assert_eq!(intake.take(2), [inspect(1), inspect(2)]);
        intake.take_errand(Errand {
            commands: vec![inspect(4)],
            answer,
        });
        assert_eq!(intake.take(9), [inspect(4), inspect(3)]);
        intake.answer(failed(1));
        assert!(handle.poll().is_none());
        intake.answer(failed(1));
        assert_eq!(handle.poll(), Some(failed(2)));
        assert!(handle.poll().is_none() && errand.try_recv().is_err());
        intake.answer(failed(1));
        assert_eq!(errand.try_recv(), Ok(failed(1)));
        assert_eq!(handle.poll(), Some(vec![]));
        intake.answer(failed(1));
        assert_eq!(handle.poll(), Some(failed(1)));
        assert!(intake.is_empty());
    }

    #[test]
    fn what_waits_is_refused() {
        let (mut handle, desk) = lane(Arc::new(Bell::default()), || {});
        let mut intake = Intake::new(desk);
        handle.submit(vec![inspect(1)]).unwrap();
        intake.refuse();
        let unavailable = Outcome::Failed(ErrorCode::Unavailable);
        assert_eq!(handle.poll(), Some(vec![unavailable]));
        assert!(intake.is_empty());
    }
}
