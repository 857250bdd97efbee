//! Pages of the log for a session: clipped to the room that its socket has, one in flight, a few waiting.
//!
//! A page that reaches the highest number left out ends the chat's being behind; a shorter one says that there is more.

use ringpost_storage_core::outcome::PageRead;
use ringpost_wire::limits::PAGE_EMPTY_RANGES_MAX;
use ringpost_wire::{
    EmptyRange, EmptyReason, ErrorCode, MessageView, Page, ReadPage, write_device_copy,
};

use super::Worker;
use crate::limits::{PAGE_BYTES_AT_ONCE, PAGE_FRAME_BYTES, PAGE_ROOM_BYTES_MIN, PAGES_WAITING_MAX};
use crate::{Mail, Outgoing, Refusal, SessionId, Step};

impl Worker {
    pub(super) fn ask_page(&mut self, id: SessionId, page: ReadPage) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let pulling = session.pulling.get_or_insert_default();
        if pulling.waiting.len() >= PAGES_WAITING_MAX {
            return self.shed_request(id, page.request);
        }
        pulling.waiting.push_back(page);
        self.start_page(id);
    }

    /// Refuses a request for load.
    pub(super) fn shed_request(&mut self, id: SessionId, request: u32) {
        self.counters.shed.add(Step::Stored);
        let retry_after_ms = self.random.retry_after_ms(200);
        self.refuse_request(id, request, ErrorCode::Overloaded, retry_after_ms);
    }

    /// Asks for the next page that waits, once none is in flight and there is room for its answer.
    pub(super) fn start_page(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let room = session.data_room_bytes();
        let Some(pulling) = &mut session.pulling else {
            return;
        };
        if pulling.page.is_some() || room < PAGE_ROOM_BYTES_MIN {
            return;
        }
        let Some(page) = pulling.waiting.pop_front() else {
            session.release_idle();
            return;
        };
        let bytes_max = (page.bytes_max as usize)
            .min(room - PAGE_FRAME_BYTES)
            .min(PAGE_BYTES_AT_ONCE);
        let reserved_bytes = bytes_max + PAGE_FRAME_BYTES;
        pulling.page = Some((page, reserved_bytes));
        session.reserved_bytes += reserved_bytes as u32;
        let mail = Mail::ReadPage {
            session: id,
            device: session.device,
            request: page.request,
            chat: page.chat,
            from: page.from,
            messages_max: page.messages_max,
            bytes_max: bytes_max as u32,
        };
        if !self.request(self.shards.chat_home(page.chat), mail) {
            let retry_after_ms = self.random.retry_after_ms(500);
            let code = ErrorCode::Overloaded;
            self.page_answered(
                id,
                page.request,
                Err(Refusal {
                    code,
                    retry_after_ms,
                }),
            );
        }
    }

    /// The answer to the page in flight.
    pub(super) fn page_answered(
        &mut self,
        id: SessionId,
        request: u32,
        answer: Result<Box<PageRead>, Refusal>,
    ) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let page = session
            .pulling
            .as_mut()
            .and_then(|pulling| pulling.page.take());
        let Some((asked, reserved_bytes)) = page else {
            return;
        };
        assert_eq!(asked.request, request, "one page of a session is in flight");
        session.reserved_bytes -= reserved_bytes as u32;
        match answer {
            Ok(page) => self.write_page(id, request, *page),
            Err(refusal) => {
                if matches!(refusal.code, ErrorCode::NotMember | ErrorCode::UnknownChat) {
                    self.forget_behind(id, asked.chat);
                }
                self.refuse_request(id, request, refusal.code, refusal.retry_after_ms);
            }
        }
        self.start_page(id);
    }

    fn write_page(&mut self, id: SessionId, request: u32, page: PageRead) {
        let mut empty = page.empty;
        for frame in &page.messages {
            if let Some(missing) = self.write_page_message(id, frame)
                && empty.len() < PAGE_EMPTY_RANGES_MAX
            {
                let at = empty.partition_point(|range| range.from < missing.from);
                empty.insert(at, missing);
            }
        }
        let (mut complete, mut head) = (page.complete, page.head);
        if let Some(left_out) = self.read_up(id, page.chat, page.to) {
            complete = false;
            head = head.max(left_out);
        }
        let page = Page {
            request,
            chat: page.chat,
            from: page.from,
            to: page.to,
            first_available: page.first_available,
            complete,
            head,
            delivered_to: page.delivered_to,
            read_to: page.read_to,
            empty,
        };
        self.write_control(id, |out| page.encode(out));
    }

    /// Writes one message of a page. Answers its number where it holds nothing for the reader.
    fn write_page_message(&mut self, id: SessionId, frame: &bytes::Bytes) -> Option<EmptyRange> {
        let device = self.sessions.get(id)?.device;
        let message = MessageView::of_deliver(frame).ok()?;
        if message.slice_count() == 0 {
            self.write_data(id, Outgoing::shared(frame.clone()));
        } else {
            self.scratch.clear();
            if !write_device_copy(&message, device, &mut self.scratch) {
                return Some(EmptyRange {
                    from: message.seq(),
                    to: message.seq(),
                    reason: EmptyReason::NoSlice,
                });
            }
            let copy = Outgoing::copied(&self.scratch);
            self.write_data(id, copy);
        }
        self.counters.delivered += 1;
        None
    }
}
