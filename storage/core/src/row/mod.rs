//! The rows: what the value of each key family means. One row a file; the messages are `Deliver` frames as they are.

mod codec;
mod device;
mod fence;
mod head;
mod import;
mod lane_record;
mod lane_term;
mod member;
mod membership;
mod pending;
mod read_cursor;
#[cfg(test)]
mod tests;
mod user;
mod window;

pub use codec::{Damage, Reader, Row};
pub use device::{Device, DeviceState};
pub use fence::Fence;
pub use head::{FanOut, Head};
pub use import::Import;
pub use lane_record::LaneRecord;
pub use lane_term::LaneTerm;
pub use member::{Interval, Member, MemberDevice, Rights};
pub use membership::Membership;
pub use pending::{Lagging, Pending};
pub use read_cursor::ReadCursor;
pub use user::User;
