//! Every kind of mail survives its encoding, and no damage to the bytes is more than an error.

use bytes::Bytes;
use ringpost_storage_core::outcome::{ChatOpened, PageRead, PendingRead};
use ringpost_wire::{
    ChatId, ContentClass, DeviceAddress, EmptyRange, EmptyReason, ErrorCode, MessageView,
    NewMessage, PendingChat, Receipt, Refused, Sent, ShardId, Stamp, UserId, encode_send,
    encode_stamped,
};

use super::{
    DeviceAck, Group, Mail, MailError, Recipient, Refusal, SendAnswer, SendResult, ShardSet,
};
use crate::SessionId;

const USER: UserId = UserId([1; 16]);
const CHAT: ChatId = ChatId([2; 16]);
const DEVICE: DeviceAddress = DeviceAddress {
    user: USER,
    device: 7,
};
const SESSION: SessionId = SessionId {
    slot: 8,
    generation: 9,
};
const OTHER: SessionId = SessionId {
    slot: 10,
    generation: 11,
};
const REFUSAL: Refusal = Refusal {
    code: ErrorCode::Overloaded,
    retry_after_ms: 250,
};

fn frames() -> (Bytes, Bytes) {
    let mut send = Vec::new();
    let message = NewMessage {
        chat: CHAT,
        client_seq: 3,
        message_id: 4,
        device_epoch: 0,
        content_class: ContentClass::Visible,
        unanswered: 1,
        payload: b"hello",
        slices: &[],
    };
    encode_send(&message, &mut send).expect("within the limits");
    let mut deliver = Vec::new();
    let view = MessageView::of_send(&send).expect("just encoded");
    let stamp = Stamp {
        sender: DEVICE,
        seq: 5,
        time_ms: 6,
        client_seq: 3,
    };
    encode_stamped(&view, &stamp, &mut deliver);
    (send.into(), deliver.into())
}

fn page(deliver: &Bytes) -> PageRead {
    PageRead {
        chat: CHAT,
        from: 1,
        to: 6,
        first_available: 2,
        complete: true,
        head: 6,
        delivered_to: 3,
        read_to: 2,
        messages: vec![deliver.clone(), deliver.clone()],
        empty: vec![EmptyRange {
            from: 1,
            to: 4,
            reason: EmptyReason::Trimmed,
        }],
    }
}

fn pending() -> PendingRead {
    PendingRead {
        chats: vec![PendingChat {
            chat: CHAT,
            from: 1,
            head: 2,
            delivered_to: 3,
            read_to: 4,
            last_time_ms: 5,
        }],
        next: Some(CHAT),
    }
}

fn send_answers() -> Vec<SendAnswer> {
    let sent = Sent {
        chat: CHAT,
        client_seq: 1,
        seq: 2,
        time_ms: 3,
    };
    let refused = Refused {
        chat: CHAT,
        client_seq: 2,
        code: ErrorCode::Gap,
        expected: 1,
        retry_after_ms: 4,
        device_epoch: 5,
    };
    [SendResult::Sent(sent), SendResult::Refused(refused)]
        .map(|result| SendAnswer {
            session: SESSION,
            result,
        })
        .to_vec()
}

fn requests(send: Bytes) -> Vec<Mail> {
    let (session, device, request, chat) = (SESSION, DEVICE, 12, CHAT);
    vec![
        Mail::Attach {
            session,
            device,
            issued_ms: 9,
        },
        Mail::ListPending {
            session,
            device,
            request,
            after: Some(CHAT),
            chats_max: 100,
            all: true,
        },
        Mail::Send {
            session,
            device,
            frame: send,
        },
        Mail::ReadPage {
            session,
            device,
            request,
            chat,
            from: 5,
            messages_max: 6,
            bytes_max: 7,
        },
        Mail::MarkRead {
            session,
            device,
            chat,
            read_to: 5,
        },
        Mail::OpenChat {
            session,
            request,
            opener: USER,
            other: UserId([3; 16]),
        },
        Mail::Link {
            attach: 5,
            chat,
            device,
        },
    ]
}

