//! The keys and rules of session tokens, from configuration and files, and kept up to date while the node runs.

mod error;
mod live;
mod load;

pub use error::TokensError;
pub use live::LiveTokens;
