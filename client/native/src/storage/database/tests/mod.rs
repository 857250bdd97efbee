//! Tests of the database over its engine.

mod files;
mod history;
mod place;
mod rig;
mod state;
