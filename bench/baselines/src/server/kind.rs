//! `Kind`: the servers there are, in the order of the table.

use clap::ValueEnum;
use serde::Serialize;

use crate::case::Case;

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Blocking sockets of the standard library, one connection: the bare round trip.
    Blocking,
    /// Non-blocking sockets and one epoll, by hand.
    Epoll,
    /// The reactor of this project.
    Ring,
    /// monoio on io_uring.
    Monoio,
    /// monoio on a ring with DEFER_TASKRUN.
    MonoioDefer,
    /// glommio.
    Glommio,
    /// tokio, current-thread.
    Tokio,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Blocking,
        Self::Epoll,
        Self::Ring,
        Self::Monoio,
        Self::MonoioDefer,
        Self::Glommio,
        Self::Tokio,
    ];

    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Epoll => "epoll",
            Self::Ring => "ring",
            Self::Monoio => "monoio",
            Self::MonoioDefer => "monoio-defer",
            Self::Glommio => "glommio",
            Self::Tokio => "tokio",
        }
    }

    /// Whether it can serve so many connections.
    pub fn takes(self, case: Case) -> bool {
        self != Self::Blocking || case.connections == 1
    }
}
