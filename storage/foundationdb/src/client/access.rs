//! Direct access to the rows of a store, for tools and tests: pages in key order, bulk writes, no rules.
//!
//! Calls block. A page is true at one version, but pages after one another are of different versions: stop the nodes first.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use foundationdb::{FdbError, Transaction};
use ringpost_storage_core::limits::VALUE_BYTES_HARD_MAX;
use ringpost_storage_core::store::Write;
use tokio::runtime::{self, Runtime};
use tokio::time::timeout;

use super::begin::BeginError;
use super::link::{Link, Priority};
use super::network;
use super::reads::range_option;
use crate::cluster_file;
use crate::error::{AccessError, OpenError};
use crate::limits::{ACCESS_MS_MAX, PREFIX_BYTES_MAX, SCAN_BYTES_AIM, SCAN_ROWS_MAX};
use crate::metrics::Metrics;
use crate::options::Options;
use crate::split::{RawRow, parts};
use crate::subspace::Subspace;

/// Longest key of a row that can be written, without the prefix.
const KEY_BYTES_MAX: usize = 1_000;
/// Wait between two attempts.
const RETRY_DELAY: Duration = Duration::from_millis(50);

/// Direct access to the rows under a prefix.
pub struct Access {
    link: Link,
    runtime: Runtime,
}

/// Rows of a range, ascending by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The rows, keys without the prefix.
    pub rows: Vec<RawRow>,
    /// There may be more rows after the last.
    pub more: bool,
}

impl Access {
    /// Opens the rows under the options' prefix. The cluster is not asked yet.
    ///
    /// # Errors
    /// As for [`crate::FoundationStore::open`].
    pub fn open(options: &Options) -> Result<Self, OpenError> {
        let subspace = options.check()?;
        let cluster_file = cluster_file::locate(options.cluster_file.as_deref());
        cluster_file::check(&cluster_file)?;
        network::start(&options.client)?;
        let link = Link::open(&cluster_file, subspace, Arc::new(Metrics::default()))?;
        let runtime = runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(OpenError::Thread)?;
        Ok(Self { link, runtime })
    }

    /// The first rows from `begin` (included) to `end` (excluded), keys without the prefix: at most `rows_max` of them, and
    /// about a megabyte. To go on, begin with the last key and a zero byte.
    ///
    /// # Errors
    /// The cluster does not answer, or refuses.
    pub fn scan(&self, begin: &[u8], end: &[u8], rows_max: usize) -> Result<Page, AccessError> {
        let (begin, end) = self.clamp(begin, end);
        self.page(&begin, &end, rows_max)
    }

    /// Tells every row under the prefix that is none of the key space, its key without the prefix: the engine's own
    /// ([`crate::OwnRow`]), and those of nobody.
    ///
    /// # Errors
    /// As for [`Self::scan`].
    pub fn rows_beside(&self, mut tell: impl FnMut(&[u8], &[u8])) -> Result<(), AccessError> {
        for (mut begin, end) in self.link.subspace.beside_rows() {
            loop {
                let page = self.page(&begin, &end, SCAN_ROWS_MAX)?;
                page.rows.iter().for_each(|(key, value)| tell(key, value));
                match page.rows.last() {
                    Some((last, _)) if page.more => {
                        begin = self.link.subspace.pack_bytes(&[&last[..], &[0]].concat());
                    }
                    _ => break,
                }
            }
        }
        Ok(())
    }

    /// Rows between two keys with the prefix.
    fn page(&self, begin: &[u8], end: &[u8], rows_max: usize) -> Result<Page, AccessError> {
        if begin >= end {
            return Ok(Page::default());
        }
        let rows_max = rows_max.clamp(1, SCAN_ROWS_MAX);
        self.repeat(|transaction| {
            let option = range_option(
                begin.to_vec(),
                end.to_vec(),
                rows_max,
                SCAN_BYTES_AIM as u64,
            );
            async move {
                let values = transaction.get_range(&option, 1, true).await?;
                let row = |value: &foundationdb::future::FdbKeyValue| {
                    let key = self.link.subspace.unpack(value.key())?;
                    let value = Bytes::copy_from_slice(value.value());
                    Some((Bytes::copy_from_slice(key), value))
                };
                Ok(Page {
                    rows: values.iter().filter_map(row).collect(),
                    more: values.more(),
                })
            }
        })
    }

    /// Sets rows, in order, in as many transactions as their bytes need. After an error some may be set.
    ///
    /// # Errors
    /// A key or value over the limits, a database of another layout, or the cluster.
    pub fn write(&self, rows: &[RawRow]) -> Result<(), AccessError> {
        for (key, value) in rows {
            check_row(key, value)?;
        }
        parts(rows, PREFIX_BYTES_MAX)
            .into_iter()
            .try_for_each(|part| {
                self.change(|transaction| {
                    for (key, value) in part {
                        transaction.set(&self.link.subspace.pack_bytes(key), value);
                    }
                })
            })
    }

