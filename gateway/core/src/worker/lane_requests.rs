//! Requests that a home turns into commands of its lane, or refuses.

use bytes::Bytes;
use ringpost_storage_core::Command;
use ringpost_wire::{ChatId, DeviceAddress, MessageView, Refused, Seq, ShardId, UserId};

use super::Worker;
use super::admission::Kind;
use crate::home::{AckTaken, Reply};
use crate::{
    AdminRefused, CoreId, DeviceAck, Effect, LaneState, Mail, Refusal, SendAnswer, SendResult,
    SessionAddress, Step,
};

impl Worker {
    /// Puts a command into the open batch.
    pub(super) fn enqueue(&mut self, command: Command, reply: Reply) {
        self.batch.push(command, reply, self.now.ticks_us);
    }

    pub(super) fn append(&mut self, to: SessionAddress, sender: DeviceAddress, frame: Bytes) {
        let numbers = MessageView::of_send(&frame).map(|view| (view.chat(), view.client_seq()));
        let (chat, client_seq) = numbers.unwrap_or_default();
        if numbers.is_err() {
            let code = ringpost_wire::ErrorCode::MalformedFrame;
            let retry_after_ms = 0;
            let refusal = Refusal {
                code,
                retry_after_ms,
            };
            return self.refuse_append(to, chat, client_seq, refusal);
        }
        // A sender on this core was admitted before its frame was copied.
        if to.core != self.config.core
            && let Err((code, retry_ms)) = self.admit(Kind::Send)
        {
            let refusal = self.refusal(code, retry_ms);
            return self.refuse_append(to, chat, client_seq, refusal);
        }
        let command = Command::Append {
            sender,
            frame,
            now_ms: self.now.clock_ms,
        };
        let taken_us = self.now.ticks_us;
        self.enqueue(
            command,
            Reply::Send {
                to,
                chat,
                client_seq,
                taken_us,
            },
        );
    }

    /// Refuses a send without asking the store.
    pub(super) fn refuse_append(
        &mut self,
        to: SessionAddress,
        chat: ChatId,
        client_seq: u64,
        refusal: Refusal,
    ) {
        let refused = Refused {
            chat,
            client_seq,
            code: refusal.code,
            expected: 0,
            retry_after_ms: refusal.retry_after_ms,
            device_epoch: 0,
        };
        let result = SendResult::Refused(refused);
        let session = to.session;
        self.answer_send(to.core, SendAnswer { session, result });
    }

    pub(super) fn read_page(&mut self, to: SessionAddress, request: u32, command: Command) {
        let reply = Reply::Page { to, request };
        self.enqueue_if_admitted(Kind::Read, command, reply);
    }

    pub(super) fn list_pending(&mut self, to: SessionAddress, request: u32, command: Command) {
        let reply = Reply::Pending { to, request };
        self.enqueue_if_admitted(Kind::Read, command, reply);
    }

    pub(super) fn mark_read(
        &mut self,
        to: SessionAddress,
        device: DeviceAddress,
        chat: ChatId,
        read_to: Seq,
    ) {
        let command = Command::MarkRead {
            device,
            chat,
            read_to,
        };
        self.enqueue_if_admitted(Kind::Mark, command, Reply::ReadMark { to });
    }

    pub(super) fn open_chat(
        &mut self,
        to: SessionAddress,
        request: u32,
        opener: UserId,
        other: UserId,
    ) {
        let command = Command::OpenChat {
            opener,
            other,
            now_ms: self.now.clock_ms,
        };
        self.enqueue_if_admitted(Kind::Open, command, Reply::OpenChat { to, request });
    }

    pub(super) fn link(&mut self, home: CoreId, attach: u64, chat: ChatId, device: DeviceAddress) {
        let command = Command::LinkDevice { chat, device };
        self.enqueue_if_admitted(Kind::Read, command, Reply::Link { home, attach });
    }

    /// An operator's command.
    pub(super) fn admin(&mut self, ticket: u64, command: Command) {
        let home = self.shards.home(command.home());
        let refused = if home != self.config.core {
            Some(AdminRefused::OtherHome(home))
        } else if self.lane != LaneState::Ready {
            Some(AdminRefused::Unavailable)
        } else if self.admit(Kind::Read).is_err() {
            Some(AdminRefused::Overloaded)
        } else {
            None
        };
        match refused {
            Some(refused) => {
                let answer = Err(refused);
                self.effects
                    .push_back(Effect::AdminAnswer { ticket, answer });
            }
            None => {
                let reply = Self::reply_to_operator(ticket, &command);
                self.enqueue(command, reply);
            }
        }
    }

    fn enqueue_if_admitted(&mut self, kind: Kind, command: Command, reply: Reply) {
        match self.admit(kind) {
            Ok(()) => self.enqueue(command, reply),
            Err((code, retry_ms)) => {
                let refusal = self.refusal(code, retry_ms);
                self.refuse_reply(reply, refusal);
            }
        }
    }

    /// An acknowledgement. Without room the user's sessions are made to list and acknowledge again.
    pub(super) fn acknowledge(&mut self, ack: DeviceAck) {
        self.counters.acks += 1;
        match self.batch.push_ack(ack, self.now.ticks_us) {
            AckTaken::Queued => {}
            AckTaken::Merged => self.counters.acks_merged += 1,
            AckTaken::Refused => self.ask_acks_again(ack.device.user.shard()),
        }
    }

    /// An acknowledgement is lost: the sessions of this shard's users list what is pending and acknowledge again.
    pub(super) fn ask_acks_again(&mut self, user_shard: ShardId) {
        self.counters.shed.add(Step::Acks);
        self.outbox(self.shards.home(user_shard))
            .home_overflowed(user_shard);
    }

    /// Answers that a request was refused, whatever it was.
    pub(super) fn refuse_reply(&mut self, reply: Reply, refusal: Refusal) {
        match reply {
            Reply::Send {
                to,
                chat,
                client_seq,
                ..
            } => self.refuse_append(to, chat, client_seq, refusal),
            Reply::Page { to, request } => {
                let (session, answer) = (to.session, Err(refusal));
                self.post(
                    to.core,
                    Mail::PageAnswered {
                        session,
                        request,
                        answer,
                    },
                );
            }
            Reply::Pending { to, request } => {
                let (session, answer) = (to.session, Err(refusal));
                self.post(
                    to.core,
                    Mail::PendingListed {
                        session,
                        request,
                        answer,
                    },
                );
            }
            Reply::ReadMark { to } => {
                let (session, answer) = (to.session, Err(refusal));
                self.post(to.core, Mail::ReadMarked { session, answer });
            }
            Reply::OpenChat { to, request } => {
                let (session, answer) = (to.session, Err(refusal));
                self.post(
                    to.core,
                    Mail::ChatOpened {
                        session,
                        request,
                        answer,
                    },
                );
            }
            Reply::Link { home, attach } => {
                let answer = Err(refusal);
                self.post(home, Mail::Linked { attach, answer });
            }
            Reply::Register { attach } | Reply::FinishLinking { attach } => {
                self.refuse_attach(attach, refusal);
            }
            Reply::Ack { .. } => {}
            Reply::Admin { ticket } | Reply::Revoke { ticket, .. } => {
                let answer = Err(AdminRefused::Unavailable);
                self.effects
                    .push_back(Effect::AdminAnswer { ticket, answer });
            }
        }
    }
}
