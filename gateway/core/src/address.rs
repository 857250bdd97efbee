//! Where things are: cores of a node, and sessions of a core.

/// A core's worker: 0 for the first, dense.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CoreId(pub u16);

/// A session of one core, named by the shell: a slot of its connection table and how often that slot was used.
///
/// The shell reuses a slot with another generation each time, so that what comes late for an ended session is known as late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    /// Index below `Config::sessions_max`.
    pub slot: u32,
    /// Different for each use of the slot.
    pub generation: u32,
}

/// A session together with the core that owns its socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionAddress {
    /// The core.
    pub core: CoreId,
    /// The session.
    pub session: SessionId,
}
