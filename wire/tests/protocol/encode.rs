//! Builds the bytes of a decoded frame again, field by field, so that a field lost in decoding shows.

use ringpost_wire::{
    ClientFrame, FrameError, FrameKind, MessageView, NewMessage, ServerFrame, Slice, Split, Stamp,
    encode_send, encode_stamped, split,
};

/// The fields that `view`'s sender chose, as a `Send`.
pub fn send(view: &MessageView<'_>, unanswered: u8) -> Result<Vec<u8>, FrameError> {
    let slices: Vec<Slice<'_>> = view.slices().collect();
    let message = NewMessage {
        chat: view.chat(),
        client_seq: view.client_seq(),
        message_id: view.message_id(),
        device_epoch: view.device_epoch(),
        content_class: view.content_class(),
        unanswered,
        payload: if slices.is_empty() {
            view.payload()
        } else {
            b""
        },
        slices: &slices,
    };
    let mut out = Vec::new();
    encode_send(&message, &mut out).map(|()| out)
}

/// `view` as a `Deliver`.
pub fn deliver(view: &MessageView<'_>) -> Result<Vec<u8>, FrameError> {
    let sent = send(view, 0)?;
    let stamp = Stamp {
        sender: view.sender(),
        seq: view.seq(),
        time_ms: view.time_ms(),
        client_seq: view.client_seq(),
    };
    let mut out = Vec::new();
    encode_stamped(&MessageView::of_send(&sent)?, &stamp, &mut out);
    Ok(out)
}

/// The bytes of a client's frame.
pub fn client(frame: &ClientFrame<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    match frame {
        ClientFrame::Send(view) => {
            return send(view, view.unanswered()).expect("an accepted message can be built");
        }
        ClientFrame::Ack(frame) => frame.encode(&mut out),
        ClientFrame::Hello(frame) => frame.encode(&mut out),
        ClientFrame::Reauthenticate(frame) => frame.encode(&mut out),
        ClientFrame::Ping(frame) => frame.encode(&mut out),
        ClientFrame::MarkRead(frame) => frame.encode(&mut out),
        ClientFrame::OpenChat(frame) => frame.encode(&mut out),
        ClientFrame::ListPending(frame) => frame.encode(&mut out),
        ClientFrame::ReadPage(frame) => frame.encode(&mut out),
        ClientFrame::Signal(frame) => frame.encode(&mut out),
    }
    out
}

/// The bytes of a server's frame.
pub fn server(frame: &ServerFrame<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    match frame {
        ServerFrame::Deliver(view) => {
            return deliver(view).expect("an accepted message can be built");
        }
        ServerFrame::Sent(frame) => frame.encode(&mut out),
        ServerFrame::Receipt(frame) => frame.encode(&mut out),
        ServerFrame::Welcome(frame) => frame.encode(&mut out),
        ServerFrame::Pong(frame) => frame.encode(&mut out),
        ServerFrame::GoAway(frame) => frame.encode(&mut out),
        ServerFrame::Failure(frame) => frame.encode(&mut out),
        ServerFrame::Refused(frame) => frame.encode(&mut out),
        ServerFrame::Behind(frame) => frame.encode(&mut out),
        ServerFrame::ChatOpened(frame) => frame.encode(&mut out),
        ServerFrame::PendingList(frame) => frame.encode(&mut out),
        ServerFrame::Page(frame) => frame.encode(&mut out),
        ServerFrame::Signal(frame) => frame.encode(&mut out),
    }
    out
}

/// The kind of the one whole frame that `bytes` are.
///
/// # Panics
/// They are not one whole frame.
pub fn kind_of(bytes: &[u8]) -> FrameKind {
    match split(bytes) {
        Ok(Split::Frame { kind, rest: [], .. }) => kind,
        other => panic!("not one whole frame: {other:?}"),
    }
}

/// Whether a client sends frames of `kind`.
pub fn is_from_client(kind: FrameKind) -> bool {
    let header = vec![(kind.header_bytes() / 8) as u8; kind.header_bytes()];
    let wrong = FrameError::WrongDirection { kind: kind as u8 };
    ClientFrame::decode(kind, &header) != Err(wrong)
}

/// Whether a server sends frames of `kind`.
pub fn is_from_server(kind: FrameKind) -> bool {
    let wrong = FrameError::WrongDirection { kind: kind as u8 };
    ServerFrame::decode(kind, &[]) != Err(wrong)
}
