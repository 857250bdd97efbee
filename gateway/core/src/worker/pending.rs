//! Lists of pending chats for a session. Each list begun from the start is a pass: it ends a session's being behind in all
//! chats, and tells that the device is caught up when it is empty and nothing was left out since it was begun.

use ringpost_storage_core::outcome::PendingRead;
use ringpost_wire::{ChatId, ErrorCode, ListPending, PendingList};

use super::Worker;
use crate::limits::{PENDING_CHAT_BYTES, PENDING_FRAME_BYTES};
use crate::session::ListInFlight;
use crate::{Mail, Refusal, SessionId};

impl Worker {
    pub(super) fn ask_pending(&mut self, id: SessionId, list: &ListPending<'_>) {
        let after = match <[u8; 16]>::try_from(list.after) {
            Ok(chat) => Some(ChatId(chat)),
            Err(_) if list.after.is_empty() => None,
            Err(_) => return self.refuse_request(id, list.request, ErrorCode::InvalidRequest, 0),
        };
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let device = session.device;
        let room = session
            .data_room_bytes()
            .saturating_sub(PENDING_FRAME_BYTES);
        let chats_max = (room / PENDING_CHAT_BYTES).min(usize::from(list.chats_max));
        let pulling = session.pulling.get_or_insert_default();
        if pulling.list.is_some() || chats_max == 0 {
            return self.shed_request(id, list.request);
        }
        let mail = Mail::ListPending {
            session: id,
            device,
            request: list.request,
            after,
            chats_max: chats_max as u16,
            all: list.all,
        };
        if !self.request(self.shards.user_home(device.user), mail) {
            return self.shed_request(id, list.request);
        }
        let reserved_bytes = PENDING_FRAME_BYTES + chats_max * PENDING_CHAT_BYTES;
        self.begin_list(
            id,
            ListInFlight {
                request: list.request,
                is_first: after.is_none(),
                reserved_bytes,
            },
        );
    }

    fn begin_list(&mut self, id: SessionId, list: ListInFlight) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        session.reserved_bytes += list.reserved_bytes as u32;
        session.pulling.get_or_insert_default().list = Some(list);
        if !list.is_first {
            return;
        }
        session.skipped_in_pass = false;
        let was_behind = session.is_behind();
        session.behind_all = false;
        if was_behind && !session.is_behind() {
            self.session_counts.behind -= 1;
        }
    }

    /// The answer to the list in flight.
    pub(super) fn pending_listed(
        &mut self,
        id: SessionId,
        request: u32,
        answer: Result<PendingRead, Refusal>,
    ) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let list = session
            .pulling
            .as_mut()
            .and_then(|pulling| pulling.list.take());
        let Some(list) = list else {
            return;
        };
        assert_eq!(list.request, request, "one list of a session is in flight");
        session.reserved_bytes -= list.reserved_bytes as u32;
        let nothing_skipped = !session.skipped_in_pass;
        match answer {
            Ok(read) => {
                let complete = read.next.is_none();
                let is_empty = list.is_first && read.chats.is_empty() && complete;
                let list = PendingList {
                    request,
                    chats: read.chats,
                    next: read.next.map_or_else(Vec::new, |chat| chat.0.to_vec()),
                    complete,
                    caught_up: is_empty && nothing_skipped,
                };
                self.write_control(id, |out| list.encode(out));
            }
            Err(refusal) => self.refuse_request(id, request, refusal.code, refusal.retry_after_ms),
        }
        self.start_page(id);
    }
}
