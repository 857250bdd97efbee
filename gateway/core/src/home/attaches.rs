//! Attaches in progress at a user home: a device is registered, linked to its user's chats if it is new, then made live.
//!
//! Bounded by `limits::ATTACHES_MAX`; every step is answered, so each ends.

use std::collections::{BTreeMap, VecDeque};

use ringpost_wire::{ChatId, DeviceAddress};

use crate::limits::ATTACHES_MAX;
use crate::{Refusal, SessionAddress};

/// One attach.
#[derive(Debug)]
pub(crate) struct Attach {
    pub(crate) to: SessionAddress,
    pub(crate) device: DeviceAddress,
    /// When its token was issued, in milliseconds since 1970.
    pub(crate) issued_ms: u64,
    /// Chats of the present page that are not yet asked for.
    pub(crate) links: VecDeque<ChatId>,
    pub(crate) links_in_flight: usize,
    /// Where the page after the present one begins; `None` for the last.
    pub(crate) next_page: Option<ChatId>,
    /// A link failed, or the device was revoked: the attach is refused when nothing of it is in flight.
    pub(crate) failed: Option<Refusal>,
}

/// All attaches of a home.
#[derive(Debug, Default)]
pub(crate) struct Attaches {
    attaches: BTreeMap<u64, Attach>,
    last: u64,
}

impl Attaches {
    /// Number of attaches in progress.
    pub(crate) fn count(&self) -> usize {
        self.attaches.len()
    }

    /// Whether another may begin.
    pub(crate) fn has_room(&self) -> bool {
        self.attaches.len() < ATTACHES_MAX
    }

    /// Begins one and answers its number.
    pub(crate) fn begin(
        &mut self,
        to: SessionAddress,
        device: DeviceAddress,
        issued_ms: u64,
    ) -> u64 {
        assert!(self.has_room(), "asked before");
        self.last += 1;
        let attach = Attach {
            to,
            device,
            issued_ms,
            links: VecDeque::new(),
            links_in_flight: 0,
            next_page: None,
            failed: None,
        };
        self.attaches.insert(self.last, attach);
        self.last
    }

    /// The attaches of a device with a token issued up to `issued_to_ms` are refused at their next step.
    pub(crate) fn refuse(&mut self, device: DeviceAddress, issued_to_ms: u64, refusal: Refusal) {
        let revoked = self
            .attaches
            .values_mut()
            .filter(|attach| attach.device == device && attach.issued_ms <= issued_to_ms);
        for attach in revoked {
            attach.failed = Some(refusal);
            attach.links.clear();
        }
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut Attach> {
        self.attaches.get_mut(&number)
    }

    pub(crate) fn end(&mut self, number: u64) -> Option<Attach> {
        self.attaches.remove(&number)
    }
}
