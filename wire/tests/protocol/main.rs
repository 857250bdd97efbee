//! The protocol as a peer sees it: golden bytes, round trips of all frames, hostile bytes, and the page that describes it.

mod encode;
mod golden;
mod hex;
mod hostile;
mod page;
mod ranges;
mod round_trip;
mod samples;
mod stranger;
mod strategy;
