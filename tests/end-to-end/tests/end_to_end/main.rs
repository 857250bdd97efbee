//! The real binary with real clients, end to end.

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
mod rounds;
mod sessions;
mod starting;
mod stopping;
mod tls;
mod tools;
mod tools_tls;
mod world;
