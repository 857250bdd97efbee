//! The encoding of mails, for those that will cross nodes.

/// Bytes that are no mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailError;
