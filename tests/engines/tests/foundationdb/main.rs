//! FoundationDB as it is: compared with the plain map, contested by two nodes, robbed, gone, and at its limits.

mod access;
mod contested;
mod limits;
mod mixed_batches;
mod no_cluster;
mod robbed;
mod same_node;
mod scene;
mod sweeps;
