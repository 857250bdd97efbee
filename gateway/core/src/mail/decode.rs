//! Bytes as mails: the reverse of `encode`, with every field and every frame checked.

use bytes::Bytes;
use ringpost_storage_core::outcome::{ChatOpened, PageRead, PendingRead};
use ringpost_wire::{EmptyRange, EmptyReason, PendingChat, Receipt, Refused, Sent};

use super::encode::VERSION;
use super::reader::{MailError, Reader};
use super::{DeviceAck, Mail, Recipient, SendAnswer, SendResult, ShardSet};

impl Mail {
    /// Reads one mail from exactly `bytes`; its frames share them.
    ///
    /// # Errors
    /// What is wrong first.
    pub fn decode(bytes: Bytes) -> Result<Self, MailError> {
        let mut reader = Reader::new(bytes);
        let version = reader.u8()?;
        if version != VERSION {
            return Err(MailError::Version(version));
        }
        let kind = reader.u8()?;
        let mail = match kind {
            1..32 => request(kind, &mut reader)?,
            32..64 => answer(kind, &mut reader)?,
            _ => told(kind, &mut reader)?,
        };
        reader.end()?;
        Ok(mail)
    }
}

fn request(kind: u8, reader: &mut Reader) -> Result<Mail, MailError> {
    Ok(match kind {
        1 => Mail::Attach {
            session: reader.session()?,
            device: reader.device()?,
            issued_ms: reader.u64()?,
        },
        2 => Mail::ListPending {
            session: reader.session()?,
            device: reader.device()?,
            request: reader.u32()?,
            after: reader.chat_option()?,
            chats_max: reader.u16()?,
            all: reader.flag("all")?,
        },
        3 => Mail::Send {
            session: reader.session()?,
            device: reader.device()?,
            frame: reader.send_frame()?,
        },
        4 => Mail::ReadPage {
            session: reader.session()?,
            device: reader.device()?,
            request: reader.u32()?,
            chat: reader.chat()?,
            from: reader.u64()?,
            messages_max: reader.u16()?,
            bytes_max: reader.u32()?,
        },
        5 => Mail::MarkRead {
            session: reader.session()?,
            device: reader.device()?,
            chat: reader.chat()?,
            read_to: reader.u64()?,
        },
        6 => Mail::OpenChat {
            session: reader.session()?,
            request: reader.u32()?,
            opener: reader.user()?,
            other: reader.user()?,
        },
        7 => Mail::Link {
            attach: reader.u64()?,
            chat: reader.chat()?,
            device: reader.device()?,
        },
        _ => return Err(MailError::Kind(kind)),
    })
}

fn answer(kind: u8, reader: &mut Reader) -> Result<Mail, MailError> {
    Ok(match kind {
        32 => Mail::Attached {
            session: reader.session()?,
            device: reader.device()?,
            generation: reader.u64()?,
        },
        33 => Mail::AttachRefused {
            session: reader.session()?,
            refusal: reader.refusal()?,
        },
        34 => Mail::PendingListed {
            session: reader.session()?,
            request: reader.u32()?,
            answer: reader.answer(pending)?,
        },
        35 => Mail::SendsAnswered(reader.list(send_answer)?),
        36 => Mail::PageAnswered {
            session: reader.session()?,
            request: reader.u32()?,
            answer: reader.answer(|reader| page(reader).map(Box::new))?,
        },
        37 => Mail::ReadMarked {
            session: reader.session()?,
            answer: reader.answer(|_| Ok(()))?,
        },
        38 => Mail::ChatOpened {
            session: reader.session()?,
            request: reader.u32()?,
            answer: reader.answer(opened)?,
        },
        39 => Mail::Linked {
            attach: reader.u64()?,
            answer: reader.answer(|_| Ok(()))?,
        },
        _ => return Err(MailError::Kind(kind)),
    })
}

