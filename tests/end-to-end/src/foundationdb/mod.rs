//! Nodes on FoundationDB: the cluster that they use, two nodes that both believe to be home of everything, and a server that
//! is killed, stopped, restarted and slowed down under load.

mod cluster;
mod database;
mod fault;
mod faults_report;
mod faults_run;
mod run_error;
mod two_nodes;
mod two_nodes_report;

pub use cluster::Cluster;
pub use database::{Database, DatabaseLock};
pub use fault::Fault;
pub use faults_report::{FaultOutcome, FaultsReport};
pub use faults_run::{FaultsPlan, run_faults};
pub use run_error::RunError;
pub use two_nodes::{TwoNodesPlan, run_two_nodes};
pub use two_nodes_report::{NodeFigures, TwoNodesReport};
