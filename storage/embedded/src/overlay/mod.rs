//! Writes that are committed and not yet in the tables, in memory: what they say goes before what the tables say.
//!
//! Three layers, newest first: entries, cleared ranges, and the bite that is being flushed. A write leaves only when the
//! tables have it or a later write has taken its place. An insert that is cleared in time leaves no trace.

mod apply;
mod bite;
mod cleared;
mod layers;
mod lookup;

pub(crate) use apply::messages_of;
pub(crate) use bite::{Bite, Walk};
pub(crate) use layers::Overlay;
pub(crate) use lookup::Found;
