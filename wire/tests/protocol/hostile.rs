//! Bytes of a hostile or broken peer: nothing panics, and what is accepted means what it says.

use proptest::collection::vec;
use proptest::prelude::*;
use ringpost_wire::limits::{PAYLOAD_BYTES_MAX, SEQ_MAX, SLICES_MAX};
use ringpost_wire::*;

use crate::{encode, golden, hex, samples, strategy};

/// Decodes as both peers would; what is accepted must build a frame that is accepted and means the same.
fn try_both(kind: FrameKind, bytes: &[u8]) {
    if let Ok(frame) = ClientFrame::decode(kind, bytes) {
        let again = encode::client(&frame);
        if kind == FrameKind::Send {
            assert_eq!(again, bytes, "there is one form of each Send");
        }
        assert_eq!(
            ClientFrame::decode(kind, &again).map(|frame| encode::client(&frame)),
            Ok(again.clone())
        );
        let same = ClientFrame::decode(kind, &again).expect("just accepted");
        assert_eq!(same, frame);
    }
    if let Ok(frame) = ServerFrame::decode(kind, bytes) {
        let again = encode::server(&frame);
        let same = ServerFrame::decode(kind, &again).expect("an accepted frame is built again");
        if kind == FrameKind::Deliver {
            assert_eq!(encode::server(&same), again);
        } else {
            assert_eq!(same, frame);
        }
    }
}

/// Follows `stream` as both peers would, to its end or first error.
fn follow(stream: &[u8]) {
    let mut rest = stream;
    while let Ok(Split::Frame {
        kind,
        frame,
        rest: after,
    }) = split(rest)
    {
        try_both(kind, frame);
        rest = after;
    }
    let _ = MessageView::of_send(stream);
    let _ = MessageView::of_deliver(stream);
}

fn kind() -> impl Strategy<Value = FrameKind> {
    proptest::sample::select(FrameKind::ALL)
}

/// A right prefix before `tail`.
fn with_prefix(kind: FrameKind, tail: &[u8]) -> Vec<u8> {
    let mut bytes = ((8 + tail.len()) as u32).to_le_bytes().to_vec();
    bytes.extend_from_slice(&[kind as u8, (kind.header_bytes() / 8) as u8, 0, 0]);
    bytes.extend_from_slice(tail);
    bytes
}

