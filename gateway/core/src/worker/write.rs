//! Frames to a session's socket, within its budget: data while there is room, control frames beyond into a reserve.

use ringpost_wire::ErrorCode;

use super::Worker;
use crate::{Effect, Outgoing, SessionId};

impl Worker {
    /// Writes an answer or a notice. A client that asks on while even the reserve is untaken is told
    /// so, and closed.
    pub(super) fn write_control(&mut self, id: SessionId, encode: impl FnOnce(&mut Vec<u8>)) {
        self.scratch.clear();
        encode(&mut self.scratch);
        let bytes = self.scratch.len();
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if !session.has_control_room(bytes) {
            return self.fail(id, ErrorCode::SlowConsumer, "answers are not taken");
        }
        session.queued_bytes += bytes as u32;
        let is_much = session.is_much_untaken();
        let frame = Outgoing::copied(&self.scratch);
        self.effects.push_back(Effect::Write { session: id, frame });
        if is_much {
            self.note_untaken(id);
            self.pause_if_full(id);
        }
    }

    /// Writes data for which there is room, or for which room was reserved.
    pub(super) fn write_data(&mut self, id: SessionId, frame: Outgoing) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.queued_bytes += frame.as_slice().len() as u32;
            let is_much = session.is_much_untaken();
            self.effects.push_back(Effect::Write { session: id, frame });
            if is_much {
                self.note_untaken(id);
            }
        }
    }
}
