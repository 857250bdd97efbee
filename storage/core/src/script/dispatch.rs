//! From a command to its script.

use ringpost_wire::ErrorCode;

use crate::overlay::{Halt, Overlay};
use crate::store::Read;
use crate::{Command, Outcome, Rules};

/// Decides `command` over `overlay`.
pub(crate) fn decide(_: &mut Overlay<'_>, _: &Command, _: &Rules) -> Result<Outcome, Halt> {
    Ok(Outcome::Failed(ErrorCode::Unsupported))
}

/// Adds what `command` is known to read before anything is read.
pub(crate) fn reads(_: &Command, _: &mut Vec<Read>) {}
