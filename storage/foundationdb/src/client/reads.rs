//! The reads of a lane: all of a request at one version, in parallel, without read conflicts.
//!
//! The fences of many shards are neighbours and are read as one range.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use foundationdb::options::StreamingMode;
use foundationdb::{FdbResult, KeySelector, RangeOption, Transaction};
use futures_util::future::{join_all, try_join};
use ringpost_storage_core::key::Family;
use ringpost_storage_core::lane::{ReadAnswer, StoreFault, Version};
use ringpost_storage_core::store::{KEY_BYTES_MAX, Key, KeyRange, Read, Row, Rows};
use tokio::time::Instant;

use super::link::{Link, Priority};
use crate::limits::{FENCES_SINGLE_MAX, PREFIX_BYTES_MAX, READ_MS_MAX};
use crate::subspace::Subspace;

/// What a row counts for beside its value, at most: its key, and what the client library adds.
const ROW_BYTES: u64 = (PREFIX_BYTES_MAX + KEY_BYTES_MAX + 64) as u64;

impl Link {
    /// Reads `reads` at `version`: one answer each, in order.
    pub async fn read(
        &self,
        version: Version,
        reads: &[Read],
    ) -> Result<Vec<ReadAnswer>, StoreFault> {
        let began = Instant::now();
        let transaction = self
            .transaction(Priority::Default)
            .map_err(|error| self.fault(error))?;
        transaction.set_read_version(version.0 as i64);
        let fences = fences_of(reads);
        let answers = async {
            let each = reads
                .iter()
                .filter(|read| fences.is_none_or(|range| !is_within(read, &range)))
                .map(|read| self.read_one(&transaction, read));
            try_join(
                async {
                    join_all(each)
                        .await
                        .into_iter()
                        .collect::<FdbResult<Vec<_>>>()
                },
                self.read_fences(&transaction, fences),
            )
            .await
        };
        let (each, found) = self.within(READ_MS_MAX, answers).await?;
        self.metrics.reads.fetch_add(reads.len() as u64, Relaxed);
        self.metrics.read_times.add(began.elapsed());
        let mut each = each.into_iter();
        let answers = reads.iter().filter_map(|read| match (read, &fences) {
            (Read::Get(key), Some(range)) if range.contains(key) => {
                Some(ReadAnswer::Value(found.get(key).cloned()))
            }
            _ => each.next(),
        });
        Ok(answers.collect())
    }

    /// Reads one key or range in a transaction.
    pub(super) async fn read_one(
        &self,
        transaction: &Transaction,
        read: &Read,
    ) -> FdbResult<ReadAnswer> {
        match read {
            Read::Get(key) => {
                let value = transaction.get(&self.subspace.pack(key), true).await?;
                let value = value.map(|bytes| Bytes::copy_from_slice(&bytes));
                Ok(ReadAnswer::Value(value))
            }
            Read::Range {
                range,
                rows_max,
                bytes_max,
            } => {
                // One row more tells whether there are more.
                let rows_max = (*rows_max).max(1) as usize;
                let bytes = u64::from(*bytes_max) + (rows_max as u64 + 1) * ROW_BYTES;
                let (begin, end) = self.subspace.pack_range(range);
                let option = range_option(begin, end, rows_max.saturating_add(1), bytes);
                let values = transaction.get_range(&option, 1, true).await?;
                let mut rows = rows_of(&self.subspace, &values);
                rows.more |= rows.rows.len() > rows_max;
                rows.rows.truncate(rows_max);
                Ok(ReadAnswer::Rows(rows))
            }
        }
    }

    /// All rows of `range`.
    async fn read_fences(
        &self,
        transaction: &Transaction,
        range: Option<KeyRange>,
    ) -> FdbResult<BTreeMap<Key, Bytes>> {
        let mut found = BTreeMap::new();
        let Some(mut range) = range else {
            return Ok(found);
        };
        loop {
            let (begin, end) = self.subspace.pack_range(&range);
            let option = range_option(begin, end, u16::MAX as usize, 0);
            let values = transaction.get_range(&option, 1, true).await?;
            let rows = rows_of(&self.subspace, &values);
            let last = rows.rows.last().map(|row| row.key);
            found.extend(rows.rows.into_iter().map(|row| (row.key, row.value)));
            match last {
                Some(last) if rows.more => range.begin = last.next(),
                _ => return Ok(found),
            }
        }
    }
}

/// The range that holds the fences among `reads`, when they are many.
fn fences_of(reads: &[Read]) -> Option<KeyRange> {
    let keys = || {
        reads.iter().filter_map(|read| match read {
            Read::Get(key) if Family::of(key) == Some(Family::Fence) => Some(*key),
            _ => None,
        })
    };
    if keys().count() <= FENCES_SINGLE_MAX {
        return None;
    }
    Some(KeyRange {
        begin: keys().min()?,
        end: keys().max()?.next(),
    })
}

fn is_within(read: &Read, range: &KeyRange) -> bool {
    matches!(read, Read::Get(key) if range.contains(key))
}

/// A range in one request, as far as the limits go; no limit of bytes for 0.
pub(super) fn range_option(
    begin: Vec<u8>,
    end: Vec<u8>,
    rows_max: usize,
    bytes_max: u64,
) -> RangeOption<'static> {
    RangeOption {
        limit: Some(rows_max.max(1)),
        // Over the library's limit is no limit.
        target_bytes: usize::try_from(bytes_max)
            .ok()
            .filter(|bytes| *bytes < i32::MAX as usize)
            .unwrap_or(0),
        mode: StreamingMode::Exact,
        ..RangeOption::from((
            KeySelector::first_greater_or_equal(begin),
            KeySelector::first_greater_or_equal(end),
        ))
    }
}

/// Rows as the rules know them. A key of no family cannot be among what a lane asks for.
fn rows_of(subspace: &Subspace, values: &foundationdb::future::FdbValues) -> Rows {
    let row = |value: &foundationdb::future::FdbKeyValue| {
        Some(Row {
            key: Key::from_slice(subspace.unpack(value.key())?)?,
            value: Bytes::copy_from_slice(value.value()),
        })
    };
    Rows {
        rows: values.iter().filter_map(row).collect(),
        more: values.more(),
    }
}
