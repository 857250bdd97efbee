//! Mail in and out: which role reads which mail, and what this worker tells itself, until nothing is left of it.

use ringpost_storage_core::Command;

use super::Worker;
use crate::{CoreId, Mail, SendAnswer, SessionAddress};

impl Worker {
    /// Another core's mail.
    pub(super) fn mail_arrived(&mut self, from: CoreId, mail: Mail) {
        if from.0 < self.config.cores {
            self.read_mail(from, mail);
        }
    }

    /// The way to a core.
    pub(super) fn outbox(&mut self, to: CoreId) -> &mut crate::outbox::Outbox {
        &mut self.outboxes[usize::from(to.0)]
    }

    /// Posts a request if there is room for its answer.
    pub(super) fn request(&mut self, to: CoreId, mail: Mail) -> bool {
        let outbox = self.outbox(to);
        let has_room = outbox.has_request_room();
        if has_room {
            outbox.request(mail);
        }
        has_room
    }

    /// Posts an answer, or what is told.
    pub(super) fn post(&mut self, to: CoreId, mail: Mail) {
        self.outbox(to).post(mail);
    }

    /// Gathers an answer to a sender.
    pub(super) fn answer_send(&mut self, to: CoreId, answer: SendAnswer) {
        self.send_answers[usize::from(to.0)].push(answer);
    }

    /// Handles what this worker told itself, and hands the gathered answers on.
    pub(super) fn settle(&mut self) {
        loop {
            self.settle_own_mail();
            if !self.hand_answers_on() {
                break;
            }
        }
    }

    /// Handles what this worker told itself.
    pub(super) fn settle_own_mail(&mut self) {
        let own = self.config.core;
        while let Some(mail) = self.outbox(own).next() {
            self.read_mail(own, mail);
        }
    }

    fn hand_answers_on(&mut self) -> bool {
        let mut any = false;
        for core in 0..self.send_answers.len() {
            if self.send_answers[core].is_empty() {
                continue;
            }
            any = true;
            let answers = core::mem::take(&mut self.send_answers[core]);
            let to = CoreId(core as u16);
            if to == self.config.core {
                self.sends_answered(to, &answers);
                let mut reused = answers;
                reused.clear();
                self.send_answers[core] = reused;
            } else {
                self.post(to, Mail::SendsAnswered(answers));
            }
        }
        any
    }

    fn read_mail(&mut self, from: CoreId, mail: Mail) {
        let at = |session| SessionAddress {
            core: from,
            session,
        };
        match mail {
            Mail::Attach {
                session,
                device,
                issued_ms,
            } => self.attach(at(session), device, issued_ms),
            Mail::Detach { device, generation } => self.directory.remove(device, generation),
            Mail::ListPending {
                session,
                device,
                request,
                after,
                chats_max,
                all,
            } => {
                let command = Command::ListPending {
                    device,
                    after,
                    chats_max,
                    all,
                };
                self.list_pending(at(session), request, command);
            }
            Mail::Deliver { frame, members } => self.deliver_to_members(&frame, &members),
            Mail::Receipt { receipt, members } => self.receipt_to_members(&receipt, &members),
            Mail::HomesOverflowed(shards) => self.homes_overflowed(&shards),
            Mail::Linked { attach, answer } => {
                self.outbox(from).answered(1);
                self.chat_linked(attach, answer);
            }
            Mail::Send { .. }
            | Mail::ReadPage { .. }
            | Mail::MarkRead { .. }
            | Mail::OpenChat { .. }
            | Mail::Link { .. }
            | Mail::Acks(_) => self.read_chat_mail(from, mail),
            Mail::Attached { .. }
            | Mail::AttachRefused { .. }
            | Mail::PendingListed { .. }
            | Mail::SendsAnswered(_)
            | Mail::PageAnswered { .. }
            | Mail::ReadMarked { .. }
            | Mail::ChatOpened { .. }
            | Mail::TakenOver { .. }
            | Mail::Revoked { .. }
            | Mail::DeliverTo { .. }
            | Mail::ReceiptTo { .. }
            | Mail::SessionsOverflowed(_) => self.read_session_mail(from, mail),
        }
    }

    fn read_chat_mail(&mut self, from: CoreId, mail: Mail) {
        let at = |session| SessionAddress {
            core: from,
            session,
        };
        match mail {
            Mail::Send {
                session,
                device,
                frame,
            } => self.append(at(session), device, frame),
            Mail::ReadPage {
                session,
                device,
                request,
                chat,
                from,
                messages_max,
                bytes_max,
            } => {
                let command = ringpost_storage_core::Command::ReadPage {
                    device,
                    chat,
                    from,
                    messages_max,
                    bytes_max,
                };
                self.read_page(at(session), request, command);
            }
            Mail::MarkRead {
                session,
                device,
                chat,
                read_to,
            } => self.mark_read(at(session), device, chat, read_to),
            Mail::OpenChat {
                session,
                request,
                opener,
                other,
            } => self.open_chat(at(session), request, opener, other),
            Mail::Link {
                attach,
                chat,
                device,
            } => self.link(from, attach, chat, device),
            Mail::Acks(acks) => acks.into_iter().for_each(|ack| self.acknowledge(ack)),
            _ => {}
        }
    }

    fn read_session_mail(&mut self, from: CoreId, mail: Mail) {
        let answered = mail.answered_requests();
        match mail {
            Mail::SendsAnswered(answers) => return self.sends_answered(from, &answers),
            Mail::Attached {
                session,
                device,
                generation,
            } => self.attached(from, session, device, generation),
            Mail::AttachRefused { session, refusal } => self.attach_refused(session, refusal),
            Mail::PendingListed {
                session,
                request,
                answer,
            } => self.pending_listed(session, request, answer),
            Mail::PageAnswered {
                session,
                request,
                answer,
            } => self.page_answered(session, request, answer),
            Mail::ReadMarked { session, answer } => self.read_marked(session, answer),
            Mail::ChatOpened {
                session,
                request,
                answer,
            } => self.chat_opened(session, request, answer),
            Mail::TakenOver {
                session,
                generation,
            } => self.taken_over(session, generation),
            Mail::Revoked {
                session,
                generation,
                issued_to_ms,
            } => self.session_revoked(session, generation, issued_to_ms),
            Mail::DeliverTo { frame, sessions } => self.deliver(&frame, &sessions),
            Mail::ReceiptTo { receipt, sessions } => self.deliver_receipt(&receipt, &sessions),
            Mail::SessionsOverflowed(shards) => self.sweep_overflowed(shards),
            _ => {}
        }
        self.outbox(from).answered(answered);
    }
}
