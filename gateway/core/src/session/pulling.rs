//! What a session reads from the log: one page and one list in flight, and a few pages that wait.

use std::collections::VecDeque;

use ringpost_wire::ReadPage;

/// A session's requests for pages and lists.
#[derive(Debug, Default)]
pub(crate) struct Pulling {
    /// The page in flight and the room reserved for it, in bytes.
    pub(crate) page: Option<(ReadPage, usize)>,
    /// Pages that wait for the one in flight or for room.
    pub(crate) waiting: VecDeque<ReadPage>,
    /// The list in flight.
    pub(crate) list: Option<ListInFlight>,
}

/// A list of pending chats that was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListInFlight {
    /// The client's number of the request.
    pub(crate) request: u32,
    /// It is the first of a pass, so that an empty answer is the whole of it.
    pub(crate) is_first: bool,
    /// Room reserved for it, in bytes.
    pub(crate) reserved_bytes: usize,
}

impl Pulling {
    /// Nothing is in flight or waits.
    pub(crate) fn is_idle(&self) -> bool {
        self.page.is_none() && self.waiting.is_empty() && self.list.is_none()
    }
}
