//! `Operation`: what a completion belongs to, packed into the 64 bits of user data that the kernel hands back.
//! Layout: generation in bits 32-63, kind in bits 24-31, index in bits 0-23. Invariant: unpack(pack(x)) is x.

/// Largest index: a slot of the file table or the number of an accept.
pub(crate) const INDEX_MAX: u32 = (1 << 24) - 1;

/// The kind of a submission; decides who handles its completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// A cancel: its own completion says nothing that the cancelled operation's completion does not.
    Cancel = 0,
    /// An accept into a reserved slot; the index numbers the accept.
    Accept = 1,
    /// The socket of a connect.
    Socket = 2,
    /// A socket option of a connect.
    SetOption = 3,
    /// The local address of a connect.
    Bind = 4,
    /// The connect itself.
    Connect = 5,
    /// A multishot receive.
    Receive = 6,
    /// A send of the socket's coalesced bytes.
    Send = 7,
    /// The end of our half of the stream.
    Shutdown = 8,
    /// The release of the slot.
    Close = 9,
    /// The read of the waker's counter.
    Wake = 10,
    /// A poll for the next byte of an idle socket.
    Poll = 11,
}

/// One submission: its kind, what it works on, and which life of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) kind: Kind,
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

impl Operation {
    pub(crate) fn new(kind: Kind, index: u32, generation: u32) -> Self {
        assert!(index <= INDEX_MAX);
        Self {
            kind,
            index,
            generation,
        }
    }

    pub(crate) fn pack(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.kind as u8) << 24 | u64::from(self.index)
    }

    /// None if the bits were not made by [`Operation::pack`].
    pub(crate) fn unpack(user_data: u64) -> Option<Self> {
        let kind = match (user_data >> 24) as u8 {
            0 => Kind::Cancel,
            1 => Kind::Accept,
            2 => Kind::Socket,
            3 => Kind::SetOption,
            4 => Kind::Bind,
            5 => Kind::Connect,
            6 => Kind::Receive,
            7 => Kind::Send,
            8 => Kind::Shutdown,
            9 => Kind::Close,
            10 => Kind::Wake,
            11 => Kind::Poll,
            _ => return None,
        };
        Some(Self {
            kind,
            index: user_data as u32 & INDEX_MAX,
            generation: (user_data >> 32) as u32,
        })
    }
}

/// One entry of the completion queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Completion {
    pub(crate) user_data: u64,
    /// Count of bytes, or a negated error number.
    pub(crate) result: i32,
    pub(crate) flags: u32,
}

impl Completion {
    /// Whether the submission will complete again.
    pub(crate) fn has_more(self) -> bool {
        io_uring::cqueue::more(self.flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_packing() {
        for code in 0..=11u64 {
            let operation =
                Operation::unpack(0xdead_beef_0012_3456 | code << 24).expect("a known kind");
            assert_eq!(operation.kind as u64, code);
            assert_eq!(
                (operation.index, operation.generation),
                (0x12_3456, 0xdead_beef)
            );
            assert_eq!(Operation::unpack(operation.pack()), Some(operation));
        }
        assert_eq!(Operation::unpack(12 << 24), None);
    }
}