    /// Makes changes all or none, in one transaction: keep them below some 250 kB. They must be the same when made twice.
    ///
    /// # Errors
    /// As for [`Self::write`]; after one from the cluster they may be made or not.
    pub fn commit(&self, writes: &[Write]) -> Result<(), AccessError> {
        self.change(|transaction| self.link.put(transaction, writes))
    }

    /// Removes rows. After an error some may be gone.
    ///
    /// # Errors
    /// As for [`Self::write`].
    pub fn clear(&self, keys: &[Bytes]) -> Result<(), AccessError> {
        for key in keys {
            check_row(key, &[])?;
        }
        let rows: Vec<RawRow> = keys.iter().map(|key| (key.clone(), Bytes::new())).collect();
        parts(&rows, PREFIX_BYTES_MAX)
            .into_iter()
            .try_for_each(|part| {
                self.change(|transaction| {
                    for (key, _) in part {
                        transaction.clear(&self.link.subspace.pack_bytes(key));
                    }
                })
            })
    }

    /// Counts the rows from `begin` (included) to `end` (excluded) by reading them.
    ///
    /// # Errors
    /// As for [`Self::scan`].
    pub fn count(&self, begin: &[u8], end: &[u8]) -> Result<u64, AccessError> {
        let (mut begin, mut count) = (begin.to_vec(), 0);
        loop {
            let page = self.scan(&begin, end, SCAN_ROWS_MAX)?;
            count += page.rows.len() as u64;
            match page.rows.last() {
                Some((last, _)) if page.more => begin = [&last[..], &[0]].concat(),
                _ => return Ok(count),
            }
        }
    }

    /// Removes everything under the prefix, the engine's own rows too. Nodes that run on it fail.
    ///
    /// # Errors
    /// The cluster does not answer, or refuses.
    pub fn clear_all(&self) -> Result<(), AccessError> {
        let (begin, end) = self.link.subspace.all();
        self.repeat(|transaction| {
            transaction.clear_range(&begin, &end);
            async move {
                transaction.commit().await.map_err(FdbError::from)?;
                Ok(())
            }
        })
    }

    fn clamp(&self, begin: &[u8], end: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let rows = self.link.subspace.rows();
        let begin = self.link.subspace.pack_bytes(begin).max(rows.0);
        let end = self.link.subspace.pack_bytes(end).min(rows.1);
        (begin, end)
    }

    fn change(&self, change: impl Fn(&Transaction)) -> Result<(), AccessError> {
        self.repeat(|transaction| {
            let change = &change;
            async move {
                self.link.check_layout(&transaction).await?;
                change(&transaction);
                transaction.commit().await.map_err(FdbError::from)?;
                Ok(())
            }
        })
    }

    /// Tries with a new transaction until it succeeds, is refused for good, or the time is over. What is tried may take effect
    /// more than once.
    fn repeat<T, F>(&self, attempt: impl Fn(Transaction) -> F) -> Result<T, AccessError>
    where
        F: Future<Output = Result<T, BeginError>>,
    {
        let until = Instant::now() + Duration::from_millis(ACCESS_MS_MAX);
        let mut last = "none".to_owned();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let seconds = ACCESS_MS_MAX / 1_000;
                return Err(AccessError::NoAnswer { seconds, last });
            }
            let tried = self.runtime.block_on(async {
                let transaction = self.link.transaction(Priority::Default)?;
                match timeout(left, attempt(transaction)).await {
                    Ok(result) => result.map(Some),
                    Err(_) => Ok(None),
                }
            });
            match tried {
                Ok(Some(value)) => return Ok(value),
                Ok(None) => {}
                Err(BeginError::Layout(error)) => return Err(error.into()),
                Err(BeginError::Store(error)) if error.is_retryable() => {
                    last = error.message().to_owned();
                    std::thread::sleep(RETRY_DELAY);
                }
                Err(BeginError::Store(error)) => {
                    return Err(AccessError::Refused {
                        code: error.code(),
                        message: error.message().to_owned(),
                    });
                }
            }
        }
    }
}

fn check_row(key: &[u8], value: &[u8]) -> Result<(), AccessError> {
    if key.len() > KEY_BYTES_MAX || !Subspace::is_row(key) {
        return Err(AccessError::Key { max: KEY_BYTES_MAX });
    }
    match value.len() {
        bytes if bytes > VALUE_BYTES_HARD_MAX => Err(AccessError::Value {
            bytes,
            max: VALUE_BYTES_HARD_MAX,
        }),
        _ => Ok(()),
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}
