//! `Fleet`: all devices of a run. Takes bytes and due times, tells what each device writes next.
//!
//! Invariant: a side that may have something to write is in `dirty`, a device in `touched`, each once.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use ringpost_gateway_ring::Connection;
use ringpost_wire::limits::FRAME_BYTES_MAX;
use ringpost_wire::{
    Answer, Failure, FrameError, Hello, PROTOCOL_VERSION, Ping, ServerFrame, Split, Welcome, split,
};

use super::chats::OPEN_REQUEST;
use super::counts::Counts;
use super::device::{Device, Stage};
use super::sends::Ciphertext;
use super::side::Side;
use super::world::World;
use crate::record::{Recorder, Stage as Measured};
use crate::schedule::mix;

/// The node's stream cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// A frame breaks the format.
    #[error("a frame of the node breaks the format: {0}")]
    Frame(#[from] FrameError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Side(u32),
    Device(u32),
}

/// Draws the size of the next payload of a closed loop, in bytes.
pub type PayloadSizes = Box<dyn FnMut() -> u32>;

/// The devices of a run.
pub struct Fleet {
    pub(super) world: World,
    pub(super) devices: Vec<Device>,
    pub(super) sides: Vec<Side>,
    pub(super) sizes: PayloadSizes,
    pub(super) ciphertext: Ciphertext,
    pub(super) ack_timers: VecDeque<(u64, u32)>,
    pub(super) gap_timers: VecDeque<(u64, u32)>,
    timers: BinaryHeap<Reverse<(u64, Timer)>>,
    dirty: Vec<u32>,
    touched: Vec<u32>,
    pub(super) side_devices: Vec<u32>,
    pub(super) in_flight_max: usize,
    pub(super) waiting: u64,
    pub(super) messages: u64,
    pub(super) seed: u64,
    pub(super) opening: u32,
    pub(super) chats_not_opened: u64,
    pub(super) caught_up: u64,
    pub(super) devices_reached: u64,
    live: u32,
    live_peak: u32,
    node_version: String,
    /// Whether the way of each send from its last transmission is recorded.
    pub times_transmissions: bool,
    /// Totals.
    pub counts: Counts,
    /// Latencies and errors.
    pub recorder: Recorder,
}

impl Fleet {
    /// Devices of `world`, all offline. At most `in_flight_max` sends of a side are unanswered.
    pub fn new(
        world: World,
        recorder: Recorder,
        sizes: PayloadSizes,
        in_flight_max: u32,
        seed: u64,
    ) -> Self {
        let devices = (0..world.devices()).map(|_| Device::default()).collect();
        let sides = (0..world.sides()).map(|_| Side::default()).collect();
        let owners = (0..world.devices())
            .flat_map(|device| world.sides_of(device).map(move |_| device))
            .collect();
        Self {
            world,
            devices,
            sides,
            sizes,
            ciphertext: Ciphertext::new(seed),
            ack_timers: VecDeque::new(),
            gap_timers: VecDeque::new(),
            timers: BinaryHeap::new(),
            dirty: Vec::new(),
            touched: Vec::new(),
            side_devices: owners,
            in_flight_max: in_flight_max as usize,
            waiting: 0,
            messages: 0,
            seed: mix(seed),
            opening: 0,
            chats_not_opened: 0,
            caught_up: 0,
            devices_reached: 0,
            live: 0,
            live_peak: 0,
            node_version: String::new(),
            times_transmissions: false,
            counts: Counts::default(),
            recorder,
        }
    }

    /// Who there is.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The device of a side.
    pub fn device_of(&self, side: u32) -> u32 {
        self.side_devices[side as usize]
    }

    /// The connection of a device.
    pub fn connection(&self, device: u32) -> Option<Connection> {
        self.devices[device as usize].connection
    }

    /// Whether a device is signed in.
    pub fn is_live(&self, device: u32) -> bool {
        self.devices[device as usize].stage == Stage::Live
    }

    /// Whether a device is meant to be connected.
    pub fn is_wanted(&self, device: u32) -> bool {
        self.devices[device as usize].is_wanted
    }

    /// Whether a device was signed in before.
    pub fn was_live(&self, device: u32) -> bool {
        self.devices[device as usize].was_live
    }

    /// Attempts to connect since the device was last signed in.
    pub fn attempts(&self, device: u32) -> u8 {
        self.devices[device as usize].attempts
    }

    /// The device is meant to be connected from now on.
    pub fn want(&mut self, device: u32) {
        self.devices[device as usize].is_wanted = true;
    }

    /// Devices that are signed in.
    pub fn live(&self) -> u32 {
        self.live
    }

    /// Most devices that were signed in at once since [`Fleet::begin_peak`].
    pub fn live_peak(&self) -> u32 {
        self.live_peak
    }

    /// Looks for the most devices anew.
    pub fn begin_peak(&mut self) {
        self.live_peak = self.live;
    }

