//! Mails as bytes: version, kind, then the fields in the order of their declaration, little-endian; lists are counted.

use ringpost_storage_core::outcome::{ChatOpened, PageRead, PendingRead};
use ringpost_wire::{ChatId, DeviceAddress, Receipt, UserId};

use super::{DeviceAck, Mail, Recipient, Refusal, SendAnswer, SendResult};
use crate::SessionId;

/// The version of the encoding.
pub(super) const VERSION: u8 = 1;

impl Mail {
    /// The kind's number in the encoding; it never changes its meaning.
    pub(super) fn kind(&self) -> u8 {
        match self {
            Self::Attach { .. } => 1,
            Self::ListPending { .. } => 2,
            Self::Send { .. } => 3,
            Self::ReadPage { .. } => 4,
            Self::MarkRead { .. } => 5,
            Self::OpenChat { .. } => 6,
            Self::Link { .. } => 7,
            Self::Attached { .. } => 32,
            Self::AttachRefused { .. } => 33,
            Self::PendingListed { .. } => 34,
            Self::SendsAnswered(_) => 35,
            Self::PageAnswered { .. } => 36,
            Self::ReadMarked { .. } => 37,
            Self::ChatOpened { .. } => 38,
            Self::Linked { .. } => 39,
            Self::Detach { .. } => 64,
            Self::TakenOver { .. } => 65,
            Self::Acks(_) => 66,
            Self::Deliver { .. } => 67,
            Self::DeliverTo { .. } => 68,
            Self::Receipt { .. } => 69,
            Self::ReceiptTo { .. } => 70,
            Self::HomesOverflowed(_) => 71,
            Self::SessionsOverflowed(_) => 72,
            Self::Revoked { .. } => 73,
        }
    }