fn answers(deliver: &Bytes) -> Vec<Mail> {
    let (session, request) = (SESSION, 12);
    let opened = ChatOpened {
        chat: CHAT,
        head: 4,
        device_epoch: 5,
        created: true,
    };
    let mut mails = vec![
        Mail::Attached {
            session,
            device: DEVICE,
            generation: 5,
        },
        Mail::AttachRefused {
            session,
            refusal: REFUSAL,
        },
        Mail::SendsAnswered(send_answers()),
    ];
    for is_ok in [true, false] {
        let or_refused = |value| if is_ok { Ok(value) } else { Err(REFUSAL) };
        mails.push(Mail::ReadMarked {
            session,
            answer: or_refused(()),
        });
        mails.push(Mail::Linked {
            attach: 5,
            answer: or_refused(()),
        });
        mails.push(Mail::PendingListed {
            session,
            request,
            answer: if is_ok { Ok(pending()) } else { Err(REFUSAL) },
        });
        mails.push(Mail::PageAnswered {
            session,
            request,
            answer: if is_ok {
                Ok(Box::new(page(deliver)))
            } else {
                Err(REFUSAL)
            },
        });
        mails.push(Mail::ChatOpened {
            session,
            request,
            answer: if is_ok { Ok(opened) } else { Err(REFUSAL) },
        });
    }
    mails
}

fn told(frame: &Bytes) -> Vec<Mail> {
    let mut shards = ShardSet::default();
    shards.insert(ShardId(77));
    let receipt = Receipt {
        chat: CHAT,
        user: USER,
        delivered_to: 4,
        read_to: 3,
    };
    let recipient = |became_pending| Recipient {
        user: USER,
        became_pending,
    };
    vec![
        Mail::Detach {
            device: DEVICE,
            generation: 5,
        },
        Mail::TakenOver {
            session: SESSION,
            generation: 5,
        },
        Mail::Revoked {
            session: SESSION,
            generation: 5,
            issued_to_ms: u64::MAX,
        },
        Mail::Acks(vec![DeviceAck {
            device: DEVICE,
            chat: CHAT,
            seq: 5,
        }]),
        Mail::Deliver {
            frame: frame.clone(),
            members: Group::Many(vec![recipient(true), recipient(false)]),
        },
        Mail::DeliverTo {
            frame: frame.clone(),
            sessions: Group::Many(vec![SESSION, OTHER]),
        },
        Mail::Receipt {
            receipt,
            members: Group::One(USER),
        },
        Mail::ReceiptTo {
            receipt,
            sessions: Group::One(SESSION),
        },
        Mail::HomesOverflowed(Box::new(shards.clone())),
        Mail::SessionsOverflowed(Box::new(shards)),
    ]
}

fn all() -> Vec<Mail> {
    let (send, deliver) = frames();
    [requests(send), answers(&deliver), told(&deliver)].concat()
}

fn encoded(mail: &Mail) -> Vec<u8> {
    let mut bytes = Vec::new();
    mail.encode(&mut bytes);
    bytes
}

#[test]
fn every_mail_survives_its_encoding() {
    let mut kinds = std::collections::BTreeSet::new();
    for mail in all() {
        let bytes = encoded(&mail);
        assert_eq!(Mail::decode(bytes.into()), Ok(mail.clone()));
        kinds.insert(mail.kind());
    }
    assert_eq!(kinds.len(), 25, "a sample of every kind");
}

#[test]
fn cut_or_extended_mails_are_refused() {
    for mail in all() {
        let bytes = encoded(&mail);
        for length in 0..bytes.len() {
            let cut = Bytes::copy_from_slice(&bytes[..length]);
            assert!(Mail::decode(cut).is_err(), "{mail:?} cut to {length}");
        }
        let extended = [bytes.as_slice(), &[0]].concat();
        assert!(Mail::decode(extended.into()).is_err(), "{mail:?}");
    }
}

#[test]
fn damaged_bytes_never_panic() {
    let mut refused = 0;
    for mail in all() {
        let bytes = encoded(&mail);
        for index in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut damaged = bytes.clone();
                damaged[index] = value;
                refused += usize::from(Mail::decode(damaged.into()).is_err());
            }
        }
    }
    assert!(refused > 500, "{refused}");
    assert_eq!(
        Mail::decode(Bytes::from_static(&[2, 1])),
        Err(MailError::Version(2))
    );
    assert_eq!(
        Mail::decode(Bytes::from_static(&[1, 99])),
        Err(MailError::Kind(99))
    );
}
