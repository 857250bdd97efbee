//! Why a run on FoundationDB could not be made: never an outcome of a fault.

use crate::load::Totals;
use crate::{NodeError, PlaceError};

/// Why a run could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A node or the database could not be worked with.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// A node's folder could not be worked with.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A node did not become ready on a cluster in order.
    #[error("a node is not ready on a cluster in order")]
    NotReady,
    /// Not everyone could register and open a chat at the start.
    #[error("not everyone could register: {0:?}")]
    NotBegun(Totals),
    /// The run needs a server that it can kill.
    #[error("the run needs a server of its own")]
    NoServer,
}