fn told(kind: u8, reader: &mut Reader) -> Result<Mail, MailError> {
    Ok(match kind {
        64 => Mail::Detach {
            device: reader.device()?,
            generation: reader.u64()?,
        },
        65 => Mail::TakenOver {
            session: reader.session()?,
            generation: reader.u64()?,
        },
        66 => Mail::Acks(reader.list(ack)?),
        67 => Mail::Deliver {
            frame: reader.deliver_frame()?,
            members: reader.group(recipient)?,
        },
        68 => Mail::DeliverTo {
            frame: reader.deliver_frame()?,
            sessions: reader.group(Reader::session)?,
        },
        69 => Mail::Receipt {
            receipt: receipt(reader)?,
            members: reader.group(Reader::user)?,
        },
        70 => Mail::ReceiptTo {
            receipt: receipt(reader)?,
            sessions: reader.group(Reader::session)?,
        },
        71 => Mail::HomesOverflowed(shards(reader)?),
        73 => Mail::Revoked {
            session: reader.session()?,
            generation: reader.u64()?,
            issued_to_ms: reader.u64()?,
        },
        72 => Mail::SessionsOverflowed(shards(reader)?),
        _ => return Err(MailError::Kind(kind)),
    })
}

fn shards(reader: &mut Reader) -> Result<Box<ShardSet>, MailError> {
    reader.array().map(|bytes| Box::new(ShardSet::read(&bytes)))
}

fn recipient(reader: &mut Reader) -> Result<Recipient, MailError> {
    Ok(Recipient {
        user: reader.user()?,
        became_pending: reader.flag("became_pending")?,
    })
}

fn ack(reader: &mut Reader) -> Result<DeviceAck, MailError> {
    Ok(DeviceAck {
        device: reader.device()?,
        chat: reader.chat()?,
        seq: reader.u64()?,
    })
}

fn receipt(reader: &mut Reader) -> Result<Receipt, MailError> {
    Ok(Receipt {
        chat: reader.chat()?,
        user: reader.user()?,
        delivered_to: reader.u64()?,
        read_to: reader.u64()?,
    })
}

fn opened(reader: &mut Reader) -> Result<ChatOpened, MailError> {
    Ok(ChatOpened {
        chat: reader.chat()?,
        head: reader.u64()?,
        device_epoch: reader.u32()?,
        created: reader.flag("created")?,
    })
}

fn send_answer(reader: &mut Reader) -> Result<SendAnswer, MailError> {
    let session = reader.session()?;
    let result = if reader.flag("result")? {
        SendResult::Sent(Sent {
            chat: reader.chat()?,
            client_seq: reader.u64()?,
            seq: reader.u64()?,
            time_ms: reader.u64()?,
        })
    } else {
        SendResult::Refused(Refused {
            chat: reader.chat()?,
            client_seq: reader.u64()?,
            code: reader.code()?,
            expected: reader.u64()?,
            retry_after_ms: reader.u32()?,
            device_epoch: reader.u32()?,
        })
    };
    Ok(SendAnswer { session, result })
}

fn pending(reader: &mut Reader) -> Result<PendingRead, MailError> {
    let chats = reader.list(|reader| {
        Ok(PendingChat {
            chat: reader.chat()?,
            from: reader.u64()?,
            head: reader.u64()?,
            delivered_to: reader.u64()?,
            read_to: reader.u64()?,
            last_time_ms: reader.u64()?,
        })
    })?;
    let next = reader.chat_option()?;
    Ok(PendingRead { chats, next })
}

fn page(reader: &mut Reader) -> Result<PageRead, MailError> {
    Ok(PageRead {
        chat: reader.chat()?,
        from: reader.u64()?,
        to: reader.u64()?,
        first_available: reader.u64()?,
        complete: reader.flag("complete")?,
        head: reader.u64()?,
        delivered_to: reader.u64()?,
        read_to: reader.u64()?,
        messages: reader.list(Reader::deliver_frame)?,
        empty: reader.list(empty_range)?,
    })
}

fn empty_range(reader: &mut Reader) -> Result<EmptyRange, MailError> {
    let (from, to) = (reader.u64()?, reader.u64()?);
    let reason = match reader.u8()? {
        1 => EmptyReason::NotVisible,
        2 => EmptyReason::NoSlice,
        3 => EmptyReason::Deleted,
        4 => EmptyReason::Trimmed,
        _ => return Err(MailError::Field("reason")),
    };
    Ok(EmptyRange { from, to, reason })
}
