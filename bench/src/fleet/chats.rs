//! Opening the chats: the first device of a chat's first member opens it, one request of a device at a time.

use ringpost_wire::{Answer, Failure, OpenChat};

use super::devices::Fleet;

/// The number of an `OpenChat` request.
pub(super) const OPEN_REQUEST: u32 = 3;
/// Wait before asking again where the node gives no advice.
const RETRY_NS: u64 = 100_000_000;

impl Fleet {
    /// Lets the device open its chats, one after another. False if it has none to open.
    pub fn begin_opening(&mut self, device: u32) -> bool {
        self.skip_to_own(device);
        let has_any = self.chat_to_open(device).is_some();
        let state = &mut self.devices[device as usize];
        if has_any && !state.is_opening {
            state.is_opening = true;
            self.opening += 1;
            self.touch(device);
        }
        has_any
    }

    /// Devices that still open chats.
    pub fn opening(&self) -> u32 {
        self.opening
    }

    fn opens(&self, device: u32, chat: u32) -> bool {
        let (first, _) = self.world.members(chat);
        self.world.device_number(device) == 1 && self.world.user_of(device) == first
    }

    fn skip_to_own(&mut self, device: u32) {
        let sides = self.world.sides_of(device);
        let mut next = self.devices[device as usize].next_open;
        while sides.start + next < sides.end
            && !self.opens(device, self.world.chat_of(sides.start + next))
        {
            next += 1;
        }
        self.devices[device as usize].next_open = next;
    }

    fn chat_to_open(&self, device: u32) -> Option<u32> {
        let side = self
            .world
            .sides_of(device)
            .nth(self.devices[device as usize].next_open as usize)?;
        Some(self.world.chat_of(side))
    }

    pub(super) fn write_open(&mut self, device: u32, out: &mut Vec<u8>) {
        if !self.devices[device as usize].is_opening {
            return;
        }
        if let Some(chat) = self.chat_to_open(device) {
            let (_, other) = self.world.members(chat);
            OpenChat {
                request: OPEN_REQUEST,
                user: self.world.user_id(other),
            }
            .encode(out);
            self.counts.frames_out += 1;
        }
        self.devices[device as usize].is_opening = false;
    }

    pub(super) fn chat_opened(&mut self, device: u32) {
        self.counts.chats_opened += 1;
        self.devices[device as usize].next_open += 1;
        self.opening -= 1;
        self.begin_opening(device);
    }

    pub(super) fn open_failed(&mut self, device: u32, failure: &Failure<'_>, now_ns: u64) {
        self.opening -= 1;
        if failure.code.answer() == Answer::RetrySame {
            let wait_ns = (u64::from(failure.retry_after_ms) * 1_000_000).max(RETRY_NS);
            self.devices[device as usize].is_opening = true;
            self.opening += 1;
            self.wake_device_at(now_ns + wait_ns, device);
        } else {
            self.chats_not_opened += 1;
            self.devices[device as usize].next_open += 1;
            self.begin_opening(device);
        }
    }
}
