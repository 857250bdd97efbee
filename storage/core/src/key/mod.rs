//! The key space: fixed-width big-endian keys, the family's byte first. One family a file.
//!
//! ```text
//! 01 chat                head          head.rs          written by the home of the chat
//! 02 chat seq            message       message.rs       written by the home of the chat
//! 03 chat user           member        member.rs        written by the home of the chat
//! 04 chat user device    window        window.rs        written by the home of the chat
//! 05 chat user           read cursor   read_cursor.rs   written by the home of the chat
//! 10 user chat           membership    membership.rs    written by the home of the chat
//! 11 user chat           pending       pending.rs       written by the home of the chat
//! 12 user                user          user.rs          written by the home of the user
//! 13 user device         device        device.rs        written by the home of the user
//! 20 shard               fence         fence.rs         written by whoever claims the shard
//! 21 node lane           lane record   lane_record.rs   written by the lane
//! 22 node lane           lane term     lane_term.rs     written by claims and settlings of the lane
//! 30 export              import        import.rs        written while an export is read into the store
//! ```

pub mod device;
mod family;
pub mod fence;
pub mod head;
mod home;
pub mod import;
pub mod lane_record;
pub mod lane_term;
pub mod member;
pub mod membership;
pub mod message;
pub mod pending;
pub mod read_cursor;
#[cfg(test)]
mod tests;
pub mod user;
pub mod window;

pub use family::Family;
pub use home::home;
pub use import::ExportId;
pub use lane_record::LaneId;
