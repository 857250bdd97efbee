//! What is built is found, decoded and built again without a change, wherever it lies; versions to come are read too.

use proptest::prelude::*;
use ringpost_wire::{
    ClientFrame, FrameKind, MessageView, ServerFrame, Slice, Split, Stamp, device_copy_bytes,
    digest, encode_stamped, split, write_device_copy,
};

use crate::{encode, golden, hex, samples, strategy};

fn assert_round_trip(bytes: &[u8]) {
    let kind = encode::kind_of(bytes);
    assert!(encode::is_from_client(kind) || encode::is_from_server(kind));
    if encode::is_from_client(kind) {
        let frame = ClientFrame::decode(kind, bytes).expect("built frames are valid");
        assert_eq!(encode::client(&frame), bytes);
    }
    if encode::is_from_server(kind) {
        let frame = ServerFrame::decode(kind, bytes).expect("built frames are valid");
        assert_eq!(encode::server(&frame), bytes);
    }
}

/// Everything that a message says.
fn meaning<'a>(view: &MessageView<'a>) -> impl PartialEq + std::fmt::Debug + use<'a> {
    let slices: Vec<Slice<'a>> = view.slices().collect();
    let numbers = (view.client_seq(), view.message_id(), view.device_epoch());
    (
        view.chat(),
        numbers,
        view.content_class(),
        view.payload(),
        slices,
    )
}

fn check_device_copies(message: &MessageView<'_>) {
    for slice in message.slices() {
        let mut out = b"before".to_vec();
        assert!(write_device_copy(message, slice.device, &mut out));
        let copy = &out[6..];
        assert_eq!(device_copy_bytes(message, slice.device), Some(copy.len()));
        let copy = MessageView::of_deliver(copy).expect("a device's copy is a message");
        assert_eq!((copy.slice_count(), copy.payload()), (0, slice.bytes));
        assert_eq!((copy.chat(), copy.seq()), (message.chat(), message.seq()));
        assert_eq!(copy.sender(), message.sender());
        assert_eq!(copy.time_ms(), message.time_ms());
        assert_eq!(copy.client_seq(), message.client_seq());
        assert_eq!(copy.message_id(), message.message_id());
        assert_eq!(copy.device_epoch(), message.device_epoch());
        assert_eq!(copy.content_class(), message.content_class());
    }
}

proptest! {
    #[test]
    fn every_frame_comes_back(bytes in strategy::frame()) {
        assert_round_trip(&bytes);
    }

    #[test]
    fn a_frame_is_read_at_any_place_in_memory(bytes in strategy::frame(), place in 0..16_usize) {
        let mut moved = vec![0xaa; place];
        moved.extend_from_slice(&bytes);
        assert_round_trip(&moved[place..]);
    }

    #[test]
    fn a_stream_splits_into_its_frames(frames in proptest::collection::vec(strategy::frame(), 1..5)) {
        let stream = frames.concat();
        let mut rest = &stream[..];
        for expected in &frames {
            for cut in (0..expected.len()).step_by(expected.len() / 7 + 1) {
                let more = split(&rest[..cut]);
                let whole = if cut < 8 { 8 } else { expected.len() };
                prop_assert_eq!(more, Ok(Split::More { frame_bytes: whole }));
            }
            match split(rest) {
                Ok(Split::Frame { frame, rest: after, .. }) => {
                    prop_assert_eq!(frame, &expected[..]);
                    rest = after;
                }
                other => prop_assert!(false, "no frame: {:?}", other),
            }
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn a_stamp_fills_in_the_server_fields_only(send in strategy::send(), stamp in strategy::stamp()) {
        let sent = MessageView::of_send(&send).expect("built frames are valid");
        let stamp = Stamp { client_seq: sent.client_seq(), ..stamp };
        let mut out = Vec::new();
        encode_stamped(&sent, &stamp, &mut out);
        let stored = MessageView::of_deliver(&out).expect("a stamped message is a message");
        prop_assert_eq!(stored.sender(), stamp.sender);
        prop_assert_eq!((stored.seq(), stored.time_ms()), (stamp.seq, stamp.time_ms));
        prop_assert_eq!(stored.unanswered(), 0);
        prop_assert!(meaning(&stored) == meaning(&sent));
        prop_assert_eq!(digest(&stored), digest(&sent));
    }

    #[test]
    fn each_device_gets_its_slice(send in strategy::send(), stamp in strategy::stamp(), other in strategy::address()) {
        let sent = MessageView::of_send(&send).expect("built frames are valid");
        let mut out = Vec::new();
        encode_stamped(&sent, &stamp, &mut out);
        let stored = MessageView::of_deliver(&out).expect("a stamped message is a message");
        check_device_copies(&stored);
        let mut copy = Vec::new();
        let has_copy = write_device_copy(&stored, other, &mut copy);
        prop_assert_eq!(has_copy, stored.slice_count() == 0);
        prop_assert_eq!(&copy, if has_copy { &out } else { &[][..] });
        prop_assert_eq!(device_copy_bytes(&stored, other), has_copy.then_some(out.len()));
    }
}

/// `bytes` as a later version might send them: with eight more bytes of header.
fn with_longer_header(bytes: &[u8]) -> Vec<u8> {
    let header_bytes = usize::from(bytes[5]) * 8;
    let mut longer = bytes[..header_bytes].to_vec();
    longer.extend_from_slice(&[0x5a; 8]);
    longer.extend_from_slice(&bytes[header_bytes..]);
    let frame_bytes = (longer.len() as u32).to_le_bytes();
    longer[..4].copy_from_slice(&frame_bytes);
    longer[5] += 1;
    longer
}

#[test]
fn a_longer_header_is_skipped_from_a_server_and_refused_from_a_client() {
    for sample in samples::all() {
        let longer = with_longer_header(&sample.bytes);
        let kind = encode::kind_of(&longer);
        if encode::is_from_server(kind) {
            let frame = ServerFrame::decode(kind, &longer).expect("the rest is as before");
            assert_eq!(encode::server(&frame), sample.bytes, "{}", sample.name);
        }
        if encode::is_from_client(kind) {
            assert!(
                ClientFrame::decode(kind, &longer).is_err(),
                "{}",
                sample.name
            );
        }
    }
}

#[test]
fn the_digest_knows_content_from_numbers() {
    let send = hex::parse(&golden::text("send_slices"));
    let of = |offset: usize, value: u8| {
        let mut bytes = send.clone();
        bytes[offset] = value;
        digest(&MessageView::of_send(&bytes).expect("the change is allowed"))
    };
    let whole = of(0, send[0]);
    for (name, offset) in [("client_seq", 56), ("device_epoch", 76), ("unanswered", 87)] {
        let value = if offset == 87 { 0 } else { 9 };
        assert_eq!(of(offset, value), whole, "{name}");
    }
    let last = send.len() - 1;
    for (name, offset) in [("message_id", 64), ("slice device", 104), ("payload", last)] {
        assert_ne!(of(offset, 99), whole, "{name}");
    }
    assert_ne!(of(86, 0), whole, "content_class");
}

#[test]
fn a_digest_is_the_same_in_every_build() {
    let send = hex::parse(&golden::text("send"));
    let view = MessageView::of_send(&send).expect("a golden frame is valid");
    assert_eq!(encode::kind_of(&send), FrameKind::Send);
    assert_eq!(digest(&view), DIGEST_OF_SEND);
}

/// Digests are stored, so they may not change.
const DIGEST_OF_SEND: u64 = 0x7b20_6c7d_68fb_7214;
