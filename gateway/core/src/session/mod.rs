//! A session: its state, the table of all of them, and the bounded parts that only busy ones have.

mod behind;
mod partial;
mod pulling;
mod sending;
mod state;
mod strangers;
mod table;

pub(crate) use behind::{BehindChats, Skipped};
pub(crate) use partial::{Partial, PartialPool};
pub(crate) use pulling::{ListInFlight, Pulling};
pub(crate) use sending::Sending;
pub(crate) use state::{Phase, Session};
pub(crate) use strangers::Strangers;
pub(crate) use table::SessionTable;
