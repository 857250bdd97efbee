//! The header. Input: the first bytes of a connection; output: for whom it was made and where the stream begins.
//!
//! Invariant: of a stream that does not begin with a header, or with one that is too long, no more is asked for.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Bytes of a header with its extensions. Past it: `ProxyError::TooLong`.
pub const HEADER_BYTES_MAX: usize = 4 * 1024;

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
const FIXED_BYTES: usize = 16;
const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;
const UNSPECIFIED: u8 = 0x00;
const TCP_OVER_IPV4: u8 = 0x11;
const TCP_OVER_IPV6: u8 = 0x21;
const UNIX_STREAM: u8 = 0x31;
const UNIX_ADDRESSES_BYTES: usize = 216;
const CHECKSUM: u8 = 0x03;
const EXTENSION_BYTES_MIN: usize = 3;

/// A whole header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyHeader {
    /// How long it is; the stream begins behind it.
    pub bytes: usize,
    /// Who connected to the balancer; `None` when it connects for itself, or does not say for whom.
    pub source: Option<SocketAddr>,
}

/// Why a stream does not begin with a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// It begins with something else.
    #[error("no header of the PROXY protocol, version 2")]
    NotProxy,
    /// Its version, command or family is unknown, or of no use on TCP.
    #[error("an unknown or unusable version, command or family")]
    Unsupported,
    /// It is longer than `HEADER_BYTES_MAX`.
    #[error("the header is longer than {HEADER_BYTES_MAX} bytes")]
    TooLong,
    /// Its addresses or extensions do not fit its length.
    #[error("the header's parts do not fit its length")]
    Malformed,
    /// Its checksum is another.
    #[error("the header's checksum is wrong")]
    Checksum,
}

impl ProxyError {
    /// Every error, in the order of metrics.
    pub const ALL: [Self; 5] = [
        Self::NotProxy,
        Self::Unsupported,
        Self::TooLong,
        Self::Malformed,
        Self::Checksum,
    ];

    /// Its name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotProxy => "not_proxy",
            Self::Unsupported => "unsupported",
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::Checksum => "checksum",
        }
    }
}

/// Reads a header; `None` while its bytes are not all there.
///
/// # Errors
/// See `ProxyError`; more bytes would not help.
pub fn parse(bytes: &[u8]) -> Result<Option<ProxyHeader>, ProxyError> {
    let known = bytes.len().min(SIGNATURE.len());
    if bytes[..known] != SIGNATURE[..known] {
        return Err(ProxyError::NotProxy);
    }
    let Some((fixed, _)) = bytes.split_first_chunk::<FIXED_BYTES>() else {
        return Ok(None);
    };
    let [.., command, family, high, low] = *fixed;
    if !matches!(command, LOCAL | PROXY) {
        return Err(ProxyError::Unsupported);
    }
    let length = FIXED_BYTES + usize::from(u16::from_be_bytes([high, low]));
    if length > HEADER_BYTES_MAX {
        return Err(ProxyError::TooLong);
    }
    let Some(header) = bytes.get(..length) else {
        return Ok(None);
    };
    let source = match command {
        // Whatever else such a header says is to be ignored.
        LOCAL => None,
        _ => source(family, header)?,
    };
    Ok(Some(ProxyHeader {
        bytes: length,
        source,
    }))
}

fn source(family: u8, header: &[u8]) -> Result<Option<SocketAddr>, ProxyError> {
    let body = &header[FIXED_BYTES..];
    let (source, address_bytes) = match family {
        UNSPECIFIED => return Ok(None),
        TCP_OVER_IPV4 => {
            let (address, port) = (chunk::<4>(body, 0)?, chunk::<2>(body, 8)?);
            (Some((IpAddr::from(Ipv4Addr::from(address)), port)), 12)
        }
        TCP_OVER_IPV6 => {
            let (address, port) = (chunk::<16>(body, 0)?, chunk::<2>(body, 32)?);
            let address = IpAddr::from(Ipv6Addr::from(address)).to_canonical();
            (Some((address, port)), 36)
        }
        UNIX_STREAM => (None, UNIX_ADDRESSES_BYTES),
        _ => return Err(ProxyError::Unsupported),
    };
    let extensions = body.get(address_bytes..).ok_or(ProxyError::Malformed)?;
    check_extensions(header, extensions)?;
    Ok(source.map(|(address, port)| SocketAddr::new(address, u16::from_be_bytes(port))))
}

fn chunk<const BYTES: usize>(body: &[u8], at: usize) -> Result<[u8; BYTES], ProxyError> {
    body.get(at..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .ok_or(ProxyError::Malformed)
}

/// Every extension fits; the one that is a checksum holds. The others mean nothing here.
fn check_extensions(header: &[u8], mut rest: &[u8]) -> Result<(), ProxyError> {
    while !rest.is_empty() {
        let (&[kind, high, low], after) = rest
            .split_first_chunk::<EXTENSION_BYTES_MIN>()
            .ok_or(ProxyError::Malformed)?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let (value, after) = after
            .split_at_checked(length)
            .ok_or(ProxyError::Malformed)?;
        if kind == CHECKSUM {
            let expected = value.try_into().map_err(|_| ProxyError::Malformed)?;
            let at = header.len() - after.len() - length;
            if checksum(header, at) != u32::from_be_bytes(expected) {
                return Err(ProxyError::Checksum);
            }
        }
        rest = after;
    }
    Ok(())
}

/// CRC-32C of the header with zeros in place of the four bytes of the checksum at `at`.
fn checksum(header: &[u8], at: usize) -> u32 {
    let before = crc32c::crc32c(&header[..at]);
    let zeros = crc32c::crc32c_append(before, &[0; 4]);
    crc32c::crc32c_append(zeros, &header[at + 4..])
}

#[cfg(test)]
#[path = "header_tests.rs"]
mod tests;
