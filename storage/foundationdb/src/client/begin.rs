//! The beginning of a store: proves that the rows under the prefix are of this layout, and takes an incarnation that no
//! earlier life of the node had.
//!
//! Invariant: an incarnation is given out by a transaction that reads the last and writes the next, so none is given twice.

use foundationdb::options::StreamingMode;
use foundationdb::{FdbError, RangeOption, Transaction};
use ringpost_storage_core::key::Family;
use ringpost_storage_core::store::{Key, KeyRange};

use super::link::{Link, Priority};
use crate::error::LayoutError;
use crate::subspace::FORMAT;

/// Why a store has not begun.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The cluster did not answer, or refused: try again.
    #[error("{} (error {})", .0.message(), .0.code())]
    Store(#[from] FdbError),
    /// What lies there is not ours.
    #[error(transparent)]
    Layout(#[from] LayoutError),
}

impl Link {
    /// Takes the next incarnation of `node`. An error after the commit was sent uses one up.
    pub async fn take_incarnation(&self, node: u32) -> Result<u64, BeginError> {
        let transaction = self.transaction(Priority::Default)?;
        self.check_layout(&transaction).await?;
        self.refuse_unfinished(&transaction).await?;
        let key = self.subspace.incarnation_key(node);
        let last = match transaction.get(&key, false).await? {
            None => 0,
            Some(value) => u64::from_be_bytes(fixed(&value, "incarnation")?),
        };
        let next = last + 1;
        transaction.set(&key, &next.to_be_bytes());
        transaction.commit().await.map_err(FdbError::from)?;
        Ok(next)
    }

    /// Checks the version of the layout, and writes it where there is nothing yet.
    pub async fn check_layout(&self, transaction: &Transaction) -> Result<(), BeginError> {
        let key = self.subspace.format_key();
        if let Some(value) = transaction.get(&key, false).await? {
            let found = u32::from_be_bytes(fixed(&value, "layout version")?);
            if found != FORMAT {
                return Err(BeginError::Layout(LayoutError::OtherVersion {
                    found,
                    supported: FORMAT,
                }));
            }
            return Ok(());
        }
        if self.has_rows(transaction, self.subspace.all()).await? {
            return Err(BeginError::Layout(LayoutError::NotAStore));
        }
        transaction.set(&key, &FORMAT.to_be_bytes());
        Ok(())
    }

    /// An error when an import has not come to its end.
    async fn refuse_unfinished(&self, transaction: &Transaction) -> Result<(), BeginError> {
        let imports = KeyRange::prefix(Key::of(&[&[Family::Import as u8]]));
        let imports = self.subspace.pack_range(&imports);
        match self.has_rows(transaction, imports).await? {
            true => Err(BeginError::Layout(LayoutError::UnfinishedImport)),
            false => Ok(()),
        }
    }

    async fn has_rows(
        &self,
        transaction: &Transaction,
        range: (Vec<u8>, Vec<u8>),
    ) -> Result<bool, FdbError> {
        let first = RangeOption {
            limit: Some(1),
            mode: StreamingMode::Exact,
            ..RangeOption::from(range)
        };
        let found = transaction.get_range(&first, 1, false).await?;
        Ok(!found.is_empty())
    }
}

fn fixed<const N: usize>(value: &[u8], what: &'static str) -> Result<[u8; N], LayoutError> {
    value.try_into().map_err(|_| LayoutError::Damaged { what })
}
