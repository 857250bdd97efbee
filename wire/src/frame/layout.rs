//! Shows that the offsets written by hand are those of the schema: a header built by one is read by the other.

use super::slice::entry;
use super::*;
use crate::generated::ringpost::wire as generated;
use crate::limits::SLICE_BYTES;
use crate::{ChatId, DeviceAddress, UserId};

const CHAT: [u8; 16] = *b"the chat's id 16";
const USER: [u8; 16] = *b"the user's id 16";
const DEVICE: DeviceAddress = DeviceAddress {
    user: UserId(USER),
    device: 0x3132_3334,
};
const PART: &[u8] = b"one part";

fn head<const BYTES: usize>(frame: &[u8]) -> [u8; BYTES] {
    let mut head = [0; BYTES];
    head.copy_from_slice(&frame[..BYTES]);
    head
}

fn send() -> Vec<u8> {
    let slices = [Slice {
        device: DEVICE,
        bytes: PART,
    }];
    let message = NewMessage {
        chat: ChatId(CHAT),
        client_seq: 0x0102_0304_0506_0708,
        message_id: 0x1112_1314_1516_1718,
        device_epoch: 0x2122_2324,
        content_class: ContentClass::Silent,
        unanswered: 9,
        payload: b"",
        slices: &slices,
    };
    let mut frame = Vec::new();
    encode_send(&message, &mut frame).expect("the message keeps every limit");
    frame
}

#[test]
fn the_schema_reads_a_send() {
    let frame = send();
    let header = generated::MessageHeader(head(&frame));
    assert_eq!(header.frame_bytes() as usize, frame.len());
    assert_eq!((header.kind(), header.header_words()), (1, 11));
    assert_eq!(header.flags(), 0);
    assert_eq!(header.chat().0, CHAT);
    assert_eq!(header.client_seq(), 0x0102_0304_0506_0708);
    assert_eq!(header.message_id(), 0x1112_1314_1516_1718);
    assert_eq!(header.device_epoch(), 0x2122_2324);
    assert_eq!(header.slice_count(), 1);
    assert_eq!((header.content_class(), header.unanswered()), (1, 9));
    let server_fields = (header.sender().0, header.seq(), header.time_ms());
    assert_eq!(server_fields, ([0; 16], 0, 0));
    assert_eq!((header.sender_device(), header.reserved()), (0, 0));
    let slice = generated::Slice(head::<SLICE_BYTES>(&frame[MESSAGE_HEADER_BYTES..]));
    assert_eq!(slice.user().0, USER);
    assert_eq!(slice.device(), DEVICE.device);
    assert_eq!(slice.bytes() as usize, PART.len());
}

#[test]
fn the_schema_reads_a_stamped_message() {
    let frame = send();
    let view = MessageView::of_send(&frame).expect("the frame was just built");
    let stamp = Stamp {
        sender: DEVICE,
        seq: 0x4142_4344_4546_4748,
        time_ms: 0x5152_5354_5556_5758,
        client_seq: 0x6162_6364_6566_6768,
    };
    let mut stamped = Vec::new();
    encode_stamped(&view, &stamp, &mut stamped);
    let header = generated::MessageHeader(head(&stamped));
    assert_eq!(header.kind(), 3);
    assert_eq!(header.sender().0, USER);
    assert_eq!(header.sender_device(), DEVICE.device);
    assert_eq!(header.seq(), stamp.seq);
    assert_eq!(header.time_ms(), stamp.time_ms);
    assert_eq!(header.client_seq(), stamp.client_seq);
    assert_eq!(header.unanswered(), 0);
}

#[test]
fn the_view_reads_a_header_of_the_schema() {
    let header = generated::MessageHeader::new(
        (MESSAGE_HEADER_BYTES + SLICE_BYTES + PART.len()) as u32,
        3,
        11,
        0,
        &generated::Id(CHAT),
        &generated::Id(USER),
        0x0102_0304_0506_0708,
        0x1112_1314_1516_1718,
        0x2122_2324_2526_2728,
        0x3132_3334_3536_3738,
        0x4142_4344,
        0x5152_5354,
        0,
        1,
        1,
        7,
    );
    let slice = generated::Slice::new(&generated::Id(USER), DEVICE.device, PART.len() as u32);
    let frame = [&header.0[..], &slice.0[..], PART].concat();
    let view = MessageView::of_deliver(&frame).expect("the schema's header is valid");
    assert_eq!((view.chat().0, view.sender().user.0), (CHAT, USER));
    assert_eq!(view.seq(), 0x0102_0304_0506_0708);
    assert_eq!(view.time_ms(), 0x1112_1314_1516_1718);
    assert_eq!(view.client_seq(), 0x2122_2324_2526_2728);
    assert_eq!(view.message_id(), 0x3132_3334_3536_3738);
    assert_eq!(view.sender().device, 0x4142_4344);
    assert_eq!(view.device_epoch(), 0x5152_5354);
    assert_eq!((view.slice_count(), view.unanswered()), (1, 7));
    assert_eq!(view.content_class(), ContentClass::Silent);
    assert_eq!(entry(&slice.0, 0), (DEVICE, PART.len()));
    assert_eq!(view.slice_for(DEVICE), Some(PART));
}

#[test]
fn sent_ack_and_receipt_agree_with_the_schema() {
    let (chat, user) = (generated::Id(CHAT), generated::Id(USER));
    let (one, two, three) = (
        0x0102_0304_0506_0708,
        0x1112_1314_1516_1718,
        0x2122_2324_2526_2728,
    );
    let sent = Sent {
        chat: ChatId(CHAT),
        client_seq: one,
        seq: two,
        time_ms: three,
    };
    let header = generated::SentHeader::new(48, 2, 6, 0, &chat, one, two, three);
    let mut frame = Vec::new();
    sent.encode(&mut frame);
    assert_eq!(frame, header.0);
    assert_eq!(Sent::decode(&header.0), Ok(sent));

    let ack = Ack {
        chat: ChatId(CHAT),
        seq: one,
    };
    let header = generated::AckHeader::new(32, 4, 4, 0, &chat, one);
    let mut frame = Vec::new();
    ack.encode(&mut frame);
    assert_eq!(frame, header.0);
    assert_eq!(Ack::decode(&header.0), Ok(ack));

    let receipt = Receipt {
        chat: ChatId(CHAT),
        user: UserId(USER),
        delivered_to: one,
        read_to: two,
    };
    let header = generated::ReceiptHeader::new(56, 5, 7, 0, &chat, &user, one, two);
    let mut frame = Vec::new();
    receipt.encode(&mut frame);
    assert_eq!(frame, header.0);
    assert_eq!(Receipt::decode(&header.0), Ok(receipt));
}
