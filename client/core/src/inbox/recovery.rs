//! A state that turned out to be older than what its device did since, as one from a backup is: every chat is listed, each is read from
//! where this device stands in it, and until all that was acknowledged before is kept again this device does not have everything.
//!
//! It shows by what the server has as acknowledged or used and the state does not know. A storage that can tell says so beforehand.

use crate::effect::Effect;
use crate::machine::Machine;

/// How far the recovery of a state that was set back is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Recovery {
    /// Nothing shows that the state was set back.
    #[default]
    None,
    /// All chats are to be listed.
    Unlisted,
    /// All chats are listed in this session.
    Listed,
}

impl Recovery {
    pub(crate) fn of(is_set_back: bool) -> Self {
        match is_set_back {
            true => Self::Unlisted,
            false => Self::None,
        }
    }

    pub(crate) fn wants_all(self) -> bool {
        self == Self::Unlisted && cfg!(not(planted = "set_back_chats_unlisted"))
    }

    pub(crate) fn listed_all(&mut self) {
        if *self == Self::Unlisted {
            *self = Self::Listed;
        }
    }

    /// A chat in which all is acknowledged is in no other list.
    pub(crate) fn connection_lost(&mut self) {
        *self = Self::of(*self != Self::None);
    }
}

impl Machine {
    /// Something shows that the state was set back.
    pub(crate) fn found_set_back(&mut self) {
        if self.recovery == Recovery::None {
            self.recovery = Recovery::Unlisted;
            self.effects.push_back(Effect::SetBack);
            self.lister.want();
        }
    }

    /// Whether nothing is missing that this device had acknowledged before its state was set back.
    pub(crate) fn is_recovered(&self) -> bool {
        match self.recovery {
            Recovery::None => true,
            Recovery::Unlisted => false,
            Recovery::Listed if cfg!(planted = "recovered_before_kept") => true,
            Recovery::Listed => self.streams.values().all(|stream| {
                stream.acked_before == 0 || stream.ackable() >= Some(stream.acked_before)
            }),
        }
    }
}