    /// Appends the mail's encoding.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[VERSION, self.kind()]);
        match self {
            Self::Attach {
                session,
                device,
                issued_ms,
            } => {
                put_session(*session, out);
                put_device(*device, out);
                out.extend_from_slice(&issued_ms.to_le_bytes());
            }
            Self::ListPending {
                session,
                device,
                request,
                after,
                chats_max,
                all,
            } => {
                put_session(*session, out);
                put_device(*device, out);
                out.extend_from_slice(&request.to_le_bytes());
                put_chat_option(*after, out);
                out.extend_from_slice(&chats_max.to_le_bytes());
                out.push(u8::from(*all));
            }
            Self::Send {
                session,
                device,
                frame,
            } => {
                put_session(*session, out);
                put_device(*device, out);
                put_frame(frame, out);
            }
            Self::OpenChat {
                session,
                request,
                opener,
                other,
            } => {
                put_session(*session, out);
                out.extend_from_slice(&request.to_le_bytes());
                out.extend_from_slice(&opener.0);
                out.extend_from_slice(&other.0);
            }
            Self::Link {
                attach,
                chat,
                device,
            } => {
                out.extend_from_slice(&attach.to_le_bytes());
                out.extend_from_slice(&chat.0);
                put_device(*device, out);
            }
            Self::ReadPage { .. } | Self::MarkRead { .. } => self.encode_log_request(out),
            Self::Deliver { .. }
            | Self::DeliverTo { .. }
            | Self::Receipt { .. }
            | Self::ReceiptTo { .. }
            | Self::HomesOverflowed(_)
            | Self::SessionsOverflowed(_) => self.encode_delivery(out),
            Self::Detach { .. } | Self::TakenOver { .. } | Self::Revoked { .. } => {
                self.encode_end(out);
            }
            _ => self.encode_answer(out),
        }
    }

    fn encode_end(&self, out: &mut Vec<u8>) {
        match self {
            Self::Detach { device, generation } => {
                put_device(*device, out);
                out.extend_from_slice(&generation.to_le_bytes());
            }
            Self::TakenOver {
                session,
                generation,
            } => {
                put_session(*session, out);
                out.extend_from_slice(&generation.to_le_bytes());
            }
            Self::Revoked {
                session,
                generation,
                issued_to_ms,
            } => {
                put_session(*session, out);
                out.extend_from_slice(&generation.to_le_bytes());
                out.extend_from_slice(&issued_to_ms.to_le_bytes());
            }
            _ => {}
        }
    }

    fn encode_log_request(&self, out: &mut Vec<u8>) {
        match self {
            Self::ReadPage {
                session,
                device,
                request,
                chat,
                from,
                messages_max,
                bytes_max,
            } => {
                put_session(*session, out);
                put_device(*device, out);
                out.extend_from_slice(&request.to_le_bytes());
                out.extend_from_slice(&chat.0);
                out.extend_from_slice(&from.to_le_bytes());
                out.extend_from_slice(&messages_max.to_le_bytes());
                out.extend_from_slice(&bytes_max.to_le_bytes());
            }
            Self::MarkRead {
                session,
                device,
                chat,
                read_to,
            } => {
                put_session(*session, out);
                put_device(*device, out);
                out.extend_from_slice(&chat.0);
                out.extend_from_slice(&read_to.to_le_bytes());
            }
            _ => {}
        }
    }

    fn encode_answer(&self, out: &mut Vec<u8>) {
        match self {
            Self::Attached {
                session,
                device,
                generation,
            } => {
                put_session(*session, out);
                put_device(*device, out);
                out.extend_from_slice(&generation.to_le_bytes());
            }
            Self::AttachRefused { session, refusal } => {
                put_session(*session, out);
                put_refusal(refusal, out);
            }
            Self::PendingListed {
                session,
                request,
                answer,
            } => {
                put_session(*session, out);
                out.extend_from_slice(&request.to_le_bytes());
                put_answer(answer.as_ref(), out, put_pending);
            }
            Self::SendsAnswered(answers) => put_list(answers, out, put_send_answer),
            Self::PageAnswered {
                session,
                request,
                answer,
            } => {
                put_session(*session, out);
                out.extend_from_slice(&request.to_le_bytes());
                put_answer(answer.as_deref(), out, put_page);
            }
            Self::ReadMarked { session, answer } => {
                put_session(*session, out);
                put_answer(answer.as_ref(), out, |(), _| {});
            }
            Self::ChatOpened {
                session,
                request,
                answer,
            } => {
                put_session(*session, out);
                out.extend_from_slice(&request.to_le_bytes());
                put_answer(answer.as_ref(), out, put_opened);
            }
            Self::Linked { attach, answer } => {
                out.extend_from_slice(&attach.to_le_bytes());
                put_answer(answer.as_ref(), out, |(), _| {});
            }
            Self::Acks(acks) => put_list(acks, out, put_ack),
            _ => {}
        }
    }

    fn encode_delivery(&self, out: &mut Vec<u8>) {
        match self {
            Self::Deliver { frame, members } => {
                put_frame(frame, out);
                put_list(members.as_slice(), out, put_recipient);
            }
            Self::DeliverTo { frame, sessions } => {
                put_frame(frame, out);
                put_list(sessions.as_slice(), out, |session, out| {
                    put_session(*session, out);
                });
            }
            Self::Receipt { receipt, members } => {
                put_receipt(receipt, out);
                put_list(members.as_slice(), out, put_user);
            }
            Self::ReceiptTo { receipt, sessions } => {
                put_receipt(receipt, out);
                put_list(sessions.as_slice(), out, |session, out| {
                    put_session(*session, out);
                });
            }
            Self::HomesOverflowed(shards) | Self::SessionsOverflowed(shards) => shards.write(out),
            _ => {}
        }
    }
}

fn put_session(session: SessionId, out: &mut Vec<u8>) {
    out.extend_from_slice(&session.slot.to_le_bytes());
    out.extend_from_slice(&session.generation.to_le_bytes());
}

fn put_device(device: DeviceAddress, out: &mut Vec<u8>) {
    out.extend_from_slice(&device.user.0);
    out.extend_from_slice(&device.device.to_le_bytes());
}

fn put_user(user: &UserId, out: &mut Vec<u8>) {
    out.extend_from_slice(&user.0);
}

fn put_chat_option(chat: Option<ChatId>, out: &mut Vec<u8>) {
    out.push(u8::from(chat.is_some()));
    if let Some(chat) = chat {
        out.extend_from_slice(&chat.0);
    }
}

