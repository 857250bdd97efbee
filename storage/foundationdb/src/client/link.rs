//! A link to the cluster: one database handle, and the requests of lanes on it, each answered once, within a time limit.
//!
//! A request is never repeated here: lanes decide what a failure means.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use foundationdb::options::{ConflictRangeType, TransactionOption};
use foundationdb::{Database, FdbError, FdbResult, Transaction};
use ringpost_storage_core::lane::{CommitAnswer, CommitRequest, StoreFault, Version};
use ringpost_storage_core::store::Write;
use tokio::time::{Instant, sleep, timeout};

use super::network::{refused, stop_at_exit};
use crate::error::OpenError;
use crate::error_class;
use crate::limits::{COMMIT_MS_MAX, READ_VERSION_MS_MAX, RETRY_AFTER_MS, UNFORESEEN_DELAY_MS};
use crate::metrics::{CommitSize, Metrics};
use crate::subspace::Subspace;

/// Who asks: background work gives way to everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Lanes.
    Default,
    /// Sweeps.
    Batch,
}

/// A database handle and what goes with it.
pub struct Link {
    pub(super) database: Database,
    pub(super) subspace: Subspace,
    pub(super) metrics: Arc<Metrics>,
    cluster_file: PathBuf,
}

impl Link {
    /// Opens the database of a cluster file. The network thread must run; the cluster need not be there.
    pub fn open(
        cluster_file: &Path,
        subspace: Subspace,
        metrics: Arc<Metrics>,
    ) -> Result<Self, OpenError> {
        let path = cluster_file.to_str().ok_or(OpenError::Option {
            option: "cluster_file",
            what: "must be a path in UTF-8",
        })?;
        let database = Database::from_path(path).map_err(refused("open the cluster file"))?;
        Ok(Self {
            database,
            subspace,
            metrics,
            cluster_file: cluster_file.to_path_buf(),
        })
    }

    /// A transaction that reads nothing of its own writes.
    pub(super) fn transaction(&self, priority: Priority) -> FdbResult<Transaction> {
        let transaction = self.database.create_trx()?;
        transaction.set_option(TransactionOption::ReadYourWritesDisable)?;
        if priority == Priority::Batch {
            transaction.set_option(TransactionOption::PriorityBatch)?;
        }
        Ok(transaction)
    }

    /// Asks for a read version.
    pub async fn read_version(&self, priority: Priority) -> Result<Version, StoreFault> {
        let began = Instant::now();
        let transaction = self.transaction(priority).map_err(|e| self.fault(e))?;
        let version = self
            .within(READ_VERSION_MS_MAX, transaction.get_read_version())
            .await?;
        self.metrics.read_version_times.add(began.elapsed());
        u64::try_from(version)
            .map(Version)
            .map_err(|_| StoreFault::Unavailable)
    }

    /// Commits once.
    pub async fn commit(&self, request: &CommitRequest) -> CommitAnswer {
        let answer = match self.prepare(request) {
            Ok(transaction) => self.send(transaction, CommitSize::of(request)).await,
            // Nothing was sent.
            Err(error) => {
                self.note(error);
                match error_class::commit_answer(error.code()) {
                    CommitAnswer::TooLarge => CommitAnswer::TooLarge,
                    _ => CommitAnswer::Throttled {
                        retry_after_ms: RETRY_AFTER_MS,
                    },
                }
            }
        };
        self.metrics.add_refusal(answer);
        answer
    }

    fn prepare(&self, request: &CommitRequest) -> FdbResult<Transaction> {
        let transaction = self.transaction(Priority::Default)?;
        // Versions are well below 2^63: they rise by a million a second.
        transaction.set_read_version(request.read_version.0 as i64);
        for range in &request.read_conflicts {
            let (begin, end) = self.subspace.pack_range(range);
            transaction.add_conflict_range(&begin, &end, ConflictRangeType::Read)?;
        }
        self.put(&transaction, &request.writes);
        Ok(transaction)
    }

    /// Adds `writes` to a transaction.
    pub(super) fn put(&self, transaction: &Transaction, writes: &[Write]) {
        for write in writes {
            match write {
                Write::Insert(row) | Write::Set(row) => {
                    transaction.set(&self.subspace.pack(&row.key), &row.value);
                }
                Write::Clear(key) => transaction.clear(&self.subspace.pack(key)),
                Write::ClearRange(range) => {
                    let (begin, end) = self.subspace.pack_range(range);
                    transaction.clear_range(&begin, &end);
                }
            }
        }
    }

    async fn send(&self, transaction: Transaction, size: CommitSize) -> CommitAnswer {
        let began = Instant::now();
        let limit = Duration::from_millis(COMMIT_MS_MAX);
        let Ok(result) = timeout(limit, transaction.commit()).await else {
            self.note_silence();
            return CommitAnswer::UnknownResult;
        };
        let error = match result {
            Ok(committed) => match committed.committed_version().map(u64::try_from) {
                Ok(Ok(version)) => {
                    self.metrics.commit_times.add(began.elapsed());
                    self.metrics.add_commit(size);
                    let version = Version(version);
                    return CommitAnswer::Committed { version };
                }
                _ => return CommitAnswer::UnknownResult,
            },
            Err(error) => FdbError::from(error),
        };
        let answer = error_class::commit_answer(error.code());
        if answer != CommitAnswer::Conflict {
            self.note(error);
        }
        if !error_class::is_foreseen(error.code()) {
            sleep(Duration::from_millis(UNFORESEEN_DELAY_MS)).await;
        }
        answer
    }

    /// Waits for `request`, not longer than `limit_ms`.
    pub(super) async fn within<T>(
        &self,
        limit_ms: u64,
        request: impl Future<Output = FdbResult<T>>,
    ) -> Result<T, StoreFault> {
        match timeout(Duration::from_millis(limit_ms), request).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.fault(error)),
            Err(_) => {
                self.metrics.faults.fetch_add(1, Relaxed);
                self.note_silence();
                Err(StoreFault::Unavailable)
            }
        }
    }

    /// What `error` of a read means.
    pub(super) fn fault(&self, error: FdbError) -> StoreFault {
        self.metrics.faults.fetch_add(1, Relaxed);
        self.note(error);
        error_class::fault(error.code())
    }

    /// `error` in words for the operator.
    pub fn reason(&self, error: FdbError) -> String {
        match error_class::is_locked(error.code()) {
            true => "the database is locked (error 1038)".to_owned(),
            false => format!("{} (error {})", error.message(), error.code()),
        }
    }

    /// That nothing came in time, in words for the operator.
    pub fn silence(&self) -> String {
        let file = self.cluster_file.display();
        format!("the cluster of {file} does not answer")
    }

    fn note(&self, error: FdbError) {
        self.metrics.set_last_error(self.reason(error));
    }

    fn note_silence(&self) {
        self.metrics.set_last_error(self.silence());
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // One registration more or less does not matter: there was one at the start.
        let _ = stop_at_exit();
    }
}
