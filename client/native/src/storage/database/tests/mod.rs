//! Tests of the database over its engine.

mod files;
mod history;
mod rig;
mod state;
