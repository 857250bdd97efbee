//! Revoking a device: once the store refuses its tokens, a session and attaches with one of them end.
//!
//! Invariant: an attach that the lane decided before the revocation is in the directory, or among the attaches, when this runs.

use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::{DeviceAddress, ErrorCode};

use super::Worker;
use crate::home::Reply;
use crate::{Effect, Mail, Refusal, SessionId};

impl Worker {
    /// To whom the outcome of an operator's command goes.
    pub(super) fn reply_to_operator(ticket: u64, command: &Command) -> Reply {
        match command {
            Command::RevokeDevice { device, .. } => Reply::Revoke {
                ticket,
                device: *device,
            },
            _ => Reply::Admin { ticket },
        }
    }

    /// The store has answered: whoever may be there with a revoked token is ended.
    pub(super) fn revoked(&mut self, ticket: u64, device: DeviceAddress, outcome: Outcome) {
        if let Outcome::DeviceRevoked { issued_to_ms } = outcome
            && issued_to_ms > 0
        {
            self.end_device(device, issued_to_ms);
        }
        let answer = Ok(outcome);
        self.effects
            .push_back(Effect::AdminAnswer { ticket, answer });
    }

    fn end_device(&mut self, device: DeviceAddress, issued_to_ms: u64) {
        let refusal = Refusal {
            code: ErrorCode::DeviceRevoked,
            retry_after_ms: 0,
        };
        self.attaches.refuse(device, issued_to_ms, refusal);
        let sessions = self.directory.sessions(device.user).iter();
        let live = sessions.copied().find(|live| live.device == device.device);
        if let Some(live) = live {
            let mail = Mail::Revoked {
                session: live.at.session,
                generation: live.generation,
                issued_to_ms,
            };
            self.post(live.at.core, mail);
        }
    }

    /// Tokens of a session's device were revoked: also its own, unless the slot holds another session or it has a later token by now.
    pub(super) fn session_revoked(&mut self, id: SessionId, generation: u64, issued_to_ms: u64) {
        let session = self.sessions.get(id);
        let is_revoked = session.is_some_and(|session| {
            session.generation == generation && session.token_issued_ms <= issued_to_ms
        });
        if is_revoked {
            self.fail(id, ErrorCode::DeviceRevoked, "");
        }
    }
}
