//! The list of targets, by name.

use crate::{
    doors, frames, interval_log, journal, log, machine, rows, scenario, scripts, session, tokens,
};

/// What a target said to its input. Both are right; a broken rule is a panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// At least a part of it was understood.
    Taken,
    /// All of it was refused.
    Refused,
}

impl Verdict {
    /// `Taken` when `is_taken`.
    pub(crate) fn of(is_taken: bool) -> Self {
        if is_taken { Self::Taken } else { Self::Refused }
    }
}

/// A target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: of its corpus's folder, and what the driver is asked for.
    pub name: &'static str,
    /// Runs it on an input; panics where a rule is broken.
    pub run: fn(&[u8]) -> Verdict,
    /// Inputs to begin with: well-formed ones of every shape.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "client-frames",
        run: frames::run_client,
        seeds: frames::client_seeds,
    },
    Target {
        name: "server-frames",
        run: frames::run_server,
        seeds: frames::server_seeds,
    },
    Target {
        name: "keys",
        run: rows::run_keys,
        seeds: rows::key_seeds,
    },
    Target {
        name: "rows",
        run: rows::run_rows,
        seeds: rows::row_seeds,
    },
    Target {
        name: "scripts",
        run: scripts::run,
        seeds: scripts::seeds,
    },
    Target {
        name: "damaged-store",
        run: scripts::run_damaged,
        seeds: scripts::damaged_seeds,
    },
    Target {
        name: "log",
        run: log::run,
        seeds: log::seeds,
    },
    Target {
        name: "proxy-header",
        run: doors::run_proxy,
        seeds: doors::proxy_seeds,
    },
    Target {
        name: "tls-door",
        run: doors::run_tls,
        seeds: doors::tls_seeds,
    },
    Target {
        name: "tokens",
        run: tokens::run_token,
        seeds: tokens::token_seeds,
    },
    Target {
        name: "token-keys",
        run: tokens::run_keys,
        seeds: tokens::key_seeds,
    },
    Target {
        name: "session",
        run: session::run,
        seeds: session::seeds,
    },
    Target {
        name: "client-machine",
        run: machine::run,
        seeds: machine::seeds,
    },
    Target {
        name: "client-journal",
        run: journal::run,
        seeds: journal::seeds,
    },
    Target {
        name: "scenario",
        run: scenario::run,
        seeds: scenario::seeds,
    },
    Target {
        name: "interval-log",
        run: interval_log::run,
        seeds: interval_log::seeds,
    },
];
