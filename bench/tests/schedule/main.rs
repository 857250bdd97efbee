//! Schedules against the models they are drawn from: counts over time, sizes, ranks and sessions, each with a bound that a wrong
//! model fails. Seeds are fixed, so that a test passes always or never.

mod documented;
mod fit;
mod kinds;
mod order;
mod ranks;
mod rates;
mod repeat;
mod sessions;
mod sizes;
mod watched;
mod whole_world;
