//! `RunError`: why a run came to nothing.

use std::io;

use ringpost_gateway_ring::StartError;
use ringpost_gateway_tls::ClientTlsError;

use crate::record::RecordError;
use crate::schedule::ScheduleError;
use crate::token::IssuerError;

/// Why a run came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The reactor cannot be had.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The reactor failed.
    #[error("the reactor failed: {0}")]
    Turn(#[from] io::Error),
    /// The node's certificate is none.
    #[error("TLS: {0}")]
    Tls(#[from] ClientTlsError),
    /// No tokens.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// The scenario has no schedule.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// The run cannot be written down.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A step before the load did not come to its end.
    #[error("{step}: nothing more for {seconds} s, {done} of {wanted} done; {errors}")]
    Stuck {
        /// The step.
        step: &'static str,
        /// How long nothing happened.
        seconds: u64,
        /// How many were done.
        done: u64,
        /// How many were to be done.
        wanted: u64,
        /// Errors by kind, or what to look at.
        errors: String,
    },
    /// Ended by the user before the load began.
    #[error("stopped before the load began")]
    Stopped,
}
