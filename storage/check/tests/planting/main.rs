//! Good stores of several histories, in which the check finds nothing, and corruptions planted in them, which it finds.

mod groups;
mod histories;
mod plants;
mod random;
mod rows;
mod strange;
