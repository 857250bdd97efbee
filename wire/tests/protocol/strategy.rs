//! Frames with random fields inside their limits, as bytes, for the property tests.

use proptest::collection::vec;
use proptest::prelude::*;
use ringpost_wire::limits::{
    CLOCK_MS_MAX, CURSOR_BYTES_MAX, PAGE_BYTES_MAX, PAYLOAD_BYTES_MAX, SEQ_MAX,
};
use ringpost_wire::*;

fn seq() -> impl Strategy<Value = Seq> {
    prop_oneof![0..=20_u64, 0..=SEQ_MAX]
}

fn chat() -> impl Strategy<Value = ChatId> {
    any::<[u8; 16]>().prop_map(ChatId)
}

fn user() -> impl Strategy<Value = UserId> {
    any::<[u8; 16]>().prop_map(UserId)
}

/// An address of any user's device.
pub fn address() -> impl Strategy<Value = DeviceAddress> {
    (user(), 1..=u32::MAX).prop_map(|(user, device)| DeviceAddress { user, device })
}

fn text() -> impl Strategy<Value = String> {
    "\\PC{0,60}"
}

fn code() -> impl Strategy<Value = ErrorCode> {
    proptest::sample::select(ErrorCode::ALL)
}

fn bytes_of(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&mut out);
    out
}

type OwnedSlices = Vec<(DeviceAddress, Vec<u8>)>;

/// Payload and slices of a message, one of them empty; the order of slices is free.
fn content() -> impl Strategy<Value = (Vec<u8>, OwnedSlices)> {
    let whole = prop_oneof![
        vec(any::<u8>(), 0..200),
        vec(any::<u8>(), PAYLOAD_BYTES_MAX - 2..=PAYLOAD_BYTES_MAX)
    ];
    let sliced = proptest::collection::btree_map(address(), vec(any::<u8>(), 0..20), 1..12);
    let mixed = (sliced, 0..12_usize).prop_map(|(slices, turn)| {
        let mut slices: Vec<_> = slices.into_iter().collect();
        let turn = turn % slices.len();
        slices.rotate_left(turn);
        (Vec::new(), slices)
    });
    prop_oneof![3 => whole.prop_map(|payload| (payload, Vec::new())), 2 => mixed]
}

/// A `Send`.
pub fn send() -> impl Strategy<Value = Vec<u8>> {
    let numbers = (seq(), any::<u64>(), any::<u32>(), 0..16_u8, any::<bool>());
    (chat(), numbers, content()).prop_map(|(chat, numbers, (payload, slices))| {
        let (client_seq, message_id, device_epoch, unanswered, silent) = numbers;
        let slices: Vec<Slice<'_>> = slices
            .iter()
            .map(|(device, bytes)| Slice {
                device: *device,
                bytes,
            })
            .collect();
        let message = NewMessage {
            chat,
            client_seq,
            message_id,
            device_epoch,
            content_class: if silent {
                ContentClass::Silent
            } else {
                ContentClass::Visible
            },
            unanswered: u64::from(unanswered).min(client_seq.saturating_sub(1)) as u8,
            payload: &payload,
            slices: &slices,
        };
        bytes_of(|out| encode_send(&message, out).expect("the strategy keeps every limit"))
    })
}

/// A stamp with any sender.
pub fn stamp() -> impl Strategy<Value = Stamp> {
    (address(), 1..=SEQ_MAX, any::<u64>(), 1..=SEQ_MAX).prop_map(
        |(sender, seq, time_ms, client_seq)| Stamp {
            sender,
            seq,
            time_ms,
            client_seq,
        },
    )
}

fn deliver() -> impl Strategy<Value = Vec<u8>> {
    (send(), stamp()).prop_map(|(send, stamp)| {
        let view = MessageView::of_send(&send).expect("the strategy makes valid frames");
        bytes_of(|out| encode_stamped(&view, &stamp, out))
    })
}