    /// Devices that came back and have everything.
    pub fn caught_up(&self) -> u64 {
        self.caught_up
    }

    /// Devices that received at least one message.
    pub fn devices_reached(&self) -> u64 {
        self.devices_reached
    }

    /// Chats that the node refused to open.
    pub fn chats_not_opened(&self) -> u64 {
        self.chats_not_opened
    }

    /// What the node says that it is.
    pub fn node_version(&self) -> &str {
        &self.node_version
    }

    /// The device wants to be back since `since_ns`, for the time until it has caught up.
    pub fn resume_since(&mut self, device: u32, since_ns: u64) {
        self.devices[device as usize].resume_began_ns = since_ns;
    }

    /// A connection of the device is being made; appends its `Hello`.
    pub fn begin_connect(
        &mut self,
        device: u32,
        connection: Connection,
        token: &str,
        now_ns: u64,
        out: &mut Vec<u8>,
    ) {
        let state = &mut self.devices[device as usize];
        state.connection = Some(connection);
        state.stage = Stage::Joining;
        state.connect_began_ns = now_ns;
        state.attempts = state.attempts.saturating_add(1);
        state.partial = Vec::new();
        let hello = Hello {
            version_min: PROTOCOL_VERSION,
            version_max: PROTOCOL_VERSION,
            token,
            client: "ringpost-bench",
            heartbeat_ms: 0,
        };
        hello.encode(out);
        self.counts.connects += 1;
        self.counts.frames_out += 1;
    }

    /// The device goes away by its own will.
    pub fn leave(&mut self, device: u32) {
        let state = &mut self.devices[device as usize];
        state.is_wanted = false;
        state.has_left = true;
    }

    /// The connection of the device is gone.
    pub fn disconnected(&mut self, device: u32) {
        let state = &mut self.devices[device as usize];
        state.connection = None;
        if core::mem::take(&mut state.stage) == Stage::Live {
            self.live -= 1;
        }
        state.partial = Vec::new();
        if core::mem::take(&mut state.is_opening) {
            self.opening -= 1;
        }
        self.drop_pull(device);
    }

    /// Takes bytes of the node's stream to a device.
    ///
    /// # Errors
    /// The stream cannot be followed; the connection is of no more use.
    pub fn receive(&mut self, device: u32, bytes: &[u8], now_ns: u64) -> Result<(), StreamError> {
        self.counts.bytes_in += bytes.len() as u64;
        if self.devices[device as usize].partial.is_empty() {
            let used = self.frames(device, bytes, now_ns)?;
            self.devices[device as usize]
                .partial
                .extend_from_slice(&bytes[used..]);
            return Ok(());
        }
        let mut joined = core::mem::take(&mut self.devices[device as usize].partial);
        joined.extend_from_slice(bytes);
        let used = self.frames(device, &joined, now_ns)?;
        joined.drain(..used);
        debug_assert!(joined.len() <= FRAME_BYTES_MAX, "a whole frame was left");
        if joined.is_empty() {
            joined = Vec::new();
        }
        self.devices[device as usize].partial = joined;
        Ok(())
    }

    fn frames(&mut self, device: u32, bytes: &[u8], now_ns: u64) -> Result<usize, StreamError> {
        let mut stream = bytes;
        loop {
            match split(stream)? {
                Split::More { .. } => return Ok(bytes.len() - stream.len()),
                Split::Frame { kind, frame, rest } => {
                    let frame = ServerFrame::decode(kind, frame)?;
                    self.counts.frames_in += 1;
                    self.frame(device, &frame, now_ns);
                    stream = rest;
                }
            }
        }
    }

    fn frame(&mut self, device: u32, frame: &ServerFrame<'_>, now_ns: u64) {
        match frame {
            ServerFrame::Sent(sent) => self.sent(device, sent, now_ns),
            ServerFrame::Deliver(message) => self.delivered(device, message, now_ns),
            ServerFrame::Receipt(_) => self.counts.receipts += 1,
            ServerFrame::Welcome(welcome) => self.welcome(device, welcome, now_ns),
            ServerFrame::Refused(refused) => self.refused(device, refused, now_ns),
            ServerFrame::Failure(failure) => self.failure(device, failure, now_ns),
            ServerFrame::Behind(behind) => self.behind(device, behind, now_ns),
            ServerFrame::ChatOpened(_) => self.chat_opened(device),
            ServerFrame::PendingList(list) => self.pending_list(device, list, now_ns),
            ServerFrame::Page(page) => self.page(device, page, now_ns),
            ServerFrame::Pong(_) | ServerFrame::GoAway(_) | ServerFrame::Signal(_) => {}
        }
    }

