//! Every kind of frame in every state of a session: heard where the state allows it, the end of the session elsewhere.

use ringpost_gateway_core::{CoreId, Input};
use ringpost_wire::*;

use crate::clients::*;
use crate::rig::Rig;
use crate::tokens::token;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    AwaitingHello,
    Authenticating,
    Live,
    Draining,
}

const STATES: [State; 4] = [
    State::AwaitingHello,
    State::Authenticating,
    State::Live,
    State::Draining,
];

/// A frame of a client, valid, for a chat that does not exist; `None` for the kinds of a server.
fn of_client(kind: FrameKind) -> Option<Vec<u8>> {
    let (chat, user) = (chat("ann", "nobody"), user("nobody"));
    let token = &token("ann", 1, EXPIRES_S);
    let mut out = Vec::new();
    match kind {
        FrameKind::Send => out = send_frame(chat, 1, b"x"),
        FrameKind::Ack => Ack { chat, seq: 1 }.encode(&mut out),
        FrameKind::Hello => out = hello(token),
        FrameKind::Reauthenticate => Reauthenticate { token }.encode(&mut out),
        FrameKind::Ping => Ping { nonce: 1 }.encode(&mut out),
        FrameKind::MarkRead => MarkRead { chat, read_to: 1 }.encode(&mut out),
        FrameKind::OpenChat => OpenChat { request: 1, user }.encode(&mut out),
        FrameKind::ListPending => ListPending {
            request: 1,
            after: b"",
            chats_max: 1,
            all: false,
        }
        .encode(&mut out),
        FrameKind::ReadPage => ReadPage {
            request: 1,
            chat,
            from: 1,
            messages_max: 1,
            bytes_max: 1,
        }
        .encode(&mut out),
        FrameKind::Signal => Signal {
            target: user,
            ttl_ms: 1,
            payload: b"",
        }
        .encode(&mut out),
        _ => return None,
    }
    Some(out)
}

/// As far as a client can forge it: right prefix, right length, zeros.
fn of_server(kind: FrameKind) -> Vec<u8> {
    let header_bytes = kind.header_bytes();
    let mut out = vec![0; header_bytes.max(16)];
    let frame_bytes = out.len() as u32;
    out[..4].copy_from_slice(&frame_bytes.to_le_bytes());
    out[4] = kind as u8;
    out[5] = (header_bytes / 8) as u8;
    out
}

fn in_state(state: State) -> (Rig, usize) {
    let mut rig = Rig::new(1);
    let connection = match state {
        State::AwaitingHello => rig.connect(0),
        State::Authenticating => {
            rig.lanes_hold = true;
            let connection = rig.connect(0);
            rig.say(connection, &hello(&token("ann", 1, EXPIRES_S)));
            connection
        }
        State::Live => rig.live(0, "ann", 1),
        State::Draining => {
            let connection = rig.live(0, "ann", 1);
            rig.input(
                CoreId(0),
                Input::Drain {
                    spread_ms: 0,
                    delay_ms: 60_000,
                },
            );
            rig.run();
            connection
        }
    };
    rig.connections[connection].inbox.clear();
    (rig, connection)
}

#[test]
fn each_kind_in_each_state_is_heard_or_ends_the_session() {
    for state in STATES {
        for &kind in FrameKind::ALL {
            let (frame, is_clients) = match of_client(kind) {
                Some(frame) => (frame, true),
                None => (of_server(kind), false),
            };
            let is_heard = match state {
                State::AwaitingHello => kind == FrameKind::Hello,
                State::Authenticating => false,
                State::Live | State::Draining => is_clients && kind != FrameKind::Hello,
            };
            let (mut rig, connection) = in_state(state);
            rig.say(connection, &frame);
            let expected = (!is_heard).then_some(ErrorCode::UnexpectedFrame);
            assert_eq!(rig.fatal(connection), expected, "{kind:?} in {state:?}");
            let was_said = rig.connections[connection].inbox.len();
            rig.say(connection, &frame);
            if !is_heard {
                let inbox = &rig.connections[connection].inbox;
                assert_eq!(inbox.len(), was_said, "{kind:?} after the end of {state:?}");
            }
        }
    }
}
