//! Taking messages into the outbox: bounded, numbered densely per chat, durable before they are transmitted.

use ringpost_wire::limits::PAYLOAD_BYTES_MAX;

use crate::effect::{ConnectionState, Effect, NotAccepted};
use crate::input::Outgoing;
use crate::limits::{OUTBOX_BYTES_MAX, OUTBOX_CHAT_MESSAGES_MAX, OUTBOX_MESSAGES_MAX};
use crate::machine::Machine;
use crate::outbox::lanes::Flight;
use crate::record::{OutboxEntry, Record};

impl Machine {
    pub(crate) fn accept(&mut self, outgoing: Outgoing) {
        let (chat, message_id) = (outgoing.chat, outgoing.message_id);
        if let Some(reason) = self.why_not(&outgoing) {
            self.effects.push_back(Effect::NotAccepted {
                chat,
                message_id,
                reason,
            });
            return;
        }
        let remembered = self.state.chat(chat);
        let cursor = remembered.and_then(|state| state.cursor()).unwrap_or(0);
        let head = self.streams.get(&chat).map_or(0, |stream| stream.head);
        let entry = OutboxEntry {
            client_seq: remembered.map_or(1, |state| state.next_client_seq()),
            message_id,
            floor: head.max(cursor),
            device_epoch: outgoing.device_epoch,
            content_class: outgoing.content_class,
            payload: outgoing.payload,
        };
        let lane = self.lanes.lane_mut(chat);
        lane.flights.insert(entry.client_seq, Flight::NEW);
        self.persist(Record::Accepted { chat, entry });
        self.effects
            .push_back(Effect::Accepted { chat, message_id });
        self.lanes.make_ready(chat);
    }

    fn why_not(&self, outgoing: &Outgoing) -> Option<NotAccepted> {
        let payload_bytes = outgoing.payload.len();
        let outbox = self.state.outbox(outgoing.chat);
        let is_full = self.state.outbox_messages() >= OUTBOX_MESSAGES_MAX
            || self.state.outbox_bytes() + payload_bytes > OUTBOX_BYTES_MAX
            || outbox.len() >= OUTBOX_CHAT_MESSAGES_MAX;
        if self.link.state == ConnectionState::Ended {
            Some(NotAccepted::Ended)
        } else if payload_bytes > PAYLOAD_BYTES_MAX {
            Some(NotAccepted::PayloadTooLarge)
        } else if is_full {
            Some(NotAccepted::OutboxFull)
        } else {
            let mut outbox = outbox;
            outbox
                .any(|entry| entry.message_id == outgoing.message_id)
                .then_some(NotAccepted::InOutbox)
        }
    }
}
