//! One frame of each hot kind, and the message in them: a short text, about 200 bytes on the wire.

use ringpost_wire::{
    Ack, ChatId, ContentClass, DeviceAddress, MessageView, NewMessage, ReadPage, Sent, Stamp,
    UserId, encode_send, stamp_in_place,
};

/// Payload of a short text, in bytes.
pub(crate) const PAYLOAD_BYTES: usize = 112;

const CHAT: ChatId = ChatId(*b"the chat's id 16");

/// The message.
pub(super) const MESSAGE: NewMessage<'static> = NewMessage {
    chat: CHAT,
    client_seq: 7,
    message_id: 0x1234_5678_9abc_def0,
    device_epoch: 3,
    content_class: ContentClass::Visible,
    unanswered: 2,
    payload: &[0x5a; PAYLOAD_BYTES],
    slices: &[],
};

/// What the server writes into it.
pub(super) const STAMP: Stamp = Stamp {
    sender: DeviceAddress {
        user: UserId(*b"the user's id 16"),
        device: 1,
    },
    seq: 99,
    time_ms: 1_700_000_000_000,
    client_seq: 7,
};

/// Its answer.
pub(super) const SENT: Sent = Sent {
    chat: CHAT,
    client_seq: 7,
    seq: 99,
    time_ms: 1_700_000_000_000,
};

/// Its acknowledgement.
pub(super) const ACK: Ack = Ack {
    chat: CHAT,
    seq: 99,
};

/// A request that is a table.
pub(super) const READ_PAGE: ReadPage = ReadPage {
    request: 5,
    chat: CHAT,
    from: 42,
    messages_max: 100,
    bytes_max: 65_536,
};

/// The frame that `encode` appends.
pub(super) fn frame(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut frame = Vec::new();
    encode(&mut frame);
    frame
}

/// The message as a `Send`.
pub(super) fn send() -> Vec<u8> {
    frame(|out| encode_send(&MESSAGE, out).expect("the message keeps every limit"))
}

/// The message as a `Deliver`.
pub(super) fn deliver() -> Vec<u8> {
    let mut frame = send();
    stamp_in_place(&mut frame, &STAMP);
    frame
}

/// Panics unless `frame` is the message as a `Send`.
pub(super) fn assert_send(frame: &[u8]) {
    let view = MessageView::of_send(frame).expect("a Send was built");
    assert_message(&view);
    assert_eq!((view.client_seq(), view.unanswered()), (7, 2));
    assert_eq!(view.sender(), DeviceAddress::default());
}

/// Panics unless `frame` is the message as a `Deliver`.
pub(super) fn assert_deliver(frame: &[u8]) {
    let view = MessageView::of_deliver(frame).expect("a Deliver was built");
    assert_message(&view);
    assert_eq!((view.sender(), view.seq()), (STAMP.sender, STAMP.seq));
    assert_eq!((view.time_ms(), view.client_seq()), (STAMP.time_ms, 7));
}

fn assert_message(view: &MessageView<'_>) {
    assert_eq!((view.chat(), view.message_id()), (CHAT, MESSAGE.message_id));
    assert_eq!(view.device_epoch(), MESSAGE.device_epoch);
    assert_eq!(view.content_class(), MESSAGE.content_class);
    assert_eq!((view.slice_count(), view.payload()), (0, MESSAGE.payload));
}
