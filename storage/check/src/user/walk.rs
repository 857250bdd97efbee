//! Walks the families of users and the sorted testimonies side by side: each step checks one user.

use std::io;

use ringpost_storage_core::key::{self, Family};
use ringpost_storage_core::row::{Device, User};
use ringpost_wire::{ChatId, UserId};

use super::devices::UserRows;
use super::in_chat::InChat;
use crate::check::CheckError;
use crate::cursor::{Cursor, Id, least_id};
use crate::findings::Findings;
use crate::sorter::Sorted;
use crate::testimony;
use crate::{RowSource, SourceError, chat};

/// A place among all users.
#[derive(Debug)]
pub(crate) struct Users {
    memberships: Cursor,
    pending: Cursor,
    users: Cursor,
    devices: Cursor,
    testimonies: Sorted,
}

impl Users {
    /// Before the first user; `testimonies` are what chats say, in order.
    pub fn new(testimonies: Sorted) -> Self {
        Self {
            memberships: Cursor::new(Family::Membership),
            pending: Cursor::new(Family::Pending),
            users: Cursor::new(Family::User),
            devices: Cursor::new(Family::Device),
            testimonies,
        }
    }

    /// Rows taken of each family.
    pub fn taken(&self) -> [(Family, u64); 4] {
        [
            (Family::Membership, self.memberships.taken()),
            (Family::Pending, self.pending.taken()),
            (Family::User, self.users.taken()),
            (Family::Device, self.devices.taken()),
        ]
    }

    /// Checks the next user; `None` after the last.
    pub fn step(
        &mut self,
        source: &mut dyn RowSource,
        findings: &mut Findings,
    ) -> Result<Option<UserId>, CheckError> {
        let Some(id) = self.next_id(source, findings)? else {
            return Ok(None);
        };
        let user = self.rows(&id, source, findings)?;
        user.check(findings);
        while let Some((chat, in_chat)) = self.next_chat(&id, source, findings)? {
            in_chat.check(&user, chat, findings);
        }
        Ok(Some(user.user))
    }

    fn next_id(
        &mut self,
        source: &mut dyn RowSource,
        findings: &mut Findings,
    ) -> Result<Option<Id>, SourceError> {
        let record = self.testimonies.peek();
        let told: Option<Id> = record.and_then(|record| record.first_chunk().copied());
        let cursors = [
            &mut self.memberships,
            &mut self.pending,
            &mut self.users,
            &mut self.devices,
        ];
        let found = least_id(cursors, source, findings)?;
        Ok(told.into_iter().chain(found).min())
    }

    fn rows(
        &mut self,
        id: &Id,
        source: &mut dyn RowSource,
        findings: &mut Findings,
    ) -> Result<UserRows, SourceError> {
        let mut user = UserRows {
            user: UserId(*id),
            is_known: false,
            devices: Vec::new(),
        };
        if let Some((key, row)) = self.users.next_of(id, source, findings)? {
            let _: Option<User> = chat::decoded(&key, &row, findings);
            user.is_known = true;
        }
        while let Some((key, row)) = self.devices.next_of(id, source, findings)? {
            let device: Option<Device> = chat::decoded(&key, &row, findings);
            let address = key::device::decode(&key);
            user.devices
                .extend(address.map(|address| (address.device, device)));
        }
        Ok(user)
    }

    /// What there is about the user in its next chat.
    fn next_chat(
        &mut self,
        id: &Id,
        source: &mut dyn RowSource,
        findings: &mut Findings,
    ) -> Result<Option<(ChatId, InChat)>, CheckError> {
        let told = self.testimonies.peek();
        let told = told.and_then(|record| record.strip_prefix(id)?.first_chunk().copied());
        let membership = self.memberships.next_after(id, source, findings)?;
        let pending = self.pending.next_after(id, source, findings)?;
        let Some(next) = told.into_iter().chain(membership).chain(pending).min() else {
            return Ok(None);
        };
        let mut in_chat = InChat::default();
        if membership == Some(next)
            && let Some((key, row)) = self.memberships.next_of(id, source, findings)?
        {
            in_chat.membership = Some(chat::decoded(&key, &row, findings));
        }
        if pending == Some(next)
            && let Some((key, row)) = self.pending.next_of(id, source, findings)?
        {
            in_chat.pending = Some(chat::decoded(&key, &row, findings));
        }
        let prefix = [&id[..], &next[..]].concat();
        while self
            .testimonies
            .peek()
            .is_some_and(|record| record.starts_with(&prefix))
        {
            let record = self.testimonies.next()?.unwrap_or_default();
            let (_, _, testimony) = testimony::decode(&record).ok_or_else(|| {
                CheckError::Sort(io::Error::other("a temporary file is not what was written"))
            })?;
            in_chat.testimonies.push(testimony);
        }
        Ok(Some((ChatId(next), in_chat)))
    }
}
