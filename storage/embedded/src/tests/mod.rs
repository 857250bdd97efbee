//! Tests of the whole engine, without and with threads, on real files.

mod access;
mod damage;
mod failures;
mod flushing;
mod lanes;
mod model;
mod recovery;
mod retention;
mod scene;
mod traffic;
mod unlinking;
