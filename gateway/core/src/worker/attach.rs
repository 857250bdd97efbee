//! Attaching at the user's home: register the device, link a new one to its user's chats page by page, then enter the
//! session into the directory in place of an older one.
//!
//! Invariant: the session is in the directory before its core is told, and so before it can read what is pending.

use ringpost_storage_core::Command;
use ringpost_storage_core::outcome::Registered;
use ringpost_wire::{ChatId, DeviceAddress, ErrorCode};

use super::Worker;
use super::admission::Kind;
use crate::home::{Attach, DeviceSession, Reply};
use crate::limits::LINKS_IN_FLIGHT_MAX;
use crate::{Mail, Refusal, SessionAddress};

impl Worker {
    pub(super) fn attach(&mut self, to: SessionAddress, device: DeviceAddress, issued_ms: u64) {
        let admitted = self.admit(Kind::Read);
        let refusal = match admitted {
            Err((code, retry_ms)) => self.refusal(code, retry_ms),
            Ok(()) if !self.attaches.has_room() => self.refusal(ErrorCode::Overloaded, 1_000),
            Ok(()) => {
                let attach = self.attaches.begin(to, device, issued_ms);
                return self.register(attach, None);
            }
        };
        let session = to.session;
        self.post(to.core, Mail::AttachRefused { session, refusal });
    }

    fn register(&mut self, number: u64, link_after: Option<ChatId>) {
        let Some(attach) = self.attaches.get_mut(number) else {
            return;
        };
        let command = Command::RegisterDevice {
            device: attach.device,
            create: self.config.register_devices,
            issued_ms: attach.issued_ms,
            now_ms: self.now.clock_ms,
            link_after,
        };
        self.enqueue(command, Reply::Register { attach: number });
    }

    /// The device is known; chats that it must be linked to come with the answer.
    pub(super) fn registered(&mut self, number: u64, registered: Registered) {
        let Some(attach) = self.attaches.get_mut(number) else {
            return;
        };
        if registered.linked {
            return self.go_live(number);
        }
        attach.next_page = registered.next;
        attach.links = registered.unlinked.into();
        self.link_on(number);
    }

    /// Asks for the next links; after the last, for the next page or the end.
    fn link_on(&mut self, number: u64) {
        while let Some((chat, device)) = self.next_link(number) {
            let link = Mail::Link {
                attach: number,
                chat,
                device,
            };
            let home = self.shards.chat_home(chat);
            if self.request(home, link) {
                continue;
            }
            let refusal = self.refusal(ErrorCode::Overloaded, 1_000);
            if let Some(attach) = self.attaches.get_mut(number) {
                attach.links_in_flight -= 1;
                attach.failed = Some(refusal);
                attach.links.clear();
            }
        }
        let Some(attach) = self.attaches.get_mut(number) else {
            return;
        };
        if attach.links_in_flight > 0 || !attach.links.is_empty() {
            return;
        }
        let (device, next_page) = (attach.device, attach.next_page);
        if let Some(refusal) = attach.failed {
            return self.refuse_attach(number, refusal);
        }
        if next_page.is_some() {
            return self.register(number, next_page);
        }
        let command = Command::FinishLinking { device };
        self.enqueue(command, Reply::FinishLinking { attach: number });
    }

    fn next_link(&mut self, number: u64) -> Option<(ChatId, DeviceAddress)> {
        let attach = self.attaches.get_mut(number)?;
        if attach.links_in_flight >= LINKS_IN_FLIGHT_MAX {
            return None;
        }
        let chat = attach.links.pop_front()?;
        attach.links_in_flight += 1;
        Some((chat, attach.device))
    }

    /// A chat's home has answered a link.
    pub(super) fn chat_linked(&mut self, number: u64, answer: Result<(), Refusal>) {
        let Some(attach) = self.attaches.get_mut(number) else {
            return;
        };
        attach.links_in_flight = attach.links_in_flight.saturating_sub(1);
        if let Err(refusal) = answer {
            attach.failed = Some(refusal);
            attach.links.clear();
        }
        self.link_on(number);
    }

    pub(super) fn refuse_attach(&mut self, number: u64, refusal: Refusal) {
        if let Some(attach) = self.attaches.end(number) {
            let session = attach.to.session;
            self.post(attach.to.core, Mail::AttachRefused { session, refusal });
        }
    }

    /// Enters the session into the directory, ends an older one, and tells the session's core.
    pub(super) fn go_live(&mut self, number: u64) {
        let Some(attach) = self.attaches.end(number) else {
            return;
        };
        if let Some(refusal) = attach.failed {
            let session = attach.to.session;
            return self.post(attach.to.core, Mail::AttachRefused { session, refusal });
        }
        let generation = self.now.clock_ms.max(self.last_generation + 1);
        self.last_generation = generation;
        self.enter(&attach, generation);
        self.post(
            attach.to.core,
            Mail::Attached {
                session: attach.to.session,
                device: attach.device,
                generation,
            },
        );
    }

    fn enter(&mut self, attach: &Attach, generation: u64) {
        let session = DeviceSession {
            device: attach.device.device,
            generation,
            at: attach.to,
        };
        #[cfg(planted = "live_before_registered")]
        self.unregistered.insert(attach.device, session);
        #[cfg(not(planted = "live_before_registered"))]
        self.enter_directory(attach.device, session);
    }

    pub(super) fn enter_directory(&mut self, device: DeviceAddress, session: DeviceSession) {
        if let Some(older) = self.directory.register(device.user, session) {
            self.post(
                older.at.core,
                Mail::TakenOver {
                    session: older.at.session,
                    generation: older.generation,
                },
            );
        }
    }

    /// Planted defect: a session is entered only after it has read what is pending.
    #[cfg(planted = "live_before_registered")]
    pub(super) fn enter_late(&mut self, to: SessionAddress) {
        let late = self
            .unregistered
            .iter()
            .find(|(_, session)| session.at == to);
        if let Some((&device, &session)) = late {
            self.unregistered.remove(&device);
            self.enter_directory(device, session);
        }
    }
}
