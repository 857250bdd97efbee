//! The fixed frames of the golden files: one conversation of Ann and Bob, which the page tells as its example.

use ringpost_wire::limits::{FRAME_BYTES_MAX, HEARTBEAT_MS, PAYLOAD_BYTES_MAX, UNANSWERED_MAX};
use ringpost_wire::*;

/// A session token of Ann, signed with `an example secret of 32 bytes!!!`.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJkaWQiOjEsImF1ZCI6InJpbmdwb3N0IiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwODY0MDB9.FCOhXNCMfXhenXLA39GAlBaWhwHsBYML67mTCwaQp0Y";
/// A later one.
const NEWER_TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJkaWQiOjEsImF1ZCI6InJpbmdwb3N0IiwiaWF0IjoxNzAwMDQwMDAwLCJleHAiOjE3MDAxMjY0MDB9.6hJWSli3jmXM_atTKkMoENH0QK2Deyy_qcz-3OdaCXM";
const START_MS: u64 = 1_700_000_000_000;

/// A golden frame: the name of its file and its bytes.
pub struct Sample {
    /// Name of the file without ending.
    pub name: &'static str,
    /// The frame.
    pub bytes: Vec<u8>,
}

fn sample(name: &'static str, encode: impl FnOnce(&mut Vec<u8>)) -> Sample {
    let mut bytes = Vec::new();
    encode(&mut bytes);
    Sample { name, bytes }
}

/// The device of a user.
pub fn device(subject: &str, device: u32) -> DeviceAddress {
    DeviceAddress {
        user: UserId::from_subject(subject),
        device,
    }
}

/// The chat of Ann and Bob.
pub fn chat() -> ChatId {
    ChatId::one_to_one(UserId::from_subject("ann"), UserId::from_subject("bob"))
}

/// All golden frames.
pub fn all() -> Vec<Sample> {
    let mut samples = session();
    samples.extend(messages());
    samples.extend(marks());
    samples.extend(log());
    samples.extend(refusals());
    samples
}

fn session() -> Vec<Sample> {
    let hello = Hello {
        version_min: 1,
        version_max: 1,
        token: TOKEN,
        client: "example 1.0",
        heartbeat_ms: 0,
    };
    let welcome = Welcome {
        version: PROTOCOL_VERSION,
        device: device("ann", 1),
        generation: START_MS + 20,
        time_ms: START_MS + 21,
        heartbeat_ms: HEARTBEAT_MS,
        frame_bytes_max: FRAME_BYTES_MAX as u32,
        payload_bytes_max: PAYLOAD_BYTES_MAX as u32,
        unanswered_max: UNANSWERED_MAX as u16,
        server: "ringpost 0.1.0",
    };
    let newer = Reauthenticate { token: NEWER_TOKEN };
    let ping = Ping { nonce: 77 };
    let pong = Pong {
        nonce: 77,
        time_ms: START_MS + 240_000,
    };
    let go_away = GoAway {
        target: "edge-2.example:7400",
        delay_ms: 30_000,
    };
    vec![
        sample("hello", |out| hello.encode(out)),
        sample("welcome", |out| welcome.encode(out)),
        sample("reauthenticate", |out| newer.encode(out)),
        sample("ping", |out| ping.encode(out)),
        sample("pong", |out| pong.encode(out)),
        sample("go_away", |out| go_away.encode(out)),
    ]
}

fn encoded(message: &NewMessage<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    encode_send(message, &mut out).expect("the sample keeps every limit");
    out
}

fn stamped(send: &[u8], seq: Seq) -> Vec<u8> {
    let view = MessageView::of_send(send).expect("the sample is valid");
    let stamp = Stamp {
        sender: device("ann", 1),
        seq,
        time_ms: START_MS + 1000 * seq,
        client_seq: view.client_seq(),
    };
    let mut out = Vec::new();
    encode_stamped(&view, &stamp, &mut out);
    out
}

