//! The steps of shedding, in the order of the contract: what comes first is given up first, stored messages and
//! acknowledgements last.

/// Something that is left out or refused under load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Signals that somebody types. Not yet there: the step keeps its place.
    Typing,
    /// Presence. Not yet there: the step keeps its place.
    Presence,
    /// Read marks, and receipts.
    ReadReceipts,
    /// Permissions to upload or download media. Not yet there: the step keeps its place.
    MediaGrants,
    /// New sends and new chats; a refused one is taken when it comes again.
    NewSends,
    /// Pages and lists of what is stored. Never for delay, only where there is no room.
    Stored,
    /// Acknowledgements. Never for delay, only where there is no room; their devices acknowledge again.
    Acks,
}

/// Steps that the level of load sheds: those before pages and acknowledgements.
pub const STEPS_BY_LEVEL: u8 = Step::Stored as u8;

impl Step {
    /// All, the first to go first.
    pub const ALL: [Self; 7] = [
        Self::Typing,
        Self::Presence,
        Self::ReadReceipts,
        Self::MediaGrants,
        Self::NewSends,
        Self::Stored,
        Self::Acks,
    ];

    /// The step's name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Typing => "typing",
            Self::Presence => "presence",
            Self::ReadReceipts => "read_receipts",
            Self::MediaGrants => "media_grants",
            Self::NewSends => "new_sends",
            Self::Stored => "stored",
            Self::Acks => "acks",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_the_contracts() {
        assert!(Step::ALL.is_sorted());
        let named = Step::ALL.map(Step::name).join(" ");
        let contract = "typing presence read_receipts media_grants new_sends stored acks";
        assert_eq!(named, contract);
        assert_eq!(STEPS_BY_LEVEL, 5);
    }
}
