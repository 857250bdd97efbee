//! What a store says of a chat, read from its rows by the rules' own command: the same as a running node answers.

use std::cell::RefCell;

use bytes::Bytes;
use ringpost_storage_check::{Page, RowSource, SourceError};
use ringpost_storage_core::outcome::ChatInspected;
use ringpost_storage_core::store::{Key, KeyRange, NotFetched, Row, Rows, Snapshot};
use ringpost_storage_core::{Command, Outcome, Retention, Rules, Unexecuted, execute};
use ringpost_wire::ChatId;

/// Looks a chat up; `None` when there is none.
///
/// # Errors
/// The store cannot be read, or a row of the chat cannot.
pub fn inspect_chat(
    source: &mut dyn RowSource,
    chat: ChatId,
) -> Result<Option<ChatInspected>, SourceError> {
    let snapshot = Live {
        source: RefCell::new(source),
        failure: RefCell::new(None),
    };
    // Nothing is trimmed by looking.
    let rules = Rules {
        retention: Retention::UntilDelivered,
    };
    match execute(&[Command::InspectChat { chat }], &snapshot, &rules) {
        Ok(mut executed) => Ok(match executed.outcomes.pop() {
            Some(Outcome::Inspected(found)) => Some(*found),
            _ => None,
        }),
        Err(Unexecuted::Damaged(row)) => Err(SourceError::told(format!(
            "{} cannot be read: {}",
            ringpost_storage_check::key_text(row.key.as_slice()),
            row.what
        ))),
        Err(Unexecuted::NotFetched(_)) => {
            let failure = snapshot.failure.into_inner();
            Err(failure.unwrap_or_else(|| SourceError::told("it does not answer")))
        }
    }
}

/// A store that is read as it is asked for.
struct Live<'a> {
    source: RefCell<&'a mut dyn RowSource>,
    failure: RefCell<Option<SourceError>>,
}

impl Live<'_> {
    fn page(&self, range: (&[u8], &[u8]), rows: usize, bytes: usize) -> Result<Page, NotFetched> {
        let page = self.source.borrow_mut().page(range.0, range.1, rows, bytes);
        page.map_err(|error| {
            self.failure.borrow_mut().get_or_insert(error);
            NotFetched
        })
    }
}

impl Snapshot for Live<'_> {
    fn get(&self, key: &Key) -> Result<Option<Bytes>, NotFetched> {
        let page = self.page((key.as_slice(), key.next().as_slice()), 1, usize::MAX)?;
        Ok(page.rows.into_iter().next().map(|row| row.value))
    }

    fn range(&self, range: &KeyRange, rows_max: u32, bytes_max: u32) -> Result<Rows, NotFetched> {
        let bounds = (range.begin.as_slice(), range.end.as_slice());
        let page = self.page(bounds, rows_max as usize, bytes_max as usize)?;
        let rows = page.rows.into_iter().filter_map(|row| {
            let (key, value) = (Key::from_slice(&row.key)?, row.value);
            Some(Row { key, value })
        });
        Ok(Rows {
            rows: rows.collect(),
            more: page.more,
        })
    }
}
