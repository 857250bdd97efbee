//! `Peers`: the limits of addresses and what each has done. Told of connects, ends and sign-ins; answers what is refused.
//!
//! Invariant: an address that keeps to the limits is never refused, however many others there are and whatever they do.

use core::net::IpAddr;

use super::limits::Share;
use super::table::PeerTable;
use super::{PeerKey, PeerLimit, PeerLimits};
use crate::Now;

/// The addresses that one core, or one door, hears from.
#[derive(Debug)]
pub struct Peers {
    limits: PeerLimits,
    share: Share,
    cores: u16,
    table: PeerTable,
}

impl Peers {
    /// Nobody was heard of. `limits` are the node's, over all of its `cores`; `seed` is a number that peers do not know.
    pub fn new(limits: PeerLimits, cores: u16, seed: u64) -> Self {
        Self {
            limits,
            share: Share::of(&limits, cores),
            cores,
            table: PeerTable::new(seed),
        }
    }

    /// Other limits hold from now on, for what was done before too.
    pub fn change(&mut self, limits: PeerLimits) {
        self.share = Share::of(&limits, self.cores);
        self.limits = limits;
    }

    /// Who an address is.
    pub fn key(&self, address: IpAddr) -> PeerKey {
        PeerKey::of(address, self.limits.ipv6_prefix_bits)
    }

    /// Why `peer` may not connect now, if so.
    pub fn refusal(&self, peer: PeerKey, now: Now) -> Option<PeerLimit> {
        self.table.get(peer)?.refusal(&self.share, now)
    }

    /// `peer` connects: to be told of its end later.
    ///
    /// # Errors
    /// The limit that it is past: it is not counted, and its end is not to be told.
    pub fn connect(&mut self, peer: PeerKey, now: Now) -> Result<(), PeerLimit> {
        if peer.is_nobody() {
            return Ok(());
        }
        let entry = self.table.entry(peer, now);
        if let Some(limit) = entry.refusal(&self.share, now) {
            return Err(limit);
        }
        entry.connect(&self.share, now);
        Ok(())
    }

    /// A connection of `peer` is over.
    pub fn end(&mut self, peer: PeerKey) {
        if let Some(entry) = self.table.get_mut(peer) {
            entry.end();
        }
    }

    /// Whether a sign-in of `peer` may be looked at though it pauses. Asked once for each: one a second may.
    pub fn takes_try(&mut self, peer: PeerKey, now: Now) -> bool {
        let entry = self.table.get_mut(peer);
        entry.is_none_or(|entry| entry.takes_try(now))
    }

    /// For how long no sign-in of `peer` is to be looked at, in milliseconds; `None` when it may try.
    pub fn pause_ms(&self, peer: PeerKey, now: Now) -> Option<u64> {
        self.table.get(peer)?.pause_left_ms(&self.share, now)
    }

    /// A sign-in of `peer` has failed in a way that only those who guess, or are misled, meet.
    pub fn sign_in_failed(&mut self, peer: PeerKey, now: Now) {
        if !peer.is_nobody() && self.limits.failed_sign_ins > 0 {
            self.table.entry(peer, now).fail(&self.share, now);
        }
    }

    /// A sign-in of `peer` was good.
    pub fn signed_in(&mut self, peer: PeerKey) {
        if let Some(entry) = self.table.get_mut(peer) {
            entry.succeed();
        }
    }

    /// Addresses that are remembered.
    pub fn count(&self) -> usize {
        self.table.count()
    }

    /// Addresses that were forgotten, while it mattered, for want of room.
    pub fn forgotten(&self) -> u64 {
        self.table.forgotten()
    }
}

#[cfg(test)]
#[path = "peers_tests.rs"]
mod tests;
