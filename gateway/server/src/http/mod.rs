//! HTTP: health, readiness, metrics and administration, on one thread of its own.
//!
//! It reads published counters and asks workers by their queues; it never touches the store.

mod address_metrics;
mod admin;
mod configure;
mod connections;
mod devices;
mod door_metrics;
mod guard;
mod histograms;
mod metrics;
mod page;
mod routes;
mod server;
mod stages;
mod status;

pub use admin::{AdminAnswer, AdminRequest};
pub use guard::AdminGuard;
pub use histograms::StageCounts;
pub use page::Page;
pub use server::{HttpError, HttpServer};
