//! Walks the families of chats side by side: each step checks one chat, and notes what it says of its users.

use ringpost_storage_core::key::{self, Family};
use ringpost_storage_core::row::Head;
use ringpost_wire::{ChatId, DeviceAddress};

use super::log::Log;
use super::rows::{ChatRows, HeadRow, decoded};
use super::{members, windows};
use crate::cursor::{Cursor, Id, least_id};
use crate::findings::Findings;
use crate::testimony::{LogSaid, MemberSaid, Testimony, Told};
use crate::{RowSource, SourceError};

/// A place among all chats.
#[derive(Debug)]
pub(crate) struct Chats {
    heads: Cursor,
    messages: Cursor,
    members: Cursor,
    windows: Cursor,
    read_cursors: Cursor,
}

impl Chats {
    /// Before the first chat.
    pub fn new() -> Self {
        Self {
            heads: Cursor::new(Family::Head),
            messages: Cursor::new(Family::Message),
            members: Cursor::new(Family::Member),
            windows: Cursor::new(Family::Window),
            read_cursors: Cursor::new(Family::ReadCursor),
        }
    }

    /// Rows taken of each family.
    pub fn taken(&self) -> [(Family, u64); 5] {
        [
            (Family::Head, self.heads.taken()),
            (Family::Message, self.messages.taken()),
            (Family::Member, self.members.taken()),
            (Family::Window, self.windows.taken()),
            (Family::ReadCursor, self.read_cursors.taken()),
        ]
    }

    /// Checks the next chat; `None` after the last.
    pub fn step(
        &mut self,
        source: &mut dyn RowSource,
        findings: &mut Findings,
        told: &mut Vec<Told>,
    ) -> Result<Option<ChatId>, SourceError> {
        let Some(id) = self.next_id(source, findings)? else {
            return Ok(None);
        };
        let rows = self.rows(&id, source, findings)?;
        rows.check_head(findings);
        members::check(&rows, findings);
        windows::check(&rows, findings);
        let mut log = Log::of(&rows);
        while let Some((key, row)) = self.messages.next_of(&id, source, findings)? {
            log.message(&key, &row, findings);
        }
        log.end(findings);
        tell(&rows, told);
        Ok(Some(rows.chat))
    }

    fn next_id(
        &mut self,
        source: &mut dyn RowSource,
        findings: &mut Findings,
    ) -> Result<Option<Id>, SourceError> {
        let cursors = [
            &mut self.heads,
            &mut self.messages,
            &mut self.members,
            &mut self.windows,
            &mut self.read_cursors,
        ];
        least_id(cursors, source, findings)
    }

    fn rows(
        &mut self,
        id: &Id,
        source: &mut dyn RowSource,
        findings: &mut Findings,
    ) -> Result<ChatRows, SourceError> {
        let mut rows = ChatRows {
            chat: ChatId(*id),
            head: HeadRow::Missing,
            members: Vec::new(),
            windows: Vec::new(),
            read_cursors: Vec::new(),
        };
        if let Some((key, row)) = self.heads.next_of(id, source, findings)? {
            let head: Option<Head> = decoded(&key, &row, findings);
            rows.head = head.map_or(HeadRow::Unreadable, HeadRow::Whole);
        }
        while let Some((key, row)) = self.members.next_of(id, source, findings)? {
            let member = decoded(&key, &row, findings);
            let user = key::member::decode(&key).map(|(_, user)| user);
            rows.members.extend(user.map(|user| (user, member)));
        }
        while let Some((key, row)) = self.windows.next_of(id, source, findings)? {
            let window = decoded(&key, &row, findings);
            let sender = key::window::decode(&key).map(|(_, sender)| sender);
            rows.windows.extend(sender.map(|sender| (sender, window)));
        }
        while let Some((key, row)) = self.read_cursors.next_of(id, source, findings)? {
            let cursor = decoded(&key, &row, findings);
            let user = key::read_cursor::decode(&key).map(|(_, user)| user);
            rows.read_cursors.extend(user.map(|user| (user, cursor)));
        }
        Ok(rows)
    }
}

/// Notes what a chat says of its users.
fn tell(rows: &ChatRows, told: &mut Vec<Told>) {
    let head = rows.whole_head();
    let log = head.map(|head| LogSaid {
        last: head.last_seq(),
        trimmed_to: head.trimmed_to,
        has_pending_rows: head.fan_out == ringpost_storage_core::row::FanOut::PendingRows,
    });
    for (user, member) in &rows.members {
        let testimony = match member {
            None => Testimony::Unreadable,
            Some(member) => Testimony::Member(MemberSaid {
                log,
                devices: member.devices.clone(),
            }),
        };
        told.push((*user, rows.chat, testimony));
    }
    let of_head = head.into_iter().flat_map(|head| &head.windows);
    let senders = rows.windows.iter().map(|(sender, _)| sender);
    let senders = senders.chain(of_head.map(|(sender, _)| sender));
    let gone = senders.filter(|sender: &&DeviceAddress| !rows.lists(**sender));
    told.extend(gone.map(|sender| {
        let testimony = Testimony::Sender(sender.device);
        (sender.user, rows.chat, testimony)
    }));
}
