//! Why a command cannot be decided: something is not fetched, or a row is damaged. A refusal is an outcome, not this.

use crate::row::Damage;
use crate::store::{Key, NotFetched};

/// A row whose bytes are not what was written: the store has lost what it promised to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DamagedRow {
    /// The row.
    pub key: Key,
    /// The part that cannot be read.
    pub what: &'static str,
}

/// Why a command cannot be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// The overlay has noted what is missing.
    NotFetched,
    /// Fatal for the engine.
    Damaged(DamagedRow),
}

impl DamagedRow {
    /// The damage of the row of `key`.
    pub(crate) fn of(key: Key, damage: Damage) -> Self {
        Self {
            key,
            what: damage.what,
        }
    }
}

impl From<NotFetched> for Halt {
    fn from(_: NotFetched) -> Self {
        Self::NotFetched
    }
}

impl From<DamagedRow> for Halt {
    fn from(damaged: DamagedRow) -> Self {
        Self::Damaged(damaged)
    }
}
