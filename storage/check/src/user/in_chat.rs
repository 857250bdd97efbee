//! A user in one chat: the chat's member row, the user's membership and pending row, and the user's devices.

use ringpost_storage_core::key;
use ringpost_storage_core::row::{DeviceState, Lagging, Membership, Pending};
use ringpost_wire::{ChatId, DeviceId};

use super::devices::UserRows;
use crate::FindingKind;
use crate::findings::Findings;
use crate::testimony::{MemberSaid, Testimony};

/// What there is about a user in a chat; `Some(None)` stands for a row that cannot be read.
#[derive(Debug, Default)]
pub(super) struct InChat {
    pub membership: Option<Option<Membership>>,
    pub pending: Option<Option<Pending>>,
    pub testimonies: Vec<Testimony>,
}

impl InChat {
    /// Checks what is there.
    pub fn check(&self, user: &UserRows, chat: ChatId, findings: &mut Findings) {
        let mut is_member = false;
        for testimony in &self.testimonies {
            match testimony {
                Testimony::Unreadable => is_member = true,
                Testimony::Member(said) => {
                    is_member = true;
                    self.check_member(user, (chat, said), findings);
                }
                Testimony::Sender(device) => check_row_of(user, *device, findings),
            }
        }
        self.check_references(user, chat, is_member, findings);
    }

    /// Member row and membership are there together; no pending row without them.
    fn check_references(
        &self,
        user: &UserRows,
        chat: ChatId,
        is_member: bool,
        findings: &mut Findings,
    ) {
        let member_key = key::member::encode(chat, user.user);
        let referring = [
            ("membership", self.membership.is_some()),
            ("pending row", self.pending.is_some()),
        ];
        for (what, _) in referring.into_iter().filter(|(_, refers)| *refers) {
            if !is_member {
                findings.add(FindingKind::MemberMissing, member_key.as_slice(), || {
                    format!("a row, since there is a {what} of the user")
                });
            }
        }
        if is_member && self.membership.is_none() {
            let key = key::membership::encode(user.user, chat);
            findings.add(FindingKind::MembershipMissing, key.as_slice(), || {
                "a row, since the user is a member".to_owned()
            });
        }
    }

    fn check_member(
        &self,
        user: &UserRows,
        (chat, said): (ChatId, &MemberSaid),
        findings: &mut Findings,
    ) {
        check_devices(user, chat, said, findings);
        if let (Some(Some(membership)), Some(log)) = (&self.membership, said.log)
            && membership.joined > log.last + 1
        {
            let key = key::membership::encode(user.user, chat);
            findings.add(FindingKind::MemberBeyondHead, key.as_slice(), || {
                let next = log.last + 1;
                format!("joined at {next} at most; it is {}", membership.joined)
            });
        }
        if let Some(Some(pending)) = &self.pending {
            check_pending(user, (chat, said), pending, findings);
        }
    }
}

/// The chat lists every linked device, and none that is removed.
fn check_devices(user: &UserRows, chat: ChatId, said: &MemberSaid, findings: &mut Findings) {
    let key = key::member::encode(chat, user.user);
    for entry in &said.devices {
        check_row_of(user, entry.device, findings);
        if user.state(entry.device) == Some(Some(DeviceState::Removed)) {
            findings.add(FindingKind::DeviceNotRemoved, key.as_slice(), || {
                format!("no device {}, which is removed", entry.device)
            });
        }
    }
    for (device, row) in &user.devices {
        let is_linked = row.is_some_and(|row| row.state == DeviceState::Linked);
        let is_listed = said.devices.iter().any(|entry| entry.device == *device);
        if is_linked && !is_listed {
            findings.add(FindingKind::DeviceNotLinked, key.as_slice(), || {
                format!("device {device}, which is linked to all chats of its user")
            });
        }
    }
}

fn check_row_of(user: &UserRows, device: DeviceId, findings: &mut Findings) {
    if user.state(device).is_none() {
        let key = key::device::encode(user.address(device));
        findings.add(FindingKind::DeviceMissing, key.as_slice(), || {
            "a row, since a chat names the device".to_owned()
        });
    }
}

fn check_pending(
    user: &UserRows,
    (chat, said): (ChatId, &MemberSaid),
    pending: &Pending,
    findings: &mut Findings,
) {
    let key = key::pending::encode(user.user, chat);
    for entry in &pending.lagging {
        if let Some((kind, expected)) = wrong_entry(said, entry) {
            findings.add(kind, key.as_slice(), || {
                format!(
                    "{expected}; device {} is to get {}",
                    entry.device, entry.next
                )
            });
        }
    }
    if said.log.is_some_and(|log| !log.has_pending_rows) {
        findings.add(FindingKind::PendingInLargeChat, key.as_slice(), || {
            "no row: members of such a chat compare heads".to_owned()
        });
    }
}

fn wrong_entry(said: &MemberSaid, entry: &Lagging) -> Option<(FindingKind, String)> {
    let listed = said
        .devices
        .iter()
        .find(|listed| listed.device == entry.device);
    let Some(listed) = listed else {
        let expected = "only devices that the chat delivers to";
        return Some((FindingKind::PendingUnlisted, expected.to_owned()));
    };
    if entry.next < listed.start {
        let expected = format!("numbers from {}, where it was added", listed.start);
        return Some((FindingKind::PendingUnlisted, expected));
    }
    let log = said.log?;
    if entry.next > log.last {
        let expected = format!("numbers up to {}, the chat's last", log.last);
        return Some((FindingKind::PendingBeyondHead, expected));
    }
    let is_trimmed = entry.next <= log.trimmed_to;
    is_trimmed.then(|| {
        let expected = format!("numbers after {}, which are trimmed", log.trimmed_to);
        (FindingKind::PendingTrimmed, expected)
    })
}
