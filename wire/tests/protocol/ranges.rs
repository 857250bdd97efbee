//! Fields at the edge of their range are taken, and one past it refused.

use ringpost_wire::limits::{
    CLOCK_MS_MAX, CURSOR_BYTES_MAX, PAGE_EMPTY_RANGES_MAX, PAYLOAD_BYTES_MAX, SEQ_MAX,
    SIGNAL_BYTES_MAX, TEXT_BYTES_MAX,
};
use ringpost_wire::*;

use crate::{encode, golden, hex, samples};

fn built(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(&mut bytes);
    bytes
}

fn client_error(bytes: &[u8]) -> Option<FrameError> {
    ClientFrame::decode(encode::kind_of(bytes), bytes).err()
}

fn server_error(bytes: &[u8]) -> Option<FrameError> {
    ServerFrame::decode(encode::kind_of(bytes), bytes).err()
}

fn malformed(what: &'static str) -> Option<FrameError> {
    Some(FrameError::Malformed { what })
}

#[test]
fn versions_of_a_hello() {
    let error = |version_min, version_max| {
        let hello = Hello {
            version_min,
            version_max,
            token: "x",
            client: "",
            heartbeat_ms: 0,
        };
        client_error(&built(|out| hello.encode(out)))
    };
    assert_eq!(error(1, 1), None);
    assert_eq!(error(1, u16::MAX), None);
    assert_eq!(error(0, 1), malformed("version"));
    assert_eq!(error(2, 1), malformed("version"));
}

#[test]
fn numbers_of_a_welcome() {
    let error = |device, time_ms, heartbeat_ms| {
        let welcome = Welcome {
            version: 1,
            device: samples::device("ann", device),
            generation: 1,
            time_ms,
            heartbeat_ms,
            frame_bytes_max: 1,
            payload_bytes_max: 1,
            unanswered_max: 1,
            server: "",
        };
        server_error(&built(|out| welcome.encode(out)))
    };
    let wrong = malformed("time_ms, heartbeat_ms or device");
    assert_eq!(error(1, CLOCK_MS_MAX, 1), None);
    assert_eq!(error(0, 1, 1), wrong);
    assert_eq!(error(1, CLOCK_MS_MAX + 1, 1), wrong);
    assert_eq!(error(1, 1, 0), wrong);
}

#[test]
fn sizes_of_a_page() {
    let error = |from, messages_max, bytes_max| {
        let read = ReadPage {
            request: 1,
            chat: samples::chat(),
            from,
            messages_max,
            bytes_max,
        };
        client_error(&built(|out| read.encode(out)))
    };
    assert_eq!(error(1, 1, 1), None);
    assert_eq!(error(SEQ_MAX, 512, 262_144), None);
    assert_eq!(error(0, 1, 1), malformed("from"));
    assert_eq!(error(SEQ_MAX + 1, 1, 1), malformed("from"));
    for (messages_max, bytes_max) in [(0, 1), (513, 1), (1, 0), (1, 262_145)] {
        let wrong = malformed("messages_max or bytes_max");
        assert_eq!(error(1, messages_max, bytes_max), wrong);
    }
}

#[test]
fn sizes_of_a_list() {
    let error = |after: &[u8], chats_max| {
        let list = ListPending {
            request: 1,
            after,
            chats_max,
            all: false,
        };
        client_error(&built(|out| list.encode(out)))
    };
    assert_eq!(error(&[1; CURSOR_BYTES_MAX], 512), None);
    assert_eq!(error(&[1; CURSOR_BYTES_MAX + 1], 1), malformed("cursor"));
    assert_eq!(error(b"", 0), malformed("chats_max"));
    assert_eq!(error(b"", 513), malformed("chats_max"));
}

#[test]
fn the_payload_of_a_signal() {
    let error = |payload: &[u8]| {
        let signal = Signal {
            target: UserId([1; 16]),
            ttl_ms: 1,
            payload,
        };
        client_error(&built(|out| signal.encode(out)))
    };
    assert_eq!(error(&[0; SIGNAL_BYTES_MAX]), None);
    assert_eq!(error(&[0; SIGNAL_BYTES_MAX + 1]), malformed("payload"));
}

/// `bytes` with the number at `at` replaced, for lengths that no builder writes.
fn with_u32(bytes: &[u8], at: usize, value: u32) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at..at + 4].copy_from_slice(&value.to_le_bytes());
    changed
}

/// A `GoAway` of a peer that keeps no limit: the target is the last thing in the frame.
fn go_away(target_bytes: usize) -> Vec<u8> {
    let go_away = GoAway {
        target: "x",
        delay_ms: 1,
    };
    let mut bytes = built(|out| go_away.encode(out));
    let count = bytes
        .windows(5)
        .position(|window| window == b"\x01\0\0\0x")
        .expect("the target is in the frame");
    bytes.truncate(count + 4);
    bytes.resize(count + 4 + target_bytes, b'x');
    bytes.extend_from_slice(&[0; 4]);
    let bytes = with_u32(&bytes, count, target_bytes as u32);
    let frame_bytes = bytes.len() as u32;
    with_u32(&bytes, 0, frame_bytes)
}