fn messages() -> Vec<Sample> {
    let send = encoded(&NewMessage {
        chat: chat(),
        client_seq: 1,
        message_id: 0x1234_5678_9abc_def0,
        device_epoch: 0,
        content_class: ContentClass::Visible,
        unanswered: 0,
        payload: b"Hello, Bob",
        slices: &[],
    });
    let part = |number, bytes: &'static [u8]| Slice {
        device: device("bob", number),
        bytes,
    };
    let sliced = encoded(&NewMessage {
        chat: chat(),
        client_seq: 2,
        message_id: 0x0fed_cba9_8765_4321,
        device_epoch: 7,
        content_class: ContentClass::Silent,
        unanswered: 1,
        payload: b"",
        slices: &[part(1, b"for one"), part(2, b"for two!")],
    });
    let stored = stamped(&sliced, 2);
    let stored = MessageView::of_deliver(&stored).expect("the sample is valid");
    let sent = Sent {
        chat: chat(),
        client_seq: 1,
        seq: 1,
        time_ms: START_MS + 1000,
    };
    vec![
        sample("deliver", |out| out.extend(stamped(&send, 1))),
        sample("deliver_slice", |out| {
            assert!(write_device_copy(&stored, device("bob", 2), out));
        }),
        sample("send", |out| out.extend(send)),
        sample("send_slices", |out| out.extend(sliced)),
        sample("sent", |out| sent.encode(out)),
    ]
}

fn marks() -> Vec<Sample> {
    let ack = Ack {
        chat: chat(),
        seq: 1,
    };
    let receipt = Receipt {
        chat: chat(),
        user: UserId::from_subject("bob"),
        delivered_to: 1,
        read_to: 0,
    };
    let mark_read = MarkRead {
        chat: chat(),
        read_to: 1,
    };
    let open = OpenChat {
        request: 1,
        user: UserId::from_subject("bob"),
    };
    let opened = ChatOpened {
        request: 1,
        chat: chat(),
        head: 0,
        device_epoch: 1,
    };
    let signal = Signal {
        target: UserId::from_subject("bob"),
        ttl_ms: 5_000,
        payload: b"typing",
    };
    vec![
        sample("ack", |out| ack.encode(out)),
        sample("receipt", |out| receipt.encode(out)),
        sample("mark_read", |out| mark_read.encode(out)),
        sample("open_chat", |out| open.encode(out)),
        sample("chat_opened", |out| opened.encode(out)),
        sample("signal", |out| signal.encode(out)),
    ]
}

fn log() -> Vec<Sample> {
    let list = ListPending {
        request: 1,
        after: b"",
        chats_max: 100,
        all: false,
    };
    let pending = PendingChat {
        chat: chat(),
        from: 1,
        head: 1,
        delivered_to: 1,
        read_to: 0,
        last_time_ms: START_MS + 1000,
    };
    let pending = PendingList {
        request: 1,
        chats: vec![pending],
        next: Vec::new(),
        complete: true,
        caught_up: false,
    };
    let read = ReadPage {
        request: 2,
        chat: chat(),
        from: 1,
        messages_max: 100,
        bytes_max: 65_536,
    };
    let page = Page {
        request: 2,
        chat: chat(),
        from: 1,
        to: 4,
        first_available: 3,
        complete: true,
        head: 4,
        delivered_to: 4,
        read_to: 2,
        empty: vec![
            EmptyRange {
                from: 1,
                to: 2,
                reason: EmptyReason::Trimmed,
            },
            EmptyRange {
                from: 4,
                to: 4,
                reason: EmptyReason::NoSlice,
            },
        ],
    };
    let behind = Behind {
        chat: chat(),
        head: 4,
    };
    vec![
        sample("list_pending", |out| list.encode(out)),
        sample("pending_list", |out| pending.encode(out)),
        sample("read_page", |out| read.encode(out)),
        sample("page", |out| page.encode(out)),
        sample("behind", |out| behind.encode(out)),
    ]
}

fn refusals() -> Vec<Sample> {
    let refused = Refused {
        chat: chat(),
        client_seq: 5,
        code: ErrorCode::Gap,
        expected: 3,
        retry_after_ms: 0,
        device_epoch: 0,
    };
    let failure = Failure {
        code: ErrorCode::TokenExpired,
        request: 0,
        fatal: true,
        retry_after_ms: 0,
        detail: "the token ended at 1700086400",
    };
    vec![
        sample("refused", |out| refused.encode(out)),
        sample("failure", |out| failure.encode(out)),
    ]
}