fn struct_frames() -> impl Strategy<Value = Vec<u8>> {
    let ack = (chat(), seq()).prop_map(|(chat, seq)| bytes_of(|out| Ack { chat, seq }.encode(out)));
    let sent =
        (chat(), seq(), 1..=SEQ_MAX, any::<u64>()).prop_map(|(chat, client_seq, seq, time_ms)| {
            let sent = Sent {
                chat,
                client_seq,
                seq,
                time_ms,
            };
            bytes_of(|out| sent.encode(out))
        });
    let receipt = (chat(), user(), seq(), seq()).prop_map(|(chat, user, delivered_to, read_to)| {
        let receipt = Receipt {
            chat,
            user,
            delivered_to,
            read_to,
        };
        bytes_of(|out| receipt.encode(out))
    });
    prop_oneof![ack, sent, receipt]
}

fn session_frames() -> impl Strategy<Value = Vec<u8>> {
    let hello = (1..9_u16, 0..9_u16, "[!-~]{1,300}", text(), any::<u32>()).prop_map(
        |(version_min, more, token, client, heartbeat_ms)| {
            let hello = Hello {
                version_min,
                version_max: version_min + more,
                token: &token,
                client: &client,
                heartbeat_ms,
            };
            bytes_of(|out| hello.encode(out))
        },
    );
    let limits = (any::<u32>(), any::<u32>(), any::<u16>());
    let session = (any::<u16>(), any::<u64>(), 0..=CLOCK_MS_MAX, 1..=u32::MAX);
    let welcome = (address(), session, limits, text()).prop_map(
        |(device, (version, generation, time_ms, heartbeat_ms), limits, server)| {
            let welcome = Welcome {
                version,
                device,
                generation,
                time_ms,
                heartbeat_ms,
                frame_bytes_max: limits.0,
                payload_bytes_max: limits.1,
                unanswered_max: limits.2,
                server: &server,
            };
            bytes_of(|out| welcome.encode(out))
        },
    );
    let newer = "[!-~]{1,2048}"
        .prop_map(|token| bytes_of(|out| Reauthenticate { token: &token }.encode(out)));
    let ping = any::<u64>().prop_map(|nonce| bytes_of(|out| Ping { nonce }.encode(out)));
    let pong = any::<[u64; 2]>()
        .prop_map(|[nonce, time_ms]| bytes_of(|out| Pong { nonce, time_ms }.encode(out)));
    let go_away = (text(), any::<u32>()).prop_map(|(target, delay_ms)| {
        let target = target.as_str();
        bytes_of(|out| GoAway { target, delay_ms }.encode(out))
    });
    prop_oneof![hello, welcome, newer, ping, pong, go_away]
}

fn outcome_frames() -> impl Strategy<Value = Vec<u8>> {
    let failure = (code(), any::<[u32; 2]>(), any::<bool>(), text()).prop_map(
        |(code, [request, retry_after_ms], fatal, detail)| {
            let failure = Failure {
                code,
                request,
                fatal,
                retry_after_ms,
                detail: &detail,
            };
            bytes_of(|out| failure.encode(out))
        },
    );
    let refused = (chat(), code(), any::<[u64; 2]>(), any::<[u32; 2]>()).prop_map(
        |(chat, code, [client_seq, expected], [retry_after_ms, device_epoch])| {
            let refused = Refused {
                chat,
                client_seq,
                code,
                expected,
                retry_after_ms,
                device_epoch,
            };
            bytes_of(|out| refused.encode(out))
        },
    );
    prop_oneof![failure, refused]
}

