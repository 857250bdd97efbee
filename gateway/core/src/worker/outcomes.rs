//! The lane's side: a batch goes out when the lane is free, and its outcomes become answers, deliveries and receipts.
//!
//! Invariant: nothing of a command is told to anyone before its outcome came back, which is after it was durable.

use ringpost_storage_core::outcome::{AppendRefused, Appended};
use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::{Answer, ErrorCode, Refused, Sent};

use super::Worker;
use crate::home::Reply;
use crate::limits::LANE_RETRY_AFTER_MS;
use crate::{Effect, LaneState, Mail, Refusal, SendAnswer, SendResult, SessionAddress};

impl Worker {
    /// Hands the open batch over if the lane is free.
    pub(super) fn submit(&mut self) {
        if self.lane != LaneState::Ready {
            return;
        }
        if !self.batch.may_close() {
            return;
        }
        let ticks_us = self.now.ticks_us;
        let left_out_us = self.batch.left_out_us();
        let queue_us = self.batch.delay_us(ticks_us);
        let Some(commands) = self.batch.close(ticks_us) else {
            return;
        };
        self.counters.queue.add(queue_us);
        let appends = |command: &&Command| matches!(command, Command::Append { .. });
        let messages = commands.iter().filter(appends).count() as u64;
        let count = commands.len() as u64;
        self.load.dequeued(left_out_us, (count, messages), ticks_us);
        self.counters.batches += 1;
        self.counters.batch_commands += count;
        self.counters.batch_messages.add(messages);
        self.submitted_us = self.now.ticks_us;
        self.effects.push_back(Effect::Submit { commands });
        #[cfg(planted = "sent_before_stored")]
        self.answer_before_stored();
    }

    /// The lane is ready, or cannot reach its store: then nobody waits for it, but acknowledgements stay.
    pub(super) fn lane_changed(&mut self, state: LaneState) {
        self.lane = state;
        if let LaneState::Unavailable { retry_after_ms } = state {
            for reply in self.batch.withdraw() {
                let retry_after_ms = self.random.retry_after_ms(u64::from(retry_after_ms));
                let code = ErrorCode::Unavailable;
                let refusal = Refusal {
                    code,
                    retry_after_ms,
                };
                self.refuse_reply(reply, refusal);
            }
        }
    }

    /// Outcomes of the batch that the lane has. Panics when there are more than commands: they would answer nobody.
    pub(super) fn batch_answered(&mut self, outcomes: Vec<Outcome>) {
        for outcome in outcomes {
            let reply = self.batch.answered();
            let reply = reply.expect("a lane answers each command once");
            self.outcome(reply, outcome);
            self.settle_own_mail();
        }
        if self.batch.submitted() == 0 {
            let commit_us = self.now.ticks_us - self.submitted_us;
            self.counters.commit.add(commit_us);
        }
    }

    fn outcome(&mut self, reply: Reply, outcome: Outcome) {
        match (reply, outcome) {
            (Reply::Send { to, taken_us, .. }, Outcome::Appended(appended)) => {
                self.appended(to, taken_us, appended);
            }
            (Reply::Send { to, .. }, Outcome::AppendRefused(refused)) => {
                self.append_refused(to, &refused);
            }
            (Reply::Page { to, request }, Outcome::Page(page)) => {
                let (session, answer) = (to.session, Ok(Box::new(page)));
                self.post(
                    to.core,
                    Mail::PageAnswered {
                        session,
                        request,
                        answer,
                    },
                );
            }
            (Reply::Pending { to, request }, Outcome::Pending(read)) => {
                let (session, answer) = (to.session, Ok(read));
                self.post(
                    to.core,
                    Mail::PendingListed {
                        session,
                        request,
                        answer,
                    },
                );
                #[cfg(planted = "live_before_registered")]
                self.enter_late(to);
            }
            (Reply::OpenChat { to, request }, Outcome::ChatOpened(opened)) => {
                let (session, answer) = (to.session, Ok(opened));
                self.post(
                    to.core,
                    Mail::ChatOpened {
                        session,
                        request,
                        answer,
                    },
                );
            }
            (reply, outcome) => self.quiet_outcome(reply, outcome),
        }
    }

