//! Frames as both sides decode them from a stream: what is accepted is built again and means the same.

use ringpost_wire::limits::SEQ_MAX;
use ringpost_wire::{
    ClientFrame, DeviceAddress, FrameKind, MessageView, ServerFrame, Split, Stamp, UserId,
    device_copy_bytes, digest, encode_stamped, split, write_device_copy,
};

use crate::rebuild::encode;
use crate::seeds::golden;
use crate::target::Verdict;

/// A stream from a client.
pub(crate) fn run_client(stream: &[u8]) -> Verdict {
    follow(stream, &mut |kind, bytes| {
        let Ok(frame) = ClientFrame::decode(kind, bytes) else {
            return false;
        };
        let again = encode::client(&frame);
        assert_eq!(ClientFrame::decode(kind, &again).as_ref(), Ok(&frame));
        if let ClientFrame::Send(view) = &frame {
            assert_eq!(again, bytes, "a Send has one form");
            check_stamping(view);
        }
        true
    })
}

/// A stream from a server.
pub(crate) fn run_server(stream: &[u8]) -> Verdict {
    follow(stream, &mut |kind, bytes| {
        let Ok(frame) = ServerFrame::decode(kind, bytes) else {
            return false;
        };
        let again = encode::server(&frame);
        let same = ServerFrame::decode(kind, &again).expect("what was accepted is again");
        if let ServerFrame::Deliver(view) = &frame {
            // The header of a later version may be longer.
            assert_eq!(encode::server(&same), again);
            check_copies(view);
        } else {
            assert_eq!(same, frame);
        }
        true
    })
}

/// Gives each whole frame to `decode`, to the end or the first prefix that is wrong.
fn follow(stream: &[u8], decode: &mut dyn FnMut(FrameKind, &[u8]) -> bool) -> Verdict {
    let mut rest = stream;
    let mut is_taken = false;
    loop {
        match split(rest) {
            Ok(Split::Frame {
                kind,
                frame,
                rest: after,
            }) => {
                assert_eq!(frame.len() + after.len(), rest.len());
                is_taken |= decode(kind, frame);
                rest = after;
            }
            Ok(Split::More { frame_bytes }) => {
                assert!(frame_bytes > rest.len(), "more than there is is missing");
                return Verdict::of(is_taken);
            }
            Err(_) => return Verdict::of(is_taken),
        }
    }
}

/// A stored `Send` is a `Deliver` with the stamp's fields and the client's.
fn check_stamping(sent: &MessageView<'_>) {
    let stamp = Stamp {
        sender: DeviceAddress {
            user: UserId([9; 16]),
            device: 7,
        },
        seq: SEQ_MAX,
        time_ms: 5,
        client_seq: sent.client_seq().max(1),
    };
    let mut bytes = Vec::new();
    encode_stamped(sent, &stamp, &mut bytes);
    let stored = MessageView::of_deliver(&bytes).expect("a stamped message is valid");
    assert_eq!(
        (stored.sender(), stored.seq(), stored.time_ms()),
        (stamp.sender, stamp.seq, stamp.time_ms)
    );
    assert_eq!(
        (stored.chat(), stored.message_id(), digest(&stored)),
        (sent.chat(), sent.message_id(), digest(sent))
    );
    check_copies(&stored);
}

/// Each device that has a part gets a frame with that part alone.
fn check_copies(message: &MessageView<'_>) {
    let parts: usize = message.slices().map(|slice| slice.bytes.len()).sum();
    assert!(message.slice_count() == 0 || parts == message.payload().len());
    for slice in message.slices() {
        let mut copy = Vec::new();
        assert!(write_device_copy(message, slice.device, &mut copy));
        assert_eq!(device_copy_bytes(message, slice.device), Some(copy.len()));
        let copy = MessageView::of_deliver(&copy).expect("a device's copy is valid");
        assert_eq!((copy.payload(), copy.slice_count()), (slice.bytes, 0));
        assert_eq!((copy.seq(), copy.chat()), (message.seq(), message.chat()));
    }
}

pub(crate) fn client_seeds() -> Vec<Vec<u8>> {
    golden(|frame| encode::is_from_client(encode::kind_of(frame)))
}

pub(crate) fn server_seeds() -> Vec<Vec<u8>> {
    golden(|frame| encode::is_from_server(encode::kind_of(frame)))
}