fn chat_frames() -> impl Strategy<Value = Vec<u8>> {
    let behind =
        (chat(), seq()).prop_map(|(chat, head)| bytes_of(|out| Behind { chat, head }.encode(out)));
    let mark = (chat(), seq())
        .prop_map(|(chat, read_to)| bytes_of(|out| MarkRead { chat, read_to }.encode(out)));
    let open = (any::<u32>(), user())
        .prop_map(|(request, user)| bytes_of(|out| OpenChat { request, user }.encode(out)));
    let opened =
        (chat(), seq(), any::<[u32; 2]>()).prop_map(|(chat, head, [request, device_epoch])| {
            let opened = ChatOpened {
                request,
                chat,
                head,
                device_epoch,
            };
            bytes_of(|out| opened.encode(out))
        });
    let signal =
        (user(), any::<u32>(), vec(any::<u8>(), 0..100)).prop_map(|(target, ttl_ms, payload)| {
            let signal = Signal {
                target,
                ttl_ms,
                payload: &payload,
            };
            bytes_of(|out| signal.encode(out))
        });
    prop_oneof![behind, mark, open, opened, signal]
}

fn pending_frames() -> impl Strategy<Value = Vec<u8>> {
    let cursor = || vec(any::<u8>(), 0..=CURSOR_BYTES_MAX);
    let list = (any::<u32>(), cursor(), 1..=512_u16, any::<bool>()).prop_map(
        |(request, after, chats_max, all)| {
            let list = ListPending {
                request,
                after: &after,
                chats_max,
                all,
            };
            bytes_of(|out| list.encode(out))
        },
    );
    let numbers = (1..=SEQ_MAX, seq(), seq(), seq(), any::<u64>());
    let pending = (chat(), numbers).prop_map(
        |(chat, (from, head, delivered_to, read_to, last_time_ms))| PendingChat {
            chat,
            from,
            head,
            delivered_to,
            read_to,
            last_time_ms,
        },
    );
    let pending = (any::<u32>(), vec(pending, 0..40), cursor(), any::<bool>()).prop_map(
        |(request, chats, next, caught_up)| {
            let complete = next.is_empty();
            let pending = PendingList {
                request,
                caught_up: caught_up && complete && chats.is_empty(),
                complete,
                chats,
                next,
            };
            bytes_of(|out| pending.encode(out))
        },
    );
    prop_oneof![list, pending]
}

fn reason() -> impl Strategy<Value = EmptyReason> {
    proptest::sample::select(vec![
        EmptyReason::NotVisible,
        EmptyReason::NoSlice,
        EmptyReason::Deleted,
        EmptyReason::Trimmed,
    ])
}

fn page_frames() -> impl Strategy<Value = Vec<u8>> {
    let read = (
        any::<u32>(),
        chat(),
        1..=SEQ_MAX,
        1..=512_u16,
        1..=PAGE_BYTES_MAX as u32,
    )
        .prop_map(|(request, chat, from, messages_max, bytes_max)| {
            let read = ReadPage {
                request,
                chat,
                from,
                messages_max,
                bytes_max,
            };
            bytes_of(|out| read.encode(out))
        });
    let steps = vec((0..9_u64, 0..9_u64, reason()), 0..30);
    let marks = (seq(), seq(), seq(), seq());
    let page = (any::<u32>(), chat(), 1..1_000_u64, steps, marks, 0..9_u64).prop_map(
        |(request, chat, from, steps, marks, more)| {
            let mut next = from;
            let empty: Vec<EmptyRange> = steps
                .into_iter()
                .map(|(gap, more, reason)| {
                    let range = EmptyRange {
                        from: next + gap,
                        to: next + gap + more,
                        reason,
                    };
                    next = range.to + 1;
                    range
                })
                .collect();
            let page = Page {
                request,
                chat,
                from,
                to: next - 1 + more,
                first_available: marks.0,
                complete: more % 2 == 0,
                head: marks.1,
                delivered_to: marks.2,
                read_to: marks.3,
                empty,
            };
            bytes_of(|out| page.encode(out))
        },
    );
    prop_oneof![read, page]
}

/// A valid frame of any kind.
pub fn frame() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => send(),
        4 => deliver(),
        3 => struct_frames(),
        6 => session_frames(),
        2 => outcome_frames(),
        5 => chat_frames(),
        2 => pending_frames(),
        2 => page_frames(),
    ]
}
