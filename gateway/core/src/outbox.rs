//! What waits for one core's mailbox: mails in order, acknowledgements by the block, and shards whose deliveries did not fit.
//!
//! Invariant: requests are limited by their unanswered number, so their answers always fit; deliveries past the limit leave
//! a bit of their user's shard behind.

use std::collections::VecDeque;

use ringpost_wire::ShardId;

use crate::limits::{
    ACKS_MAX, ACKS_PER_MAIL_MAX, DELIVERIES_MAX, DELIVERY_BYTES_MAX, REQUESTS_MAX,
};
use crate::{DeviceAck, Mail, ShardSet};

/// The way to one core.
#[derive(Default)]
pub(crate) struct Outbox {
    mails: VecDeque<Mail>,
    acks: VecDeque<DeviceAck>,
    deliveries: usize,
    delivery_bytes: usize,
    requests_unanswered: usize,
    homes_overflowed: Option<Box<ShardSet>>,
    sessions_overflowed: Option<Box<ShardSet>>,
}

impl Outbox {
    /// Whether a request may be posted.
    pub(crate) fn has_request_room(&self) -> bool {
        self.requests_unanswered < REQUESTS_MAX
    }

    /// Posts a request, reserving the slot of its answer.
    pub(crate) fn request(&mut self, mail: Mail) {
        assert!(self.has_request_room(), "asked before");
        self.requests_unanswered += 1;
        self.mails.push_back(mail);
    }

    /// The core answered so many requests.
    pub(crate) fn answered(&mut self, count: usize) {
        self.requests_unanswered = self.requests_unanswered.saturating_sub(count);
    }

    /// Posts an answer, or what is told once a session.
    pub(crate) fn post(&mut self, mail: Mail) {
        self.mails.push_back(mail);
    }

    /// Whether a delivery or receipt fits.
    pub(crate) fn has_room_for(&self, mail: &Mail) -> bool {
        self.deliveries < DELIVERIES_MAX
            && self.delivery_bytes + delivery_bytes(mail) <= DELIVERY_BYTES_MAX
    }

    /// Posts a delivery or receipt if it fits.
    pub(crate) fn deliver(&mut self, mail: Mail) -> bool {
        if !self.has_room_for(&mail) {
            return false;
        }
        let bytes = delivery_bytes(&mail);
        self.deliveries += 1;
        self.delivery_bytes += bytes;
        self.mails.push_back(mail);
        true
    }

    /// Posts an acknowledgement if it fits.
    pub(crate) fn ack(&mut self, ack: DeviceAck) -> bool {
        if self.acks.len() >= ACKS_MAX {
            return false;
        }
        self.acks.push_back(ack);
        true
    }

    /// A delivery to a user home did not fit.
    pub(crate) fn home_overflowed(&mut self, shard: ShardId) {
        if !cfg!(planted = "full_queue_drops") {
            self.homes_overflowed.get_or_insert_default().insert(shard);
        }
    }

    /// A delivery to sessions did not fit.
    pub(crate) fn session_overflowed(&mut self, shard: ShardId) {
        if !cfg!(planted = "full_queue_drops") {
            self.sessions_overflowed
                .get_or_insert_default()
                .insert(shard);
        }
    }

    /// Deliveries on their way to this home were left out: its sessions elsewhere are told.
    pub(crate) fn sessions_overflowed(&mut self, shards: &ShardSet) {
        self.sessions_overflowed
            .get_or_insert_default()
            .unite(shards);
    }

    /// Takes the next mail.
    pub(crate) fn next(&mut self) -> Option<Mail> {
        if self.has_delivery_room() {
            if let Some(shards) = self.homes_overflowed.take() {
                return Some(Mail::HomesOverflowed(shards));
            }
            if let Some(shards) = self.sessions_overflowed.take() {
                return Some(Mail::SessionsOverflowed(shards));
            }
        }
        // First: a device's send must not overtake its acknowledgement, which would leave it behind by its own message.
        if let Some(acks) = self.next_acks() {
            return Some(acks);
        }
        let mail = self.mails.pop_front()?;
        if is_delivery(&mail) {
            self.deliveries -= 1;
            self.delivery_bytes -= delivery_bytes(&mail);
        }
        Some(mail)
    }

