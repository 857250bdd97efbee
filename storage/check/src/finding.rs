//! What a check can find: each kind breaks one invariant of the key space.

use crate::key_text;

/// Defines the kinds with their names and what each breaks.
macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $name:literal;)*) => {
        /// A broken invariant.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum FindingKind {
            $($(#[doc = $doc])+ $kind,)*
        }

        impl FindingKind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// Its name, for programs.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// A row whose first byte is of no family.
    UnknownFamily = "unknown_family";
    /// A key of a family with another length than the family's.
    MalformedKey = "malformed_key";
    /// A value that cannot be read.
    DamagedRow = "damaged_row";
    /// A message whose frame names another chat or number than its key.
    MisplacedMessage = "misplaced_message";
    /// Rows of a chat that has no head.
    HeadMissing = "head_missing";
    /// A number after what is trimmed and up to the head without a message.
    MessageMissing = "message_missing";
    /// A message at or before the last number that is trimmed.
    MessageTrimmed = "message_trimmed";
    /// A message after the head.
    MessageBeyondHead = "message_beyond_head";
    /// A message earlier than one before it, or whose time contradicts the head's.
    TimeRunsBack = "time_runs_back";
    /// A number of a sender that is stored again, or after a later one.
    MessageDoubled = "message_doubled";
    /// A member that other rows name and that has no row.
    MemberMissing = "member_missing";
    /// A head whose list of members is not that of the member rows.
    HeadMembers = "head_members";
    /// A member, or a membership, that begins after the next message.
    MemberBeyondHead = "member_beyond_head";
    /// A send window with a result that is after the head.
    WindowBeyondHead = "window_beyond_head";
    /// A send window whose results do not ascend.
    WindowDisordered = "window_disordered";
    /// A sender whose window is in the head and in a row.
    WindowTwice = "window_twice";
    /// A window in a row, though the head says that there is none.
    WindowUnannounced = "window_unannounced";
    /// A result of a window that is not what the log holds: another sender, number, digest or time.
    WindowDisagrees = "window_disagrees";
    /// A message whose sender has no window, or one that does not reach the message's number.
    WindowBehind = "window_behind";
    /// A read cursor after the head.
    CursorBeyondHead = "cursor_beyond_head";
    /// A read cursor, though the head says that there is none.
    CursorUnannounced = "cursor_unannounced";
    /// A member without the row that lists the chat for its user.
    MembershipMissing = "membership_missing";
    /// A device that is pending in a chat that does not deliver to it, or from before it was added.
    PendingUnlisted = "pending_unlisted";
    /// A device that is pending for a message after the head.
    PendingBeyondHead = "pending_beyond_head";
    /// A device that is pending for a message that is trimmed.
    PendingTrimmed = "pending_trimmed";
    /// A pending row in a chat too large for them.
    PendingInLargeChat = "pending_in_large_chat";
    /// A user that other rows name and that has no row.
    UserMissing = "user_missing";
    /// A user without a device.
    UserWithoutDevice = "user_without_device";
    /// A device that a chat names and that has no row.
    DeviceMissing = "device_missing";
    /// A linked device that a chat of its user does not list.
    DeviceNotLinked = "device_not_linked";
    /// A removed device that a chat still lists.
    DeviceNotRemoved = "device_not_removed";
    /// A user with more devices than there may be.
    TooManyDevices = "too_many_devices";
    /// A row of the engine's own, beside the key space, that cannot be read, that is missing, or that no engine has.
    OwnRow = "own_row";
    /// A row of a lane, or a fence, of an incarnation that its node was never given: it would be given again.
    IncarnationUngiven = "incarnation_ungiven";
    /// A fence of a shard that there is not.
    UnknownShard = "unknown_shard";
    /// An import that has not come to its end.
    ImportUnfinished = "import_unfinished";
}

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is broken.
    pub kind: FindingKind,
    /// The row, or where it should be.
    pub key: Vec<u8>,
    /// What was expected, and what is there.
    pub expected: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, key) = (self.kind.name(), key_text(&self.key));
        write!(f, "{kind}: {key}: {}", self.expected)
    }
}
