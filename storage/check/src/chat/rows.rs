//! The rows of one chat but its messages, read and decoded. A row that cannot be read is a finding, and known to be there.

use ringpost_storage_core::key;
use ringpost_storage_core::row::{Head, Member, ReadCursor, Row};
use ringpost_storage_core::sequencer::Window;
use ringpost_storage_core::store::Key;
use ringpost_wire::{ChatId, DeviceAddress, UserId};

use crate::findings::Findings;
use crate::{FindingKind, StoredRow};

/// The head of a chat, as far as it is there.
#[derive(Debug)]
pub(crate) enum HeadRow {
    Missing,
    Unreadable,
    Whole(Head),
}

/// The rows of a chat but its messages; `None` stands for a row that cannot be read.
#[derive(Debug)]
pub(crate) struct ChatRows {
    pub chat: ChatId,
    pub head: HeadRow,
    pub members: Vec<(UserId, Option<Member>)>,
    pub windows: Vec<(DeviceAddress, Option<Window>)>,
    pub read_cursors: Vec<(UserId, Option<ReadCursor>)>,
}

impl ChatRows {
    /// The head, where it can be read.
    pub fn whole_head(&self) -> Option<&Head> {
        match &self.head {
            HeadRow::Whole(head) => Some(head),
            HeadRow::Missing | HeadRow::Unreadable => None,
        }
    }

    /// Whether the user has a member row.
    pub fn has_member(&self, user: UserId) -> bool {
        self.members
            .binary_search_by_key(&user, |(member, _)| *member)
            .is_ok()
    }

    /// Whether the chat delivers to the device, as far as can be read.
    pub fn lists(&self, device: DeviceAddress) -> bool {
        let member = self.members.iter().find(|(user, _)| *user == device.user);
        let member = member.and_then(|(_, member)| member.as_ref());
        member.is_some_and(|member| member.has_device(device.device))
    }

    /// Every row but messages has a head.
    pub fn check_head(&self, findings: &mut Findings) {
        if !matches!(self.head, HeadRow::Missing) {
            return;
        }
        let chat = self.chat;
        let members = self.members.iter();
        let members = members.map(|(user, _)| key::member::encode(chat, *user));
        let windows = self.windows.iter();
        let windows = windows.map(|(sender, _)| key::window::encode(chat, *sender));
        let cursors = self.read_cursors.iter();
        let cursors = cursors.map(|(user, _)| key::read_cursor::encode(chat, *user));
        for key in members.chain(windows).chain(cursors) {
            findings.add(FindingKind::HeadMissing, key.as_slice(), || {
                "a head of its chat".to_owned()
            });
        }
    }
}

/// The row of a value; a finding and `None` when it cannot be read.
pub(crate) fn decoded<R: Row>(key: &Key, row: &StoredRow, findings: &mut Findings) -> Option<R> {
    match R::decode(&row.value) {
        Ok(decoded) => Some(decoded),
        Err(damage) => {
            findings.add(FindingKind::DamagedRow, key.as_slice(), || {
                format!("a value that can be read; {} cannot", damage.what)
            });
            None
        }
    }
}