fn put_frame(frame: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(frame.len() as u32).to_le_bytes());
    out.extend_from_slice(frame);
}

fn put_list<T>(items: &[T], out: &mut Vec<u8>, put: impl Fn(&T, &mut Vec<u8>)) {
    out.extend_from_slice(&(items.len() as u32).to_le_bytes());
    items.iter().for_each(|item| put(item, out));
}

fn put_refusal(refusal: &Refusal, out: &mut Vec<u8>) {
    out.extend_from_slice(&(refusal.code as u16).to_le_bytes());
    out.extend_from_slice(&refusal.retry_after_ms.to_le_bytes());
}

fn put_answer<T>(answer: Result<&T, &Refusal>, out: &mut Vec<u8>, put: impl Fn(&T, &mut Vec<u8>)) {
    out.push(u8::from(answer.is_ok()));
    match answer {
        Ok(value) => put(value, out),
        Err(refusal) => put_refusal(refusal, out),
    }
}

fn put_recipient(recipient: &Recipient, out: &mut Vec<u8>) {
    put_user(&recipient.user, out);
    out.push(u8::from(recipient.became_pending));
}

fn put_ack(ack: &DeviceAck, out: &mut Vec<u8>) {
    put_device(ack.device, out);
    out.extend_from_slice(&ack.chat.0);
    out.extend_from_slice(&ack.seq.to_le_bytes());
}

fn put_receipt(receipt: &Receipt, out: &mut Vec<u8>) {
    out.extend_from_slice(&receipt.chat.0);
    put_user(&receipt.user, out);
    out.extend_from_slice(&receipt.delivered_to.to_le_bytes());
    out.extend_from_slice(&receipt.read_to.to_le_bytes());
}

fn put_opened(opened: &ChatOpened, out: &mut Vec<u8>) {
    out.extend_from_slice(&opened.chat.0);
    out.extend_from_slice(&opened.head.to_le_bytes());
    out.extend_from_slice(&opened.device_epoch.to_le_bytes());
    out.push(u8::from(opened.created));
}

fn put_send_answer(answer: &SendAnswer, out: &mut Vec<u8>) {
    put_session(answer.session, out);
    match &answer.result {
        SendResult::Sent(sent) => {
            out.push(1);
            out.extend_from_slice(&sent.chat.0);
            out.extend_from_slice(&sent.client_seq.to_le_bytes());
            out.extend_from_slice(&sent.seq.to_le_bytes());
            out.extend_from_slice(&sent.time_ms.to_le_bytes());
        }
        SendResult::Refused(refused) => {
            out.push(0);
            out.extend_from_slice(&refused.chat.0);
            out.extend_from_slice(&refused.client_seq.to_le_bytes());
            out.extend_from_slice(&(refused.code as u16).to_le_bytes());
            out.extend_from_slice(&refused.expected.to_le_bytes());
            out.extend_from_slice(&refused.retry_after_ms.to_le_bytes());
            out.extend_from_slice(&refused.device_epoch.to_le_bytes());
        }
    }
}

fn put_pending(read: &PendingRead, out: &mut Vec<u8>) {
    put_list(&read.chats, out, |chat, out| {
        out.extend_from_slice(&chat.chat.0);
        for number in [
            chat.from,
            chat.head,
            chat.delivered_to,
            chat.read_to,
            chat.last_time_ms,
        ] {
            out.extend_from_slice(&number.to_le_bytes());
        }
    });
    put_chat_option(read.next, out);
}

fn put_page(page: &PageRead, out: &mut Vec<u8>) {
    out.extend_from_slice(&page.chat.0);
    for number in [page.from, page.to, page.first_available] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.push(u8::from(page.complete));
    for number in [page.head, page.delivered_to, page.read_to] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    put_list(&page.messages, out, |frame, out| put_frame(frame, out));
    put_list(&page.empty, out, |range, out| {
        out.extend_from_slice(&range.from.to_le_bytes());
        out.extend_from_slice(&range.to.to_le_bytes());
        out.push(range.reason as u8);
    });
}
