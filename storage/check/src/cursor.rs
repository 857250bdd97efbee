//! A place in one family of a store: its rows one after another, grouped by the id that their keys begin with.
//!
//! Keys that have not the family's shape are findings and are left out.

use std::collections::VecDeque;

use ringpost_storage_core::key::{self, Family};
use ringpost_storage_core::store::Key;

use crate::findings::Findings;
use crate::limits::{PAGE_BYTES_MAX, PAGE_ROWS_MAX};
use crate::{FindingKind, RowSource, SourceError, StoredRow};

/// The id that a key begins with: a chat's or a user's.
pub(crate) type Id = [u8; 16];

/// A place in a range of rows.
#[derive(Debug)]
pub(crate) struct Rows {
    begin: Vec<u8>,
    end: Vec<u8>,
    page: VecDeque<StoredRow>,
    is_over: bool,
    /// Rows taken so far.
    pub taken: u64,
}

impl Rows {
    /// The rows from `begin` to `end`.
    pub fn new(begin: Vec<u8>, end: Vec<u8>) -> Self {
        Self {
            begin,
            end,
            page: VecDeque::new(),
            is_over: false,
            taken: 0,
        }
    }

    /// The next row, left where it is.
    pub fn peek(&mut self, source: &mut dyn RowSource) -> Result<Option<&StoredRow>, SourceError> {
        while self.page.is_empty() && !self.is_over {
            let page = source.page(&self.begin, &self.end, PAGE_ROWS_MAX, PAGE_BYTES_MAX)?;
            self.is_over = !page.more;
            if let Some(last) = page.rows.last() {
                self.begin = [&last.key[..], &[0]].concat();
            }
            self.page = page.rows.into();
        }
        Ok(self.page.front())
    }

    /// Takes the next row.
    pub fn next(&mut self, source: &mut dyn RowSource) -> Result<Option<StoredRow>, SourceError> {
        self.peek(source)?;
        let row = self.page.pop_front();
        self.taken += u64::from(row.is_some());
        Ok(row)
    }
}

/// A place in a family whose keys begin with an id.
#[derive(Debug)]
pub(crate) struct Cursor {
    family: Family,
    rows: Rows,
}

impl Cursor {
    /// The family's first row.
    pub fn new(family: Family) -> Self {
        let byte = family as u8;
        Self {
            family,
            rows: Rows::new(vec![byte], vec![byte + 1]),
        }
    }

    /// Rows taken so far.
    pub fn taken(&self) -> u64 {
        self.rows.taken
    }

    /// The id of the next row.
    pub fn next_id(
        &mut self,
        source: &mut dyn RowSource,
        findings: &mut Findings,
    ) -> Result<Option<Id>, SourceError> {
        loop {
            let Some(row) = self.rows.peek(source)? else {
                return Ok(None);
            };
            if has_shape(self.family, &row.key) {
                return Ok(row.key[1..].first_chunk().copied());
            }
            findings.add(FindingKind::MalformedKey, &row.key, || {
                format!("a key of the length of {:?}", self.family)
            });
            self.rows.next(source)?;
        }
    }

    /// The second id of the next row, which is one of `id`.
    pub fn next_after(
        &mut self,
        id: &Id,
        source: &mut dyn RowSource,
        findings: &mut Findings,
    ) -> Result<Option<Id>, SourceError> {
        if self.next_id(source, findings)?.as_ref() != Some(id) {
            return Ok(None);
        }
        let row = self.rows.peek(source)?;
        Ok(row.and_then(|row| row.key.get(17..)?.first_chunk().copied()))
    }

    /// Takes the next row if it is one of `id`.
    pub fn next_of(
        &mut self,
        id: &Id,
        source: &mut dyn RowSource,
        findings: &mut Findings,
    ) -> Result<Option<(Key, StoredRow)>, SourceError> {
        if self.next_id(source, findings)?.as_ref() != Some(id) {
            return Ok(None);
        }
        let row = self.rows.next(source)?;
        Ok(row.and_then(|row| Some((Key::from_slice(&row.key)?, row))))
    }
}

/// The least id of the cursors' next rows.
pub(crate) fn least_id<const N: usize>(
    cursors: [&mut Cursor; N],
    source: &mut dyn RowSource,
    findings: &mut Findings,
) -> Result<Option<Id>, SourceError> {
    let mut least: Option<Id> = None;
    for cursor in cursors {
        let next = cursor.next_id(source, findings)?;
        least = least.into_iter().chain(next).min();
    }
    Ok(least)
}

/// Whether a key has the length of its family.
pub(crate) fn has_shape(family: Family, bytes: &[u8]) -> bool {
    let Some(key) = Key::from_slice(bytes) else {
        return false;
    };
    match family {
        Family::Head => key::head::decode(&key).is_some(),
        Family::Message => key::message::decode(&key).is_some(),
        Family::Member => key::member::decode(&key).is_some(),
        Family::Window => key::window::decode(&key).is_some(),
        Family::ReadCursor => key::read_cursor::decode(&key).is_some(),
        Family::Membership => key::membership::decode(&key).is_some(),
        Family::Pending => key::pending::decode(&key).is_some(),
        Family::User => key::user::decode(&key).is_some(),
        Family::Device => key::device::decode(&key).is_some(),
        Family::Fence => key::fence::decode(&key).is_some(),
        Family::LaneRecord => key::lane_record::decode(&key).is_some(),
        Family::LaneTerm => key::lane_term::decode(&key).is_some(),
        Family::Import => key::import::decode(&key).is_some(),
    }
}
