//! What passes on a connection, as frames: clients' reads and their answers, for the order of a chat in real time, and refusals for
//! load, which nothing that comes later on the connection may overtake.

use std::collections::BTreeMap;

use ringpost_gateway_core::SessionId;
use ringpost_wire::{
    ChatId, ClientFrame, FrameKind, OpenChat, Page, ReadPage, Seq, ServerFrame, Split, UserId,
    split,
};

use crate::application::short;
use crate::connection::{ConnectionId, Peer};
use crate::node::Arrived;
use crate::sticky::Sticky;
use crate::world::{CoreLife, World};

/// What a connection's frames have told.
#[derive(Debug, Default)]
pub struct Tap {
    /// Reads without an answer: the chat, and what must be shown at least.
    reads: BTreeMap<u32, (ChatId, Seq)>,
    /// Bytes at the client that are no whole frame yet.
    heard: Vec<u8>,
    /// Bytes at the node that are no whole frame yet.
    received: Vec<u8>,
    sticky: Sticky,
}

impl World {
    /// A client writes whole frames.
    pub fn tap_written(&mut self, id: ConnectionId, bytes: &[u8]) {
        let mut rest = bytes;
        while let Ok(Split::Frame {
            kind,
            frame,
            rest: after,
        }) = split(rest)
        {
            rest = after;
            if matches!(kind, FrameKind::OpenChat | FrameKind::ReadPage)
                && let Ok(frame) = ClientFrame::decode(kind, frame)
            {
                self.read_asked(id, &frame);
            }
        }
    }

    fn read_asked(&mut self, id: ConnectionId, frame: &ClientFrame<'_>) {
        let (request, chat) = match frame {
            ClientFrame::OpenChat(OpenChat { request, user }) => {
                (*request, ChatId::one_to_one(self.user_of(id), *user))
            }
            ClientFrame::ReadPage(ReadPage { request, chat, .. }) => (*request, *chat),
            _ => return,
        };
        let least = self.model.linear.ask(chat);
        let tap = &mut self.connections[id.0].tap;
        tap.reads.insert(request, (chat, least));
    }

    fn user_of(&self, id: ConnectionId) -> UserId {
        match self.connections[id.0].peer {
            Peer::Sdk(client) => self.clients[client].device.user,
            Peer::Raw(raw) => self.raws[raw].device.user,
        }
    }

    /// A client hears bytes.
    pub fn tap_heard(&mut self, id: ConnectionId, bytes: &[u8]) {
        let mut heard = std::mem::take(&mut self.connections[id.0].tap.heard);
        heard.extend_from_slice(bytes);
        let mut rest = &heard[..];
        while let Ok(Split::Frame {
            kind,
            frame,
            rest: after,
        }) = split(rest)
        {
            rest = after;
            if matches!(kind, FrameKind::ChatOpened | FrameKind::Page)
                && let Ok(frame) = ServerFrame::decode(kind, frame)
            {
                self.read_answered(id, &frame);
            }
        }
        let begin = heard.len() - rest.len();
        heard.drain(..begin);
        self.connections[id.0].tap.heard = heard;
    }

    fn read_answered(&mut self, id: ConnectionId, frame: &ServerFrame<'_>) {
        let (request, head) = match frame {
            ServerFrame::ChatOpened(opened) => (opened.request, opened.head),
            // A page that says it is complete shows what it covers.
            ServerFrame::Page(page) => (page.request, shown_by(page)),
            _ => return,
        };
        let tap = &mut self.connections[id.0].tap;
        let Some((chat, least)) = tap.reads.remove(&request) else {
            return;
        };
        let now_us = self.now_us;
        self.counts.add("reads answered");
        if let Err(why) = self.model.linear.show(chat, least, head, now_us) {
            let peer = self.connections[id.0].peer;
            self.fail(format_args!("linear: {peer:?} in {}: {why}", short(chat)));
        }
    }

    /// A core is about to take in what arrived.
    pub fn tap_arrived(&mut self, at: CoreLife) {
        let core = &mut self.nodes[at.node].cores[at.core];
        let arrived = std::mem::take(&mut core.arrived);
        for what in &arrived {
            if let Arrived::Received(session, bytes) = what
                && let Some(id) = self.nodes[at.node].cores[at.core].sessions.get(session)
            {
                self.tap_received(*id, bytes);
            }
        }
        self.nodes[at.node].cores[at.core].arrived = arrived;
    }

    fn tap_received(&mut self, id: ConnectionId, bytes: &[u8]) {
        let turn = self.now_us;
        let tap = &mut self.connections[id.0].tap;
        tap.received.extend_from_slice(bytes);
        let mut rest = &tap.received[..];
        while let Ok(Split::Frame {
            kind,
            frame,
            rest: after,
        }) = split(rest)
        {
            rest = after;
            if kind == FrameKind::Send
                && let Ok(ClientFrame::Send(message)) = ClientFrame::decode(kind, frame)
            {
                let number = (message.client_seq(), message.unanswered());
                tap.sticky.received(message.chat(), number, turn);
            }
        }
        let begin = tap.received.len() - rest.len();
        tap.received.drain(..begin);
    }

    /// A core writes a whole frame to a session.
    pub fn tap_told(&mut self, at: CoreLife, session: SessionId, frame: &[u8]) {
        let sessions = &self.nodes[at.node].cores[at.core].sessions;
        let Some(id) = sessions.get(&session).copied() else {
            return;
        };
        let kind = frame.get(4).map(|kind| FrameKind::from_wire(*kind));
        let Some(Ok(kind @ (FrameKind::Sent | FrameKind::Refused))) = kind else {
            return;
        };
        let turn = self.now_us;
        let sticky = &mut self.connections[id.0].tap.sticky;
        let told = match ServerFrame::decode(kind, frame) {
            Ok(ServerFrame::Sent(sent)) => sticky.sent(sent.chat, sent.client_seq, turn),
            Ok(ServerFrame::Refused(refused)) => {
                sticky.refused(refused.chat, refused.client_seq, refused.code)
            }
            _ => Ok(()),
        };
        if let Err(why) = told {
            self.fail(format_args!("refusals: {id:?} {why}"));
        }
    }
}

/// Up to where a page shows a chat: what it covers, if it says that there is no more.
fn shown_by(page: &Page) -> Seq {
    if page.complete { page.to } else { page.head }
}
