//! Workers wired together in memory, over a small store that answers at once, with clients driven by hand.

mod attaching;
mod clients;
mod handshake;
mod lifecycle;
mod load;
mod messages;
mod overflow;
mod peers;
mod pulling;
mod relief;
mod revoking;
mod rig;
mod robustness;
mod signatures;
mod states;
mod store;
mod takeover;
mod tokens;