    /// Mails that `next` would give, the acknowledgements counted as one.
    pub(crate) fn waiting(&self) -> usize {
        let overflows = [&self.homes_overflowed, &self.sessions_overflowed];
        self.mails.len()
            + usize::from(!self.acks.is_empty())
            + overflows.into_iter().flatten().count()
    }

    /// Requests that the core has not answered.
    pub(crate) fn requests_unanswered(&self) -> usize {
        self.requests_unanswered
    }

    /// Half of the limits is free again: a receiver told to read again would not be overrun at once.
    fn has_delivery_room(&self) -> bool {
        self.deliveries <= DELIVERIES_MAX / 2 && self.delivery_bytes <= DELIVERY_BYTES_MAX / 2
    }

    fn next_acks(&mut self) -> Option<Mail> {
        if self.acks.is_empty() {
            return None;
        }
        let count = self.acks.len().min(ACKS_PER_MAIL_MAX);
        Some(Mail::Acks(self.acks.drain(..count).collect()))
    }
}

fn is_delivery(mail: &Mail) -> bool {
    matches!(
        mail,
        Mail::Deliver { .. }
            | Mail::DeliverTo { .. }
            | Mail::Receipt { .. }
            | Mail::ReceiptTo { .. }
    )
}

fn delivery_bytes(mail: &Mail) -> usize {
    match mail {
        Mail::Deliver { frame, .. } | Mail::DeliverTo { frame, .. } => frame.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use ringpost_wire::{ChatId, DeviceAddress, UserId};

    use super::*;
    use crate::{Group, SessionId};

    fn delivery(bytes: usize) -> Mail {
        Mail::DeliverTo {
            frame: Bytes::from(vec![0; bytes]),
            sessions: Group::One(SessionId::default()),
        }
    }

    #[test]
    fn what_does_not_fit_leaves_its_shard_behind() {
        let mut outbox = Outbox::default();
        while outbox.deliver(delivery(64 * 1024)) {}
        assert_eq!(outbox.waiting(), DELIVERY_BYTES_MAX / (64 * 1024));
        outbox.session_overflowed(ShardId(7));
        let mut before = 0;
        let shards = loop {
            match outbox.next() {
                Some(Mail::SessionsOverflowed(shards)) => break shards,
                Some(_) => before += 1,
                None => panic!("the shard was lost"),
            }
        };
        assert_eq!(before, DELIVERY_BYTES_MAX / (64 * 1024) / 2);
        assert!(shards.contains(ShardId(7)) && !shards.contains(ShardId(8)));
    }

    #[test]
    fn acknowledgements_go_by_the_block_and_are_bounded() {
        let mut outbox = Outbox::default();
        let device = DeviceAddress {
            user: UserId([1; 16]),
            device: 1,
        };
        let chat = ChatId([1; 16]);
        for seq in 0..ACKS_MAX as u64 {
            assert!(outbox.ack(DeviceAck { device, chat, seq }));
        }
        assert!(!outbox.ack(DeviceAck {
            device,
            chat,
            seq: 1
        }));
        let mut taken = 0;
        while let Some(Mail::Acks(acks)) = outbox.next() {
            assert!(acks.len() <= ACKS_PER_MAIL_MAX);
            taken += acks.len();
        }
        assert_eq!(taken, ACKS_MAX);
    }

    #[test]
    fn requests_reserve_their_answers() {
        let mut outbox = Outbox::default();
        let request = || Mail::Attach {
            session: SessionId::default(),
            device: DeviceAddress {
                user: UserId([1; 16]),
                device: 1,
            },
            issued_ms: 0,
        };
        for _ in 0..REQUESTS_MAX {
            outbox.request(request());
            outbox.next();
        }
        assert!(!outbox.has_request_room());
        outbox.answered(1);
        assert!(outbox.has_request_room());
        outbox.answered(usize::MAX);
        assert_eq!(outbox.requests_unanswered(), 0);
    }
}
