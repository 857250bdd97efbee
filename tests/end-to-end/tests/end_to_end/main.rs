//! The real binary with real clients, end to end.

mod access;
mod addresses;
mod clients;
mod conversations;
mod copies;
mod documented;
mod foundationdb;
mod hostile;
mod observing;
mod packaging;
mod proxy_protocol;
mod reloading;
mod revoking;
mod rounds;
mod secrets;
mod sessions;
mod starting;
mod stopping;
mod tls;
mod tools;
mod tools_tls;
mod trials;
mod world;
