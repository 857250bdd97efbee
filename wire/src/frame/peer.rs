//! The two unions: what a server accepts from a client and what a client accepts from a server.

use super::{Ack, FrameError, FrameKind, MessageView, Receipt, Sent};
use crate::table::{
    Behind, ChatOpened, Failure, GoAway, Hello, ListPending, MarkRead, OpenChat, Page, PendingList,
    Ping, Pong, ReadPage, Reauthenticate, Refused, Signal, Welcome,
};

/// A verified frame from a client.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum ClientFrame<'a> {
    Send(MessageView<'a>),
    Ack(Ack),
    Hello(Hello<'a>),
    Reauthenticate(Reauthenticate<'a>),
    Ping(Ping),
    MarkRead(MarkRead),
    OpenChat(OpenChat),
    ListPending(ListPending<'a>),
    ReadPage(ReadPage),
    Signal(Signal<'a>),
}

impl<'a> ClientFrame<'a> {
    /// Verifies a whole frame that `split` found.
    ///
    /// # Errors
    /// The frame breaks the format, or is one that only a server sends.
    pub fn decode(kind: FrameKind, frame: &'a [u8]) -> Result<Self, FrameError> {
        let header_words = frame.get(5).copied().map(usize::from);
        if header_words != Some(kind.header_bytes() / 8) {
            return Err(FrameError::Malformed {
                what: "header_words",
            });
        }
        Ok(match kind {
            FrameKind::Send => Self::Send(MessageView::of_send(frame)?),
            FrameKind::Ack => Self::Ack(Ack::decode(frame)?),
            FrameKind::Hello => Self::Hello(Hello::decode(frame)?),
            FrameKind::Reauthenticate => Self::Reauthenticate(Reauthenticate::decode(frame)?),
            FrameKind::Ping => Self::Ping(Ping::decode(frame)?),
            FrameKind::MarkRead => Self::MarkRead(MarkRead::decode(frame)?),
            FrameKind::OpenChat => Self::OpenChat(OpenChat::decode(frame)?),
            FrameKind::ListPending => Self::ListPending(ListPending::decode(frame)?),
            FrameKind::ReadPage => Self::ReadPage(ReadPage::decode(frame)?),
            FrameKind::Signal => Self::Signal(Signal::decode(frame)?),
            other => return Err(FrameError::WrongDirection { kind: other as u8 }),
        })
    }
}

/// A verified frame from a server.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum ServerFrame<'a> {
    Sent(Sent),
    Deliver(MessageView<'a>),
    Receipt(Receipt),
    Welcome(Welcome<'a>),
    Pong(Pong),
    GoAway(GoAway<'a>),
    Failure(Failure<'a>),
    Refused(Refused),
    Behind(Behind),
    ChatOpened(ChatOpened),
    PendingList(PendingList),
    Page(Page),
    Signal(Signal<'a>),
}

impl<'a> ServerFrame<'a> {
    /// Verifies a whole frame that `split` found.
    ///
    /// # Errors
    /// The frame breaks the format, or is one that only a client sends.
    pub fn decode(kind: FrameKind, frame: &'a [u8]) -> Result<Self, FrameError> {
        Ok(match kind {
            FrameKind::Sent => Self::Sent(Sent::decode(frame)?),
            FrameKind::Deliver => Self::Deliver(MessageView::of_deliver(frame)?),
            FrameKind::Receipt => Self::Receipt(Receipt::decode(frame)?),
            FrameKind::Welcome => Self::Welcome(Welcome::decode(frame)?),
            FrameKind::Pong => Self::Pong(Pong::decode(frame)?),
            FrameKind::GoAway => Self::GoAway(GoAway::decode(frame)?),
            FrameKind::Failure => Self::Failure(Failure::decode(frame)?),
            FrameKind::Refused => Self::Refused(Refused::decode(frame)?),
            FrameKind::Behind => Self::Behind(Behind::decode(frame)?),
            FrameKind::ChatOpened => Self::ChatOpened(ChatOpened::decode(frame)?),
            FrameKind::PendingList => Self::PendingList(PendingList::decode(frame)?),
            FrameKind::Page => Self::Page(Page::decode(frame)?),
            FrameKind::Signal => Self::Signal(Signal::decode(frame)?),
            other => return Err(FrameError::WrongDirection { kind: other as u8 }),
        })
    }
}