    /// Outcomes that no client's request waits for with more than yes or no.
    fn quiet_outcome(&mut self, reply: Reply, outcome: Outcome) {
        match (reply, outcome) {
            (Reply::Ack { .. }, Outcome::Acknowledged(acknowledged)) => {
                if let Some(due) = &acknowledged.receipt {
                    self.hand_receipt_on(due);
                }
            }
            (Reply::Ack { user_shard }, Outcome::Failed(ErrorCode::Unavailable)) => {
                self.ask_acks_again(user_shard);
            }
            // A client that acknowledges what is not its own gains nothing, and loses nothing.
            (Reply::Ack { .. }, Outcome::Failed(_)) => {}
            (Reply::ReadMark { to }, Outcome::ReadMarked(marked)) => {
                if let Some(due) = &marked.receipt {
                    self.hand_read_receipt_on(due);
                }
                let (session, answer) = (to.session, Ok(()));
                self.post(to.core, Mail::ReadMarked { session, answer });
            }
            (Reply::Register { attach }, Outcome::Registered(registered)) => {
                self.registered(attach, registered);
            }
            (Reply::FinishLinking { attach }, Outcome::Linked) => self.go_live(attach),
            (Reply::Link { home, attach }, Outcome::Linked) => {
                let answer = Ok(());
                self.post(home, Mail::Linked { attach, answer });
            }
            (Reply::Revoke { ticket, device }, outcome) => self.revoked(ticket, device, outcome),
            (Reply::Admin { ticket }, outcome) => {
                let answer = Ok(outcome);
                self.effects
                    .push_back(Effect::AdminAnswer { ticket, answer });
            }
            (reply, Outcome::Failed(code)) => {
                let retry_after_ms = self.retry_after_ms(code);
                let refusal = Refusal {
                    code,
                    retry_after_ms,
                };
                self.refuse_reply(reply, refusal);
            }
            (reply, outcome) => panic!("the lane answered {reply:?} with {outcome:?}"),
        }
    }

    fn appended(&mut self, to: SessionAddress, taken_us: u64, appended: Appended) {
        let sent = Sent {
            chat: appended.chat,
            client_seq: appended.sent_as,
            seq: appended.seq,
            time_ms: appended.time_ms,
        };
        if !cfg!(planted = "sent_before_stored") {
            let (session, result) = (to.session, SendResult::Sent(sent));
            self.answer_send(to.core, SendAnswer { session, result });
        }
        let waited_us = self.now.ticks_us.saturating_sub(taken_us);
        self.counters.send_to_sent.add(waited_us);
        #[cfg(planted = "sent_before_stored")]
        self.guessed_heads.insert(appended.chat, appended.seq);
        if let Some(delivery) = appended.delivery {
            self.counters.stored += 1;
            self.hand_delivery_on(delivery);
        }
    }

    /// What a client is told to wait after the lane's refusal with `code`; 0 where waiting is of no use.
    fn retry_after_ms(&mut self, code: ErrorCode) -> u32 {
        match code.answer() {
            Answer::RetrySame => self.random.retry_after_ms(LANE_RETRY_AFTER_MS),
            _ => 0,
        }
    }

    fn append_refused(&mut self, to: SessionAddress, refused: &AppendRefused) {
        let refused = Refused {
            chat: refused.chat,
            client_seq: refused.sent_as,
            code: refused.code,
            expected: refused.expected,
            retry_after_ms: self.retry_after_ms(refused.code),
            device_epoch: refused.device_epoch,
        };
        let (session, result) = (to.session, SendResult::Refused(refused));
        self.answer_send(to.core, SendAnswer { session, result });
    }

    /// Planted defect: senders are told that their messages are stored when the lane has only been asked.
    #[cfg(planted = "sent_before_stored")]
    fn answer_before_stored(&mut self) {
        for reply in self.batch.submitted_replies() {
            if let Reply::Send {
                to,
                chat,
                client_seq,
                ..
            } = reply
            {
                let head = self.guessed_heads.entry(chat).or_default();
                *head += 1;
                let sent = Sent {
                    chat,
                    client_seq,
                    seq: *head,
                    time_ms: self.now.clock_ms,
                };
                let (session, result) = (to.session, SendResult::Sent(sent));
                self.answer_send(to.core, SendAnswer { session, result });
            }
        }
        self.settle();
    }
}
