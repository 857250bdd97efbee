//! The tools for whole stores as programs: fsck, export and import on real stores, killed in the middle too.

mod checks;
#[cfg(feature = "foundationdb")]
mod cluster;
mod scene;
mod transfers;
