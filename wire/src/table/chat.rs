//! Frames about one chat: opening it, reading marks, and the note that deliveries were left out.

use super::codec::{encode, id, root};
use crate::frame::{FrameError, FrameKind, seq};
use crate::generated::ringpost::wire as generated;
use crate::{ChatId, Seq, UserId};

/// Deliveries of a chat were left out: read from the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    /// The chat; all zero: of any chat, ask for the pending list again.
    pub chat: ChatId,
    /// The chat's last message that the server knew of; 0 where the chat is all zero.
    pub head: Seq,
}

/// The user has read a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkRead {
    /// The chat.
    pub chat: ChatId,
    /// The last message read.
    pub read_to: Seq,
}

/// Open the one-to-one chat with a user; opening an open chat is harmless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenChat {
    /// Number of the request, chosen by the client; comes back in the answer.
    pub request: u32,
    /// The other user; oneself for the chat with oneself.
    pub user: UserId,
}

/// Answer to `OpenChat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChatOpened {
    /// Number of the request.
    pub request: u32,
    /// The chat.
    pub chat: ChatId,
    /// The chat's last message; 0 when there is none.
    pub head: Seq,
    /// Version of the members' device lists.
    pub device_epoch: u32,
}

impl Behind {
    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode(FrameKind::Behind, out, |builder| {
            let args = generated::BehindArgs {
                chat: Some(&id(self.chat.0)),
                head: self.head,
            };
            generated::Behind::create(builder, &args)
        });
    }

    pub(crate) fn decode(frame: &[u8]) -> Result<Self, FrameError> {
        let table = root::<generated::Behind<'_>>(frame, FrameKind::Behind)?;
        Ok(Self {
            chat: ChatId(table.chat().0),
            head: seq(table.head(), "head")?,
        })
    }
}

impl MarkRead {
    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode(FrameKind::MarkRead, out, |builder| {
            let args = generated::MarkReadArgs {
                chat: Some(&id(self.chat.0)),
                read_to: self.read_to,
            };
            generated::MarkRead::create(builder, &args)
        });
    }

    pub(crate) fn decode(frame: &[u8]) -> Result<Self, FrameError> {
        let table = root::<generated::MarkRead<'_>>(frame, FrameKind::MarkRead)?;
        Ok(Self {
            chat: ChatId(table.chat().0),
            read_to: seq(table.read_to(), "read_to")?,
        })
    }
}

impl OpenChat {
    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode(FrameKind::OpenChat, out, |builder| {
            let args = generated::OpenChatArgs {
                request: self.request,
                user: Some(&id(self.user.0)),
            };
            generated::OpenChat::create(builder, &args)
        });
    }

    pub(crate) fn decode(frame: &[u8]) -> Result<Self, FrameError> {
        let table = root::<generated::OpenChat<'_>>(frame, FrameKind::OpenChat)?;
        Ok(Self {
            request: table.request(),
            user: UserId(table.user().0),
        })
    }
}

impl ChatOpened {
    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode(FrameKind::ChatOpened, out, |builder| {
            let args = generated::ChatOpenedArgs {
                request: self.request,
                chat: Some(&id(self.chat.0)),
                head: self.head,
                device_epoch: self.device_epoch,
            };
            generated::ChatOpened::create(builder, &args)
        });
    }

    pub(crate) fn decode(frame: &[u8]) -> Result<Self, FrameError> {
        let table = root::<generated::ChatOpened<'_>>(frame, FrameKind::ChatOpened)?;
        Ok(Self {
            request: table.request(),
            chat: ChatId(table.chat().0),
            head: seq(table.head(), "head")?,
            device_epoch: table.device_epoch(),
        })
    }
}