    fn welcome(&mut self, device: u32, welcome: &Welcome<'_>, now_ns: u64) {
        let state = &mut self.devices[device as usize];
        self.recorder.record(
            Measured::Connect,
            now_ns.saturating_sub(state.connect_began_ns),
        );
        state.stage = Stage::Live;
        state.attempts = 0;
        if core::mem::take(&mut state.has_left) || !state.was_live {
            state.measured_from_ns = now_ns;
        }
        state.was_live = true;
        state.heartbeat_ms = welcome.heartbeat_ms;
        self.live += 1;
        self.live_peak = self.live_peak.max(self.live);
        self.counts.sign_ins += 1;
        if self.node_version.is_empty() {
            welcome.server.clone_into(&mut self.node_version);
        }
        let beat_ns = now_ns + u64::from(welcome.heartbeat_ms) * 1_000_000;
        self.devices[device as usize].next_beat_ns = beat_ns;
        self.wake_device_at(beat_ns, device);
        self.begin_passes(device, now_ns);
        self.resend_all(device, now_ns);
    }

    fn failure(&mut self, device: u32, failure: &Failure<'_>, now_ns: u64) {
        let detail = failure.detail;
        self.recorder
            .errors
            .count(failure.code.name(), || format!("device {device}: {detail}"));
        if failure.fatal {
            return;
        }
        if failure.request == OPEN_REQUEST {
            self.open_failed(device, failure, now_ns);
        } else if failure.code.answer() == Answer::RetrySame {
            let wait_ns = u64::from(failure.retry_after_ms.max(20)) * 1_000_000;
            self.pull_failed(device, now_ns + wait_ns);
        }
    }

    pub(super) fn mark_dirty(&mut self, side: u32) {
        if !core::mem::replace(&mut self.sides[side as usize].is_dirty, true) {
            self.dirty.push(side);
        }
    }

    pub(super) fn touch(&mut self, device: u32) {
        if !core::mem::replace(&mut self.devices[device as usize].is_touched, true) {
            self.touched.push(device);
        }
    }

    pub(super) fn wake_device_at(&mut self, due_ns: u64, device: u32) {
        self.timers.push(Reverse((due_ns, Timer::Device(device))));
    }

    pub(super) fn wake_side_at(&mut self, due_ns: u64, side: u32) {
        self.timers.push(Reverse((due_ns, Timer::Side(side))));
    }

    /// Takes note of what is due at `now_ns`.
    pub fn due(&mut self, now_ns: u64) {
        while let Some((_, side)) = self.ack_timers.pop_front_if(|(due, _)| *due <= now_ns) {
            self.ack_timer(side);
        }
        while let Some((_, side)) = self.gap_timers.pop_front_if(|(due, _)| *due <= now_ns) {
            self.gap_timer(side);
        }
        while let Some(Reverse((due, timer))) = self.timers.peek().copied() {
            if due > now_ns {
                break;
            }
            self.timers.pop();
            match timer {
                Timer::Side(side) => self.mark_dirty(side),
                Timer::Device(device) => self.touch(device),
            }
        }
    }

    /// The next device that may have something to write, outside of its chats.
    pub fn next_touched(&mut self) -> Option<u32> {
        let device = self.touched.pop()?;
        self.devices[device as usize].is_touched = false;
        Some(device)
    }

    /// The next side that may have something to write.
    pub fn next_dirty(&mut self) -> Option<u32> {
        let side = self.dirty.pop()?;
        self.sides[side as usize].is_dirty = false;
        Some(side)
    }

    /// Appends what the device writes outside of its chats: requests and heartbeats.
    pub fn write_device(&mut self, device: u32, now_ns: u64, out: &mut Vec<u8>) {
        if !self.is_live(device) {
            return;
        }
        self.write_open(device, out);
        self.write_pull(device, now_ns, out);
        self.write_beat(device, now_ns, out);
        if !out.is_empty() {
            self.devices[device as usize].last_write_ns = now_ns;
        }
    }

    fn write_beat(&mut self, device: u32, now_ns: u64, out: &mut Vec<u8>) {
        let state = &mut self.devices[device as usize];
        if state.next_beat_ns > now_ns {
            return;
        }
        let heartbeat_ns = u64::from(state.heartbeat_ms) * 1_000_000;
        if state.last_write_ns + heartbeat_ns <= now_ns {
            Ping { nonce: now_ns }.encode(out);
            self.counts.pings += 1;
            self.counts.frames_out += 1;
            state.last_write_ns = now_ns;
        }
        state.next_beat_ns = state.last_write_ns + heartbeat_ns;
        let due_ns = state.next_beat_ns;
        self.wake_device_at(due_ns, device);
    }

    /// Appends what a side writes: acknowledgements and sends. Nothing while its device is not signed in.
    pub fn write_side(&mut self, side: u32, now_ns: u64, out: &mut Vec<u8>) {
        let device = self.device_of(side);
        if self.is_live(device) {
            self.write_ack(side, out);
            self.write_read(side, out);
            self.write_sends(side, now_ns, out);
            self.devices[device as usize].last_write_ns = now_ns;
        }
    }
}
