//! The way of a message or receipt to its sessions: from the chat's home to the members' homes, from there to the cores that
//! hold their sockets. One mail a core, however many are addressed there.

use bytes::Bytes;
use ringpost_storage_core::outcome::{Delivery, ReceiptDue};
use ringpost_wire::{DeviceAddress, MessageView, Receipt, UserId};

use super::Worker;
use crate::{CoreId, Effect, Event, Group, Mail, Recipient, SessionId, ShardSet, Step};

/// Adds an addressee to the group of its core. There are few cores, so the groups are searched one by one.
fn address<T: Copy>(groups: &mut Vec<(CoreId, Group<T>)>, core: CoreId, item: T) {
    match groups.iter_mut().find(|group| group.0 == core) {
        Some((_, group)) => group.push(item),
        None => groups.push((core, Group::One(item))),
    }
}

impl Worker {
    /// A message is stored: tells the members' homes.
    pub(super) fn hand_delivery_on(&mut self, delivery: Delivery) {
        let mut groups = Vec::new();
        for &user in &delivery.members {
            let became_pending = delivery.became_pending.contains(&user);
            let member = Recipient {
                user,
                became_pending,
            };
            address(&mut groups, self.shards.user_home(user), member);
        }
        for (home, members) in groups {
            let mail = Mail::Deliver {
                frame: delivery.frame.clone(),
                members,
            };
            self.deliver_to_home(home, mail);
        }
    }

    fn deliver_to_home(&mut self, home: CoreId, mail: Mail) {
        let users: Vec<UserId> = match &mail {
            Mail::Deliver { members, .. } if !self.outbox(home).has_room_for(&mail) => {
                let members = members.as_slice().iter();
                members.map(|member| member.user).collect()
            }
            _ => {
                let posted = self.outbox(home).deliver(mail);
                assert!(posted, "there was room");
                return;
            }
        };
        self.counters.overflowed += users.len() as u64;
        for user in users {
            self.outbox(home).home_overflowed(user.shard());
        }
    }

    /// A message for users of this home: tells the cores of their sessions. The sending device is not told.
    pub(super) fn deliver_to_members(&mut self, frame: &Bytes, members: &Group<Recipient>) {
        let Ok(message) = MessageView::of_deliver(frame) else {
            return;
        };
        let sender = message.sender();
        let mut groups: Vec<(CoreId, Group<(SessionId, UserId)>)> = Vec::new();
        for member in members.as_slice() {
            let user = member.user;
            let sessions = self.directory.sessions(user);
            if sessions.is_empty() && member.became_pending {
                self.effects.push_back(Effect::Event(Event::BecamePending {
                    user,
                    chat: message.chat(),
                    seq: message.seq(),
                }));
            }
            for session in sessions {
                let device = session.device;
                if (DeviceAddress { user, device }) != sender {
                    address(&mut groups, session.at.core, (session.at.session, user));
                }
            }
        }
        for (core, sessions) in groups {
            self.deliver_to_core(core, frame, &sessions);
        }
    }

    fn deliver_to_core(
        &mut self,
        core: CoreId,
        frame: &Bytes,
        sessions: &Group<(SessionId, UserId)>,
    ) {
        let mail = Mail::DeliverTo {
            frame: frame.clone(),
            sessions: sessions.map(|(session, _)| session),
        };
        let outbox = &mut self.outboxes[usize::from(core.0)];
        if outbox.deliver(mail) {
            return;
        }
        for (_, user) in sessions.as_slice() {
            self.counters.overflowed += 1;
            outbox.session_overflowed(user.shard());
        }
    }

    /// Deliveries on their way here were left out: every core is told to make the sessions of those shards read again.
    pub(super) fn homes_overflowed(&mut self, shards: &ShardSet) {
        for outbox in &mut self.outboxes {
            outbox.sessions_overflowed(shards);
        }
    }

    /// As `hand_receipt_on`, for what somebody has read: left out under load too, since the next one says as much.
    pub(super) fn hand_read_receipt_on(&mut self, due: &ReceiptDue) {
        if self.load.sheds(Step::ReadReceipts) {
            self.counters.shed.add(Step::ReadReceipts);
        } else {
            self.hand_receipt_on(due);
        }
    }

    /// A mark moved: tells the members' homes. Left out where there is no room.
    pub(super) fn hand_receipt_on(&mut self, due: &ReceiptDue) {
        let mut groups = Vec::new();
        for &user in &due.members {
            address(&mut groups, self.shards.user_home(user), user);
        }
        for (home, members) in groups {
            let receipt = due.receipt;
            self.deliver_receipt_mail(home, Mail::Receipt { receipt, members });
        }
    }

    /// A receipt for users of this home: tells the cores of their sessions.
    pub(super) fn receipt_to_members(&mut self, receipt: &Receipt, members: &Group<UserId>) {
        let mut groups = Vec::new();
        for &user in members.as_slice() {
            for session in self.directory.sessions(user) {
                address(&mut groups, session.at.core, session.at.session);
            }
        }
        for (core, sessions) in groups {
            let receipt = *receipt;
            self.deliver_receipt_mail(core, Mail::ReceiptTo { receipt, sessions });
        }
    }

    fn deliver_receipt_mail(&mut self, to: CoreId, mail: Mail) {
        if !self.outbox(to).deliver(mail) {
            self.counters.shed.add(Step::ReadReceipts);
        }
    }
}
