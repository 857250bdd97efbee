//! `Connection`: the id of one socket's life. A slot is used again, its generation is not (until it wraps after
//! 2^32 uses of that slot), so an id that outlived its socket is recognised as stale and harmless.

/// Names one connection of one reactor, from `Accepted` or `connect` until `Closed` or `ConnectFailed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Connection {
    slot: u32,
    generation: u32,
}

impl Connection {
    pub(crate) const fn new(slot: u32, generation: u32) -> Self {
        Self { slot, generation }
    }

    /// Index into the reactor's table, below `ReactorConfig::slots`: callers may index their own state with it.
    pub const fn slot(self) -> u32 {
        self.slot
    }

    /// How often the slot was used before.
    pub const fn generation(self) -> u32 {
        self.generation
    }

    /// Generation in the high half, slot in the low half.
    pub const fn to_u64(self) -> u64 {
        (self.generation as u64) << 32 | self.slot as u64
    }

    /// The inverse of [`Connection::to_u64`]. Any value is accepted: one that names no live socket is stale.
    pub const fn from_u64(packed: u64) -> Self {
        Self {
            slot: packed as u32,
            generation: (packed >> 32) as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_keeps_both_halves() {
        for connection in [
            Connection::new(0, 0),
            Connection::new(7, u32::MAX),
            Connection::new(u32::MAX, 3),
        ] {
            assert_eq!(Connection::from_u64(connection.to_u64()), connection);
        }
        assert_eq!(Connection::new(2, 1).to_u64(), 0x1_0000_0002);
    }
}
