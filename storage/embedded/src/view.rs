//! The store as the rules see it: the overlay over the tables. It answers every read, or keeps the error that prevented it.

use std::cell::RefCell;

use bytes::Bytes;
use ringpost_storage_core::store::{Key, KeyRange, NotFetched, Row, Rows, Snapshot};

use crate::overlay::{Found, Overlay};
use crate::read_cache::ReadCache;
use crate::tables::Tables;

/// The store at one moment.
pub(crate) struct View<'a> {
    overlay: &'a Overlay,
    tables: &'a Tables,
    cache: &'a RefCell<ReadCache>,
    failure: RefCell<Option<fjall::Error>>,
}

impl<'a> View<'a> {
    /// The store now.
    pub fn new(overlay: &'a Overlay, tables: &'a Tables, cache: &'a RefCell<ReadCache>) -> Self {
        Self {
            overlay,
            tables,
            cache,
            failure: RefCell::new(None),
        }
    }

    /// Why a read was not answered.
    pub fn into_failure(self) -> Option<fjall::Error> {
        self.failure.into_inner()
    }

    fn answer<T>(&self, result: fjall::Result<T>) -> Result<T, NotFetched> {
        result.map_err(|error| {
            self.failure.borrow_mut().get_or_insert(error);
            NotFetched
        })
    }

    fn below(&self, key: &Key) -> fjall::Result<Option<Bytes>> {
        if let Some(remembered) = self.cache.borrow().get(key) {
            return Ok(remembered);
        }
        let value = self.tables.get(key)?;
        self.cache.borrow_mut().put(key, &value);
        Ok(value)
    }

    fn merged(&self, range: &KeyRange, page: &mut Page) -> fjall::Result<()> {
        let mut overlay = self.overlay.range(range).peekable();
        let mut tables = (!self.overlay.holds_all(range))
            .then(|| self.tables.range(range))
            .into_iter()
            .flatten()
            .filter(|row| !matches!(row, Ok((key, _)) if self.overlay.clears(key)));
        let mut below = tables.next().transpose()?;
        loop {
            let next = match (overlay.peek(), &below) {
                (None, None) => return Ok(()),
                (Some((key, _)), Some((other, _))) if key == other => {
                    below = tables.next().transpose()?;
                    continue;
                }
                (Some((key, _)), Some((other, _))) if key > other => below.take(),
                (None, Some(_)) => below.take(),
                (Some(_), _) => overlay
                    .next()
                    .and_then(|(key, value)| Some((key, value?.clone()))),
            };
            if below.is_none() {
                below = tables.next().transpose()?;
            }
            if let Some((key, value)) = next
                && !page.push(Row { key, value })
            {
                return Ok(());
            }
        }
    }
}

impl Snapshot for View<'_> {
    fn get(&self, key: &Key) -> Result<Option<Bytes>, NotFetched> {
        match self.overlay.get(key) {
            Found::Value(value) => Ok(Some(value)),
            Found::Cleared => Ok(None),
            Found::Unknown => self.answer(self.below(key)),
        }
    }

    fn range(&self, range: &KeyRange, rows_max: u32, bytes_max: u32) -> Result<Rows, NotFetched> {
        let mut page = Page {
            rows: Rows::default(),
            rows_max: rows_max.max(1) as usize,
            bytes: 0,
            bytes_max: bytes_max as usize,
        };
        if range.begin < range.end {
            self.answer(self.merged(range, &mut page))?;
        }
        Ok(page.rows)
    }
}

/// Rows up to a limit.
struct Page {
    rows: Rows,
    rows_max: usize,
    bytes: usize,
    bytes_max: usize,
}

impl Page {
    /// Takes a row; false when the page is full without it. The first row always has a place.
    fn push(&mut self, row: Row) -> bool {
        let is_first = self.rows.rows.is_empty();
        let bytes = self.bytes + row.value.len();
        let is_full = self.rows.rows.len() >= self.rows_max || bytes > self.bytes_max;
        if is_full && !is_first {
            self.rows.more = true;
            return false;
        }
        self.bytes = bytes;
        self.rows.rows.push(row);
        true
    }
}
