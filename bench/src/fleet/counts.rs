//! `Counts`: what happened, as totals that only grow.

use std::collections::BTreeMap;

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// Totals of a run.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counts {
            $($(#[$doc])* pub $name: u64,)+
        }

        impl Counts {
            /// How much each count grew since `earlier`.
            pub fn since(&self, earlier: &Self) -> Self {
                Self { $($name: self.$name - earlier.$name,)+ }
            }

            /// The counts by name.
            pub fn by_name(&self) -> BTreeMap<String, u64> {
                BTreeMap::from([$((stringify!($name).to_owned(), self.$name),)+])
            }
        }
    };
}

counts! {
    /// Connects begun.
    connects,
    /// Sessions that came to `Welcome`.
    sign_ins,
    /// Connections that ended without our doing.
    lost_connections,
    /// Messages transmitted for the first time.
    sends,
    /// Messages transmitted again.
    resends,
    /// Messages stored.
    sent,
    /// Answers to messages that were answered before.
    repeated_answers,
    /// Messages that reached a recipient's device, each once.
    delivered,
    /// Deliveries of what the device had.
    repeated_deliveries,
    /// Deliveries that did not follow the one before and were not asked for.
    early_deliveries,
    /// Gaps that had to be read from the log.
    gaps_read,
    /// Acknowledgements.
    acks,
    /// Read marks.
    marks_read,
    /// Receipts.
    receipts,
    /// Sends refused.
    refused,
    /// `Behind` frames.
    behind,
    /// Pages read.
    pages,
    /// Seqs without content in pages.
    page_empty,
    /// Chats opened.
    chats_opened,
    /// Heartbeats.
    pings,
    /// Typing signals of the schedule: the protocol's version 1 has none.
    typing_not_sent,
    /// Sends of the schedule whose device was not signed in or whose queue was full.
    schedule_missed,
    /// Frames written.
    frames_out,
    /// Frames read.
    frames_in,
    /// Bytes written.
    bytes_out,
    /// Bytes read.
    bytes_in,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_by_name() {
        let earlier = Counts {
            sent: 3,
            ..Counts::default()
        };
        let later = Counts {
            sent: 10,
            pages: 1,
            ..Counts::default()
        };
        let grown = later.since(&earlier).by_name();
        assert_eq!((grown["sent"], grown["pages"], grown["acks"]), (7, 1, 0));
    }
}
