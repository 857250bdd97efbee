//! Reads the parts of an encoded mail, little-endian, each checked before it is used.

use bytes::Bytes;
use ringpost_wire::{ChatId, DeviceAddress, ErrorCode, MessageView, UserId};

use super::{Group, Refusal};
use crate::SessionId;

/// Why bytes are no mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailError {
    /// Of another version of the encoding.
    Version(u8),
    /// An unknown kind of mail.
    Kind(u8),
    /// They end before the mail does.
    Short,
    /// They go on after the mail.
    Long,
    /// A field holds what it may not; the text names it.
    Field(&'static str),
}

/// What is left of the bytes of a mail.
pub(super) struct Reader {
    bytes: Bytes,
}

impl Reader {
    pub(super) fn new(bytes: Bytes) -> Self {
        Self { bytes }
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], MailError> {
        let (first, _) = self.bytes.split_first_chunk().ok_or(MailError::Short)?;
        let array = *first;
        let _ = self.bytes.split_to(N);
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, MailError> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, MailError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, MailError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, MailError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn flag(&mut self, what: &'static str) -> Result<bool, MailError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(MailError::Field(what)),
        }
    }

    pub(super) fn session(&mut self) -> Result<SessionId, MailError> {
        Ok(SessionId {
            slot: self.u32()?,
            generation: self.u32()?,
        })
    }

    pub(super) fn chat(&mut self) -> Result<ChatId, MailError> {
        self.array().map(ChatId)
    }

    pub(super) fn chat_option(&mut self) -> Result<Option<ChatId>, MailError> {
        let is_some = self.flag("chat")?;
        is_some.then(|| self.chat()).transpose()
    }

    pub(super) fn user(&mut self) -> Result<UserId, MailError> {
        self.array().map(UserId)
    }

    pub(super) fn device(&mut self) -> Result<DeviceAddress, MailError> {
        Ok(DeviceAddress {
            user: self.user()?,
            device: self.u32()?,
        })
    }

    pub(super) fn code(&mut self) -> Result<ErrorCode, MailError> {
        ErrorCode::from_wire(self.u16()?).ok_or(MailError::Field("code"))
    }

    pub(super) fn refusal(&mut self) -> Result<Refusal, MailError> {
        Ok(Refusal {
            code: self.code()?,
            retry_after_ms: self.u32()?,
        })
    }

    /// What `read` reads, or a refusal.
    pub(super) fn answer<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, MailError>,
    ) -> Result<Result<T, Refusal>, MailError> {
        if self.flag("answer")? {
            read(self).map(Ok)
        } else {
            self.refusal().map(Err)
        }
    }

    /// A counted list; every item takes at least a byte, so the bytes that are left bound what is reserved.
    pub(super) fn list<T>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<T, MailError>,
    ) -> Result<Vec<T>, MailError> {
        let count = self.u32()? as usize;
        if count > self.bytes.len() {
            return Err(MailError::Short);
        }
        (0..count).map(|_| read(self)).collect()
    }

    pub(super) fn group<T: Copy>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<T, MailError>,
    ) -> Result<Group<T>, MailError> {
        let items = self.list(read)?;
        match items.as_slice() {
            [] => Err(MailError::Field("group")),
            [item] => Ok(Group::One(*item)),
            _ => Ok(Group::Many(items)),
        }
    }

    /// A `Send` frame, verified.
    pub(super) fn send_frame(&mut self) -> Result<Bytes, MailError> {
        let frame = self.frame()?;
        let is_valid = MessageView::of_send(&frame).is_ok();
        is_valid.then_some(frame).ok_or(MailError::Field("frame"))
    }

    /// A `Deliver` frame, verified.
    pub(super) fn deliver_frame(&mut self) -> Result<Bytes, MailError> {
        let frame = self.frame()?;
        let is_valid = MessageView::of_deliver(&frame).is_ok();
        is_valid.then_some(frame).ok_or(MailError::Field("frame"))
    }

    fn frame(&mut self) -> Result<Bytes, MailError> {
        let bytes = self.u32()? as usize;
        if bytes > self.bytes.len() {
            return Err(MailError::Short);
        }
        Ok(self.bytes.split_to(bytes))
    }

    pub(super) fn end(self) -> Result<(), MailError> {
        if self.bytes.is_empty() {
            Ok(())
        } else {
            Err(MailError::Long)
        }
    }
}