/// `bytes` with its length field made right.
fn with_length(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = (bytes.len() as u32).to_le_bytes();
    bytes[..4].copy_from_slice(&length);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn random_bytes_do_no_harm(bytes in vec(any::<u8>(), 0..200), kind in kind()) {
        follow(&bytes);
        try_both(kind, &bytes);
        follow(&with_prefix(kind, &bytes));
    }

    #[test]
    fn small_numbers_do_no_harm(bytes in vec(0..32_u8, 0..200), kind in kind()) {
        follow(&with_prefix(kind, &bytes));
    }

    #[test]
    fn changed_bytes_do_no_harm(
        frame in strategy::frame(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = frame;
        for (place, value) in changes {
            let place = place.index(bytes.len().min(400));
            bytes[place] = value;
        }
        follow(&bytes);
        follow(&with_length(bytes));
    }

    #[test]
    fn flipped_bits_do_no_harm(frame in strategy::frame(), bit in any::<prop::sample::Index>()) {
        let mut bytes = frame;
        let bit = bit.index(bytes.len().min(400) * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        follow(&bytes);
    }

    #[test]
    fn cut_frames_do_no_harm(frame in strategy::frame(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(frame.len());
        follow(&frame[..cut]);
        try_both(FrameKind::from_wire(frame[4]).expect("built frames have a kind"), &frame[..cut]);
        if cut >= 8 {
            follow(&with_length(frame[..cut].to_vec()));
        }
    }

    #[test]
    fn a_field_of_the_server_in_a_send_is_refused(
        send in strategy::send(),
        place in prop_oneof![24..56_usize, 72..76_usize],
        value in 1..=255_u8,
    ) {
        let mut bytes = send;
        bytes[place] = value;
        let refused = ClientFrame::decode(FrameKind::Send, &bytes);
        let malformed = matches!(refused, Err(FrameError::Malformed { .. }));
        prop_assert!(malformed, "{:?}", refused);
    }
}

#[test]
fn every_single_bit_of_every_golden_frame_may_flip() {
    for sample in samples::all() {
        for bit in 0..sample.bytes.len() * 8 {
            let mut bytes = sample.bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            follow(&bytes);
        }
    }
}

fn golden_bytes(name: &str) -> Vec<u8> {
    hex::parse(&golden::text(name))
}

fn client_error(bytes: &[u8]) -> Option<FrameError> {
    match split(bytes) {
        Ok(Split::Frame { kind, frame, .. }) => ClientFrame::decode(kind, frame).err(),
        Ok(Split::More { .. }) => None,
        Err(error) => Some(error),
    }
}

fn malformed(what: &'static str) -> Option<FrameError> {
    Some(FrameError::Malformed { what })
}

#[test]
fn each_peer_sends_its_own_frames_only() {
    for sample in samples::all() {
        let kind = encode::kind_of(&sample.bytes);
        let wrong = FrameError::WrongDirection { kind: kind as u8 };
        let from_client = ClientFrame::decode(kind, &sample.bytes);
        let from_server = ServerFrame::decode(kind, &sample.bytes);
        assert!(from_client.is_ok() || from_client == Err(wrong));
        assert!(from_server.is_ok() || from_server == Err(wrong));
        assert!(from_client.is_ok() || from_server.is_ok());
        assert_eq!(wrong.code(), ErrorCode::UnexpectedFrame);
    }
}

#[test]
fn a_send_with_a_wrong_field_is_refused() {
    let with = |name: &str, offset: usize, value: u8| {
        let mut bytes = golden_bytes(name);
        bytes[offset] = value;
        client_error(&bytes)
    };
    assert_eq!(with("send", 80, 1), malformed("reserved"));
    assert_eq!(with("send", 86, 2), malformed("content_class"));
    assert_eq!(with("send", 63, 0x80), malformed("client_seq"));
    assert_eq!(with("send", 87, 1), malformed("unanswered"));
    assert_eq!(with("send", 56, 200), None);
    assert_eq!(with("send_slices", 87, 2), malformed("unanswered"));
    assert_eq!(with("send_slices", 84, 9), malformed("slice_count"));
    assert_eq!(
        with("send_slices", 85, 1),
        Some(FrameError::PayloadTooLarge)
    );
    assert_eq!(with("send_slices", 108, 8), malformed("slice bytes"));
    assert_eq!(with("send_slices", 111, 0xff), malformed("slice bytes"));
    assert_eq!(with("send_slices", 128, 1), malformed("slice device"));
    assert_eq!(with("send_slices", 128, 0), malformed("slice device"));
}

#[test]
fn sixteen_unanswered_forerunners_are_too_many() {
    let mut bytes = golden_bytes("send");
    bytes[56] = 100;
    bytes[87] = 15;
    assert_eq!(client_error(&bytes), None);
    bytes[87] = 16;
    assert_eq!(client_error(&bytes), malformed("unanswered"));
}

#[test]
fn frames_of_fixed_length_have_it() {
    for name in ["ack", "sent", "receipt"] {
        let mut bytes = golden_bytes(name);
        bytes.extend_from_slice(&[0; 8]);
        let bytes = with_length(bytes);
        let kind = encode::kind_of(&bytes);
        let refused = [
            ClientFrame::decode(kind, &bytes).err(),
            ServerFrame::decode(kind, &bytes).err(),
        ];
        assert!(refused.contains(&malformed("frame_bytes")), "{name}");
    }
}

#[test]
fn a_kind_has_its_own_largest_frame() {
    for (kind, bytes_max) in [
        (FrameKind::Ping, 1024),
        (FrameKind::Hello, 4096),
        (FrameKind::Signal, 5120),
        (FrameKind::Send, 65_536),
    ] {
        let mut bytes = with_prefix(kind, &[]);
        bytes[..4].copy_from_slice(&(bytes_max as u32).to_le_bytes());
        assert_eq!(
            split(&bytes),
            Ok(Split::More {
                frame_bytes: bytes_max
            })
        );
        let frame_bytes = bytes_max as u32 + 1;
        bytes[..4].copy_from_slice(&frame_bytes.to_le_bytes());
        assert_eq!(split(&bytes), Err(FrameError::TooLarge { frame_bytes }));
    }
}

#[test]
fn bytes_after_the_table_are_not_looked_at() {
    let mut bytes = golden_bytes("ping");
    bytes.extend_from_slice(&[0xff; 9]);
    let bytes = with_length(bytes);
    let frame = ClientFrame::decode(FrameKind::Ping, &bytes);
    assert_eq!(frame, Ok(ClientFrame::Ping(Ping { nonce: 77 })));
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    for (name, text) in [
        ("hello", &b"eyJ"[..]),
        ("hello", b"example"),
        ("reauthenticate", b"eyJ"),
    ] {
        let mut bytes = golden_bytes(name);
        let place = bytes.windows(text.len()).position(|window| window == text);
        bytes[place.expect("the text is in the frame")] = 0xff;
        assert_eq!(client_error(&bytes), malformed("table"), "{name}");
    }
}

#[test]
fn an_empty_or_too_long_token_is_refused() {
    for token in [String::new(), "x".repeat(2049), "é".repeat(100_000)] {
        let mut bytes = Vec::new();
        Reauthenticate { token: &token }.encode(&mut bytes);
        assert_eq!(client_error(&bytes), malformed("token"));
        bytes.clear();
        let hello = Hello {
            version_min: 1,
            version_max: 1,
            token: &token,
            client: &token,
            heartbeat_ms: 0,
        };
        hello.encode(&mut bytes);
        assert_eq!(client_error(&bytes), malformed("token"));
    }
    let mut bytes = Vec::new();
    let token = "x".repeat(2048);
    Reauthenticate { token: &token }.encode(&mut bytes);
    assert_eq!(client_error(&bytes), None);
}

#[test]
fn what_is_over_its_limit_is_refused_by_the_peer() {
    let mut bytes = Vec::new();
    let list = ListPending {
        request: 1,
        after: &[7; 5000],
        chats_max: 1,
        all: false,
    };
    list.encode(&mut bytes);
    assert_eq!(client_error(&bytes), malformed("cursor"));
    bytes.clear();
    let signal = Signal {
        target: UserId([1; 16]),
        ttl_ms: 1,
        payload: &[7; 100_000],
    };
    signal.encode(&mut bytes);
    assert_eq!(client_error(&bytes), malformed("payload"));
    bytes.clear();
    let ack = Ack {
        chat: samples::chat(),
        seq: SEQ_MAX + 1,
    };
    ack.encode(&mut bytes);
    assert_eq!(client_error(&bytes), malformed("seq"));
}

fn encode_new(payload: &[u8], slices: &[Slice<'_>]) -> Result<usize, FrameError> {
    let message = NewMessage {
        chat: samples::chat(),
        client_seq: 1,
        message_id: 1,
        device_epoch: 0,
        content_class: ContentClass::Visible,
        unanswered: 0,
        payload,
        slices,
    };
    let mut out = b"before".to_vec();
    let result = encode_send(&message, &mut out);
    assert!(out.len() == 6 || result.is_ok(), "nothing is left behind");
    result.map(|()| out.len() - 6)
}

#[test]
fn a_message_outside_the_limits_is_not_built() {
    let part = |device, bytes| Slice {
        device: samples::device("bob", device),
        bytes,
    };
    let whole = vec![0; PAYLOAD_BYTES_MAX + 1];
    let half = &whole[..PAYLOAD_BYTES_MAX / 2 + 1];
    assert_eq!(encode_new(&whole[1..], &[]), Ok(88 + PAYLOAD_BYTES_MAX));
    assert_eq!(encode_new(&whole, &[]), Err(FrameError::PayloadTooLarge));
    assert_eq!(encode_new(b"", &[]), Ok(88));
    let halves = [part(1, half), part(2, half)];
    assert_eq!(encode_new(b"", &halves), Err(FrameError::PayloadTooLarge));
    let beside = encode_new(b"x", &[part(1, b"")]);
    assert_eq!(beside.err(), malformed("a payload beside slices"));
    let twice = encode_new(b"", &[part(1, b"x"), part(2, b""), part(1, b"y")]);
    assert_eq!(twice.err(), malformed("slice device"));
    let slices: Vec<_> = (1..=SLICES_MAX as u32 + 1)
        .map(|device| part(device, &b"x"[..]))
        .collect();
    assert_eq!(encode_new(b"", &slices), Err(FrameError::PayloadTooLarge));
    assert_eq!(encode_new(b"", &slices[1..]), Ok(88 + 25 * SLICES_MAX));
}

fn server_error(bytes: &[u8]) -> Option<FrameError> {
    ServerFrame::decode(encode::kind_of(bytes), bytes).err()
}

#[test]
fn a_page_that_contradicts_itself_is_refused() {
    let error = |from: Seq, to: Seq, ranges: &[(Seq, Seq)]| {
        let range = |&(from, to): &(Seq, Seq)| EmptyRange {
            from,
            to,
            reason: EmptyReason::Deleted,
        };
        let page = Page {
            request: 1,
            chat: samples::chat(),
            from,
            to,
            first_available: 1,
            complete: true,
            head: 9,
            delivered_to: 9,
            read_to: 9,
            empty: ranges.iter().map(range).collect(),
        };
        let mut bytes = Vec::new();
        page.encode(&mut bytes);
        server_error(&bytes)
    };
    assert_eq!(error(3, 9, &[(3, 3), (5, 9)]), None);
    assert_eq!(error(3, 2, &[]), None);
    assert_eq!(error(0, 0, &[]), malformed("from"));
    assert_eq!(error(3, 1, &[]), malformed("to"));
    assert_eq!(error(3, SEQ_MAX + 1, &[]), malformed("to"));
    for ranges in [
        &[(2, 3)][..],
        &[(9, 10)],
        &[(5, 4)],
        &[(3, 5), (5, 6)],
        &[(5, 6), (3, 4)],
    ] {
        assert_eq!(error(3, 9, ranges), malformed("empty"), "{ranges:?}");
    }
}

#[test]
fn a_pending_list_that_contradicts_itself_is_refused() {
    let chat = PendingChat {
        chat: samples::chat(),
        from: 1,
        head: 1,
        delivered_to: 0,
        read_to: 0,
        last_time_ms: 0,
    };
    let error = |chats: &[PendingChat], next: &[u8], complete: bool, caught_up: bool| {
        let list = PendingList {
            request: 1,
            chats: chats.to_vec(),
            next: next.to_vec(),
            complete,
            caught_up,
        };
        let mut bytes = Vec::new();
        list.encode(&mut bytes);
        server_error(&bytes)
    };
    assert_eq!(error(&[chat], b"", true, false), None);
    assert_eq!(error(&[chat], b"x", false, false), None);
    assert_eq!(error(&[], b"", true, true), None);
    assert_eq!(error(&[], b"x", true, false), malformed("chats or next"));
    assert_eq!(error(&[], b"", false, false), malformed("chats or next"));
    assert_eq!(error(&[chat], b"", true, true), malformed("caught_up"));
    assert_eq!(error(&[], b"x", false, true), malformed("caught_up"));
    let nothing = PendingChat { from: 0, ..chat };
    assert_eq!(error(&[nothing], b"", true, false), malformed("from"));
}

#[test]
fn lists_longer_than_their_limit_are_refused() {
    let chats_at = |bytes: &[u8]| {
        let one = 1_u32.to_le_bytes();
        let id = samples::chat().0;
        let chat = bytes.windows(16).position(|window| window == id);
        let chat = chat.expect("the chat is in the frame");
        assert_eq!(bytes[chat - 4..chat], one, "the count stands before it");
        chat - 4
    };
    let mut bytes = golden_bytes("pending_list");
    let at = chats_at(&bytes);
    for count in [512_usize, 513] {
        bytes.truncate(at + 4);
        bytes[at..].copy_from_slice(&(count as u32).to_le_bytes());
        let mut chat = samples::chat().0.to_vec();
        chat.extend_from_slice(&1_u64.to_le_bytes());
        chat.resize(56, 0);
        bytes.extend_from_slice(&chat.repeat(count));
        let expected = (count > 512).then(|| malformed("chats or next")).flatten();
        assert_eq!(server_error(&with_length(bytes.clone())), expected);
    }
}
