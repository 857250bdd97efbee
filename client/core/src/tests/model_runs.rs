//! A small model of a server.
