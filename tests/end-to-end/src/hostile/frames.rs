//! Valid frames to attack with: one of each kind, and sends without end.

use ringpost_wire::*;

/// A frame of each kind with ordinary contents, for a chat and a user that do not exist.
pub(super) fn of_each_kind() -> Vec<(FrameKind, Vec<u8>)> {
    FrameKind::ALL
        .iter()
        .map(|&kind| (kind, of(kind)))
        .collect()
}

/// A frame of `kind`.
pub(super) fn of(kind: FrameKind) -> Vec<u8> {
    let mut out = Vec::new();
    match kind {
        FrameKind::Send => send(nowhere(), 1, b"hostile", &mut out),
        FrameKind::Deliver => deliver(&mut out),
        FrameKind::Hello => out = crate::raw::hello_frame("token", 0),
        FrameKind::Sent | FrameKind::Ack | FrameKind::Receipt => of_struct(kind, &mut out),
        FrameKind::Welcome | FrameKind::Pong | FrameKind::GoAway | FrameKind::Failure => {
            of_server(kind, &mut out);
        }
        FrameKind::Refused | FrameKind::ChatOpened | FrameKind::PendingList | FrameKind::Page => {
            of_server_answer(kind, &mut out);
        }
        FrameKind::Behind => Behind {
            chat: nowhere(),
            head: 1,
        }
        .encode(&mut out),
        _ => of_client(kind, &mut out),
    }
    out
}

/// A chat that does not exist.
pub(super) fn nowhere() -> ChatId {
    ChatId([0xAB; 16])
}

/// A user who does not exist.
pub(super) fn nobody() -> UserId {
    UserId([0xCD; 16])
}

/// Appends a send.
pub(super) fn send(chat: ChatId, client_seq: u64, payload: &[u8], out: &mut Vec<u8>) {
    let message = NewMessage {
        chat,
        client_seq,
        message_id: client_seq.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
        device_epoch: 0,
        content_class: ContentClass::Visible,
        unanswered: 0,
        payload,
        slices: &[],
    };
    encode_send(&message, out).expect("payload and numbers of an attack are within the limits");
}

/// A send with the sender's place taken by the server's kind: what a server would deliver, as far as a client can forge it.
fn deliver(out: &mut Vec<u8>) {
    send(nowhere(), 1, b"forged", out);
    out[4] = FrameKind::Deliver as u8;
}

fn of_struct(kind: FrameKind, out: &mut Vec<u8>) {
    let chat = nowhere();
    match kind {
        FrameKind::Sent => Sent {
            chat,
            client_seq: 1,
            seq: 1,
            time_ms: 1,
        }
        .encode(out),
        FrameKind::Ack => Ack { chat, seq: 1 }.encode(out),
        _ => Receipt {
            chat,
            user: nobody(),
            delivered_to: 1,
            read_to: 1,
        }
        .encode(out),
    }
}

fn of_client(kind: FrameKind, out: &mut Vec<u8>) {
    let (chat, user) = (nowhere(), nobody());
    match kind {
        FrameKind::Reauthenticate => Reauthenticate { token: "token" }.encode(out),
        FrameKind::Ping => Ping { nonce: 7 }.encode(out),
        FrameKind::MarkRead => MarkRead { chat, read_to: 1 }.encode(out),
        FrameKind::OpenChat => OpenChat { request: 1, user }.encode(out),
        FrameKind::ListPending => ListPending {
            request: 1,
            after: b"",
            chats_max: 8,
            all: false,
        }
        .encode(out),
        FrameKind::ReadPage => ReadPage {
            request: 1,
            chat,
            from: 1,
            messages_max: 8,
            bytes_max: 4_096,
        }
        .encode(out),
        _ => Signal {
            target: user,
            ttl_ms: 1_000,
            payload: b"typing",
        }
        .encode(out),
    }
}

fn of_server(kind: FrameKind, out: &mut Vec<u8>) {
    match kind {
        FrameKind::Welcome => Welcome {
            version: PROTOCOL_VERSION,
            device: DeviceAddress {
                user: nobody(),
                device: 1,
            },
            generation: 1,
            time_ms: 1,
            heartbeat_ms: 1_000,
            frame_bytes_max: 1,
            payload_bytes_max: 1,
            unanswered_max: 1,
            server: "forged",
        }
        .encode(out),
        FrameKind::Pong => Pong {
            nonce: 1,
            time_ms: 1,
        }
        .encode(out),
        FrameKind::GoAway => GoAway {
            target: "",
            delay_ms: 1,
        }
        .encode(out),
        _ => Failure {
            code: ErrorCode::Draining,
            request: 0,
            fatal: true,
            retry_after_ms: 1,
            detail: "forged",
        }
        .encode(out),
    }
}

fn of_server_answer(kind: FrameKind, out: &mut Vec<u8>) {
    let chat = nowhere();
    match kind {
        FrameKind::Refused => Refused {
            chat,
            client_seq: 1,
            code: ErrorCode::Overloaded,
            expected: 0,
            retry_after_ms: 1,
            device_epoch: 0,
        }
        .encode(out),
        FrameKind::ChatOpened => ChatOpened {
            request: 1,
            chat,
            head: 1,
            device_epoch: 0,
        }
        .encode(out),
        FrameKind::PendingList => PendingList {
            request: 1,
            chats: Vec::new(),
            next: Vec::new(),
            complete: true,
            caught_up: true,
        }
        .encode(out),
        _ => Page {
            request: 1,
            chat,
            from: 1,
            to: 1,
            first_available: 1,
            complete: true,
            head: 1,
            delivered_to: 1,
            read_to: 1,
            empty: Vec::new(),
        }
        .encode(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_whole_and_of_their_kind() {
        for (wanted, bytes) in of_each_kind() {
            match split(&bytes) {
                Ok(Split::Frame { kind, rest, .. }) => {
                    assert_eq!((kind, rest), (wanted, [].as_slice()));
                }
                other => panic!("{wanted:?}: {other:?}"),
            }
        }
    }
}
