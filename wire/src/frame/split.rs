//! Finds whole frames in a stream of bytes and checks their prefix; writes the prefix of new frames.
//!
//! Prefix: `frame_bytes u32 @0 · kind u8 @4 · header_words u8 @5 (body at 8 x this) · flags u16 @6`, little-endian.

use super::integer::{u16_at, u32_at};
use super::{FrameError, FrameKind};
use crate::limits::{FRAME_BYTES_MAX, PREFIX_BYTES};

/// What the head of a stream holds.
#[derive(Debug, PartialEq, Eq)]
pub enum Split<'a> {
    /// A whole frame with a valid prefix, and what follows it.
    Frame {
        /// The frame's kind.
        kind: FrameKind,
        /// The frame, prefix included.
        frame: &'a [u8],
        /// The bytes after it.
        rest: &'a [u8],
    },
    /// The frame is not complete.
    More {
        /// Bytes of the whole frame, or of the prefix while even that is not complete.
        frame_bytes: usize,
    },
}

/// Looks at the head of `stream`.
///
/// # Errors
/// The length, kind or header length in the prefix is invalid: the stream cannot be followed any further.
pub fn split(stream: &[u8]) -> Result<Split<'_>, FrameError> {
    if stream.len() < PREFIX_BYTES {
        return Ok(Split::More {
            frame_bytes: PREFIX_BYTES,
        });
    }
    let Prefix {
        kind, frame_bytes, ..
    } = prefix(stream)?;
    if stream.len() < frame_bytes {
        return Ok(Split::More { frame_bytes });
    }
    let (frame, rest) = stream.split_at(frame_bytes);
    Ok(Split::Frame { kind, frame, rest })
}

/// The fields of a prefix that passed its checks.
struct Prefix {
    kind: FrameKind,
    header_bytes: usize,
    frame_bytes: usize,
}

/// Checks the prefix at the head of `bytes`, which are at least `PREFIX_BYTES`.
fn prefix(bytes: &[u8]) -> Result<Prefix, FrameError> {
    let declared = u32_at(bytes, 0);
    let too_large = FrameError::TooLarge {
        frame_bytes: declared,
    };
    if declared as usize > FRAME_BYTES_MAX {
        return Err(too_large);
    }
    let prefix = Prefix {
        kind: FrameKind::from_wire(bytes[4])?,
        header_bytes: usize::from(bytes[5]) * 8,
        frame_bytes: declared as usize,
    };
    if prefix.frame_bytes > prefix.kind.frame_bytes_max() {
        return Err(too_large);
    }
    if prefix.header_bytes < prefix.kind.header_bytes() || prefix.header_bytes > prefix.frame_bytes
    {
        return Err(FrameError::Malformed {
            what: "header_words",
        });
    }
    if u16_at(bytes, 6) != 0 {
        return Err(FrameError::Malformed { what: "flags" });
    }
    Ok(prefix)
}

/// Appends a prefix for a frame of `frame_bytes` in all.
pub(crate) fn begin(kind: FrameKind, frame_bytes: usize, out: &mut Vec<u8>) {
    assert!(
        (kind.header_bytes()..=kind.frame_bytes_max()).contains(&frame_bytes),
        "the limits of a frame's fields keep it inside its kind's limit"
    );
    out.extend_from_slice(&(frame_bytes as u32).to_le_bytes());
    out.push(kind as u8);
    out.push((kind.header_bytes() / 8) as u8);
    out.extend_from_slice(&[0, 0]);
}

/// The header, as long as this version knows it or longer, and the tail, of exactly one whole frame of `kind`.
pub(crate) fn body(frame: &[u8], kind: FrameKind) -> Result<(&[u8], &[u8]), FrameError> {
    if frame.len() < PREFIX_BYTES {
        return Err(FrameError::Malformed {
            what: "frame_bytes",
        });
    }
    let prefix = prefix(frame)?;
    if prefix.kind != kind {
        return Err(FrameError::Malformed { what: "kind" });
    }
    if prefix.frame_bytes != frame.len() {
        return Err(FrameError::Malformed {
            what: "frame_bytes",
        });
    }
    Ok(frame.split_at(prefix.header_bytes))
}

/// The header of exactly one whole frame of `kind`, which has no tail.
pub(crate) fn header_alone(frame: &[u8], kind: FrameKind) -> Result<&[u8], FrameError> {
    match body(frame, kind)? {
        (header, []) => Ok(header),
        _ => Err(FrameError::Malformed {
            what: "frame_bytes",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ping() -> Vec<u8> {
        let mut bytes = Vec::new();
        begin(FrameKind::Ping, 12, &mut bytes);
        bytes.extend_from_slice(&[1, 2, 3, 4]);
        bytes
    }

    #[test]
    fn a_frame_is_found_only_when_whole() {
        let mut stream = ping();
        stream.extend_from_slice(&ping());
        for cut in 0..12 {
            let expected = if cut < 8 { 8 } else { 12 };
            assert_eq!(
                split(&stream[..cut]),
                Ok(Split::More {
                    frame_bytes: expected
                })
            );
        }
        let Ok(Split::Frame { kind, frame, rest }) = split(&stream) else {
            panic!("a whole frame was not found");
        };
        assert_eq!(
            (kind, frame, rest),
            (FrameKind::Ping, &ping()[..], &ping()[..])
        );
    }

    #[test]
    fn bad_prefixes_are_refused_before_the_frame_is_complete() {
        let with = |offset: usize, value: u8| {
            let mut bytes = ping();
            bytes[offset] = value;
            bytes.truncate(8);
            split(&bytes).err()
        };
        assert!(matches!(with(2, 1), Some(FrameError::TooLarge { .. })));
        assert_eq!(with(4, 200), Some(FrameError::UnknownKind { kind: 200 }));
        assert_eq!(
            with(5, 0),
            Some(FrameError::Malformed {
                what: "header_words"
            })
        );
        assert_eq!(
            with(5, 2),
            Some(FrameError::Malformed {
                what: "header_words"
            })
        );
        assert_eq!(with(6, 1), Some(FrameError::Malformed { what: "flags" }));
    }
}
