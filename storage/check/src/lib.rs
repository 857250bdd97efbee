//! Checks a store's whole key space: what rows say by themselves, about each other, and about rows of other families.
//!
//! Every row is read once. The families of chats are walked side by side, chat by chat, then those of users, user by user;
//! what chats say of users is sorted in between, in memory or in temporary files. Nothing is ever written to the store.

mod chat;
mod check;
mod cursor;
mod finding;
mod findings;
mod key_text;
pub mod limits;
mod other_rows;
mod own_rows;
mod report;
mod sorter;
mod source;
mod testimony;
mod user;

pub use check::{CheckError, Options, Phase, Walked, check};
pub use finding::{Finding, FindingKind};
pub use key_text::key_text;
pub use other_rows::strange_ranges;
pub use report::Report;
pub use source::{OwnRow, Page, RowSource, SourceError, StoredRow};
