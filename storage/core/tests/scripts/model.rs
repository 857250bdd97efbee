//! What the store should do, said as plainly as possible: a list of messages and a next number a device.

use std::collections::BTreeMap;

use bytes::Bytes;
use ringpost_wire::{DeviceAddress, Seq, UserId};

/// A chat.
#[derive(Clone, Debug, Default)]
pub struct ChatModel {
    pub messages: Vec<Bytes>,
    pub last_time_ms: u64,
    /// The first number that each device has not got.
    pub next: BTreeMap<DeviceAddress, Seq>,
    /// The first number that a device which came later may see.
    pub start: BTreeMap<DeviceAddress, Seq>,
    pub read_to: BTreeMap<UserId, Seq>,
    /// The last client number of each device.
    pub client_seq: BTreeMap<DeviceAddress, u64>,
}

impl ChatModel {
    pub fn head(&self) -> Seq {
        self.messages.len() as u64
    }

    /// A device behaves as having all up to the head when it is not behind.
    pub fn append(&mut self, sender: DeviceAddress, frame: Bytes, time_ms: u64) {
        let head = self.head();
        self.messages.push(frame);
        self.last_time_ms = time_ms;
        if let Some(next) = self.next.get_mut(&sender)
            && *next == head + 1
        {
            *next += 1;
        }
    }

    pub fn remove(&mut self, device: DeviceAddress) {
        self.next.remove(&device);
    }

    pub fn is_behind(&self, device: DeviceAddress) -> bool {
        self.next[&device] <= self.head()
    }

    pub fn trimmed_to(&self) -> Seq {
        let next = self.next.values().min();
        next.map_or(0, |next| next - 1)
    }

    pub fn delivered_to(&self, user: UserId) -> Seq {
        let devices = self.next.iter().filter(|(device, _)| device.user == user);
        devices.map(|(_, next)| next - 1).max().unwrap_or(0)
    }

    fn users(&self) -> impl Iterator<Item = UserId> {
        self.next.keys().map(|device| device.user)
    }

    /// The least marks of the users other than `user`.
    pub fn marks_of_others(&self, user: UserId) -> (Seq, Seq) {
        let others: Vec<UserId> = self.users().filter(|other| *other != user).collect();
        let delivered = others.iter().map(|other| self.delivered_to(*other)).min();
        let read = others
            .iter()
            .map(|other| self.read_to.get(other).copied().unwrap_or(0));
        let head = self.head();
        (delivered.unwrap_or(head), read.min().unwrap_or(head))
    }
}
