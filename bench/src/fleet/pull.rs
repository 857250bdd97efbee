//! Pulling: passes over the pending chats after `Welcome`, and pages of chats that are behind. One request at a time.
//!
//! Invariant: a pull ends only when the server said that the device has everything, or, without a pass, when each chat's
//! page was complete.

use std::collections::VecDeque;

use ringpost_wire::limits::{PAGE_BYTES_MAX, PAGE_MESSAGES_MAX, PENDING_CHATS_MAX};
use ringpost_wire::{ListPending, Page, PendingList, ReadPage};

use super::devices::Fleet;
use crate::record::Stage;

/// Wait before the second pass and every further one at least, and at most.
const PASS_WAIT_NS_MIN: u64 = 50_000_000;
const PASS_WAIT_NS_MAX: u64 = 5_000_000_000;

/// A pull that goes on.
#[derive(Debug, Default)]
pub struct Pull {
    chats: VecDeque<u32>,
    in_flight: Option<Request>,
    /// Whether passes are made, until one finds nothing.
    is_pass: bool,
    /// Where the pass goes on; empty begins one.
    after: Vec<u8>,
    wait_ns: u64,
    wait_until_ns: u64,
    /// When the last page or list came that brought something.
    has_all_ns: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    List,
    Page { side: u32 },
}

impl Fleet {
    /// Begins passes over the pending chats.
    pub(super) fn begin_passes(&mut self, device: u32, now_ns: u64) {
        let pull = self.devices[device as usize].pull.get_or_insert_default();
        pull.is_pass = true;
        pull.after.clear();
        pull.has_all_ns = now_ns;
        self.touch(device);
    }

    /// Reads a chat's log from the first missing message.
    pub(super) fn pull_chat(&mut self, device: u32, side: u32) {
        if core::mem::replace(&mut self.sides[side as usize].is_pulled, true) {
            return;
        }
        let pull = self.devices[device as usize].pull.get_or_insert_default();
        pull.chats.push_back(side);
        self.touch(device);
    }

    /// Forgets what was asked for on a connection that is gone.
    pub(super) fn drop_pull(&mut self, device: u32) {
        if self.devices[device as usize].pull.take().is_some() {
            for side in self.world.sides_of(device) {
                self.sides[side as usize].is_pulled = false;
            }
        }
    }

    /// Appends the next request, if none is under way.
    pub(super) fn write_pull(&mut self, device: u32, now_ns: u64, out: &mut Vec<u8>) {
        let Some(pull) = self.devices[device as usize].pull.as_mut() else {
            return;
        };
        if pull.in_flight.is_some() {
            return;
        }
        if let Some(side) = pull.chats.pop_front() {
            pull.in_flight = Some(Request::Page { side });
            let request = ReadPage {
                request: 2,
                chat: self.world.chat_id(self.world.chat_of(side)),
                from: self.sides[side as usize].received_to + 1,
                messages_max: PAGE_MESSAGES_MAX as u16,
                bytes_max: PAGE_BYTES_MAX as u32,
            };
            request.encode(out);
            self.counts.pages += 1;
        } else if !pull.is_pass {
            self.devices[device as usize].pull = None;
            return;
        } else if pull.wait_until_ns > now_ns {
            let due_ns = pull.wait_until_ns;
            self.wake_device_at(due_ns, device);
            return;
        } else {
            pull.in_flight = Some(Request::List);
            let request = ListPending {
                request: 1,
                after: &pull.after,
                chats_max: PENDING_CHATS_MAX as u16,
                all: false,
            };
            request.encode(out);
        }
        self.counts.frames_out += 1;
    }

    /// A request of the device failed: it is made again, from the beginning of a pass.
    pub(super) fn pull_failed(&mut self, device: u32, retry_at_ns: u64) {
        let Some(pull) = self.devices[device as usize].pull.as_mut() else {
            return;
        };
        match pull.in_flight.take() {
            Some(Request::Page { side }) => pull.chats.push_back(side),
            Some(Request::List) => pull.after.clear(),
            None => return,
        }
        pull.wait_until_ns = retry_at_ns;
        self.touch(device);
    }

    pub(super) fn pending_list(&mut self, device: u32, list: &PendingList, now_ns: u64) {
        for pending in &list.chats {
            let Some(side) = self.world.side(device, &pending.chat) else {
                continue;
            };
            let state = &mut self.sides[side as usize];
            state.head = state.head.max(pending.head);
            if state.head > state.received_to {
                self.pull_chat(device, side);
            } else {
                state.is_ack_due = true;
                self.mark_dirty(side);
            }
        }
        let Some(pull) = self.devices[device as usize].pull.as_mut() else {
            return;
        };
        pull.in_flight = None;
        pull.after.clone_from(&list.next);
        if !pull.chats.is_empty() {
            pull.has_all_ns = now_ns;
        }
        if list.complete {
            pull.after.clear();
            pull.wait_ns = (pull.wait_ns * 2).clamp(PASS_WAIT_NS_MIN, PASS_WAIT_NS_MAX);
            pull.wait_until_ns = now_ns + pull.wait_ns;
        }
        if list.caught_up {
            let has_all_ns = pull.has_all_ns;
            pull.is_pass = false;
            self.has_caught_up(device, has_all_ns);
        }
        self.touch(device);
    }

    fn has_caught_up(&mut self, device: u32, has_all_ns: u64) {
        let state = &mut self.devices[device as usize];
        let began_ns = core::mem::take(&mut state.resume_began_ns);
        if began_ns > 0 {
            self.recorder
                .record(Stage::ResumeToCaughtUp, has_all_ns.saturating_sub(began_ns));
            self.caught_up += 1;
        }
    }

    pub(super) fn page(&mut self, device: u32, page: &Page, now_ns: u64) {
        let Some(side) = self.world.side(device, &page.chat) else {
            return;
        };
        let empty: u64 = page
            .empty
            .iter()
            .map(|range| range.to + 1 - range.from)
            .sum();
        self.counts.page_empty += empty;
        let state = &mut self.sides[side as usize];
        state.pass(page.to);
        state.head = state.head.max(page.head);
        state.is_pulled = false;
        state.is_ack_due = state.received_to > state.acked_to;
        self.mark_dirty(side);
        if let Some(pull) = self.devices[device as usize].pull.as_mut() {
            pull.has_all_ns = now_ns;
            if pull.in_flight == Some(Request::Page { side }) {
                pull.in_flight = None;
            }
        }
        if !page.complete {
            self.pull_chat(device, side);
        }
        self.touch(device);
    }
}