#[test]
fn texts_are_cut_by_their_writer_and_refused_by_their_reader() {
    assert_eq!(server_error(&go_away(TEXT_BYTES_MAX)), None);
    assert_eq!(
        server_error(&go_away(TEXT_BYTES_MAX + 1)),
        malformed("text")
    );
    let long = format!("x{}", "é".repeat(TEXT_BYTES_MAX));
    let failure = Failure {
        code: ErrorCode::Draining,
        request: 0,
        fatal: true,
        retry_after_ms: 0,
        detail: &long,
    };
    let bytes = built(|out| failure.encode(out));
    match ServerFrame::decode(FrameKind::Failure, &bytes) {
        Ok(ServerFrame::Failure(read)) => assert_eq!(read.detail, &long[..TEXT_BYTES_MAX - 1]),
        other => panic!("not a failure: {other:?}"),
    }
}

#[test]
fn codes_and_reasons_of_later_versions_are_refused() {
    let failure = hex::parse(&golden::text("failure"));
    let at = failure
        .windows(2)
        .skip(8)
        .position(|window| window == 18_u16.to_le_bytes())
        .expect("the code is in the frame")
        + 8;
    let mut bytes = failure.clone();
    bytes[at..at + 2].copy_from_slice(&9_999_u16.to_le_bytes());
    assert_eq!(server_error(&bytes), malformed("code"));
    let mut page = hex::parse(&golden::text("page"));
    let reason = page.len() - 8;
    assert_eq!(page[reason], EmptyReason::NoSlice as u8);
    page[reason] = 5;
    assert_eq!(server_error(&page), malformed("reason"));
}

#[test]
fn ranges_of_a_page() {
    let ranges = |count: usize| -> Vec<EmptyRange> {
        (1..=count as u64)
            .map(|seq| EmptyRange {
                from: seq,
                to: seq,
                reason: EmptyReason::Trimmed,
            })
            .collect()
    };
    let page = Page {
        request: 1,
        chat: samples::chat(),
        from: 1,
        to: 1_000,
        first_available: 1_000,
        complete: true,
        head: 1_000,
        delivered_to: 0,
        read_to: 0,
        empty: ranges(PAGE_EMPTY_RANGES_MAX),
    };
    let bytes = built(|out| page.encode(out));
    assert_eq!(server_error(&bytes), None);
    // The list is the last thing in the frame: one more range and a greater count make it too long.
    let count = bytes.len() - PAGE_EMPTY_RANGES_MAX * 24 - 4;
    let more = PAGE_EMPTY_RANGES_MAX as u32 + 1;
    assert_eq!(bytes[count..count + 4], (more - 1).to_le_bytes());
    let mut longer = with_u32(&bytes, count, more);
    for value in [u64::from(more), u64::from(more), 4] {
        longer.extend_from_slice(&value.to_le_bytes());
    }
    let frame_bytes = longer.len() as u32;
    assert_eq!(
        server_error(&with_u32(&longer, 0, frame_bytes)),
        malformed("empty")
    );
}

#[test]
fn the_payload_of_a_message() {
    let send = hex::parse(&golden::text("send"));
    for (payload_bytes, expected) in [
        (0, None),
        (PAYLOAD_BYTES_MAX, None),
        (PAYLOAD_BYTES_MAX + 1, Some(FrameError::PayloadTooLarge)),
    ] {
        let mut bytes = send[..88].to_vec();
        bytes.resize(88 + payload_bytes, 7);
        let frame_bytes = bytes.len() as u32;
        assert_eq!(client_error(&with_u32(&bytes, 0, frame_bytes)), expected);
    }
}

#[test]
fn a_device_copy_has_the_header_of_this_version() {
    let send = hex::parse(&golden::text("send_slices"));
    let view = MessageView::of_send(&send).expect("a golden frame is valid");
    let stamp = Stamp {
        sender: samples::device("ann", 1),
        seq: 2,
        time_ms: 1_700_000_002_000,
        client_seq: 2,
    };
    let mut stored = Vec::new();
    encode_stamped(&view, &stamp, &mut stored);
    // As a later version may have stored it: eight more bytes of header.
    stored.splice(88..88, [0x5a; 8]);
    stored[5] += 1;
    let frame_bytes = stored.len() as u32;
    let stored = with_u32(&stored, 0, frame_bytes);
    let stored = MessageView::of_deliver(&stored).expect("a longer header is skipped");
    let mut copy = Vec::new();
    assert!(write_device_copy(
        &stored,
        samples::device("bob", 2),
        &mut copy
    ));
    assert_eq!(copy, hex::parse(&golden::text("deliver_slice")));
}
