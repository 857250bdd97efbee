//! A deterministic simulation of Ringpost: the very workers, lanes and client machines of the binary over a simulated
//! store, network and clock, with checkers. A run follows from its scenario and its seed alone.

pub mod application;
pub mod campaign;
pub mod clocks;
pub mod connection;
pub mod core_shell;
pub mod counts;
pub mod door;
pub mod faults;
pub mod homes;
pub mod lane_shell;
pub mod links;
pub mod log;
pub mod model;
pub mod network;
pub mod node;
pub mod node_life;
pub mod operator;
pub mod plan;
pub mod population;
pub mod queue;
pub mod random;
pub mod raw;
pub mod reduction;
pub mod rule_breaker;
pub mod run;
pub mod scenario;
pub mod sdk;
pub mod settings;
pub mod settle;
pub mod shrink;
pub mod store_check;
pub mod token;
pub mod world;
