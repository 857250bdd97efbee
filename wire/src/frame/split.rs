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
    let declared = u32_at(stream, 0);
    let frame_bytes = declared as usize;
    if frame_bytes > FRAME_BYTES_MAX {
        return Err(FrameError::TooLarge {
            frame_bytes: declared,
        });
    }
    let kind = FrameKind::from_wire(stream[4])?;
    let header_bytes = usize::from(stream[5]) * 8;
    if header_bytes < PREFIX_BYTES || header_bytes > frame_bytes {
        return Err(FrameError::Malformed {
            what: "header_words",
        });
    }
    if u16_at(stream, 6) != 0 {
        return Err(FrameError::Malformed { what: "flags" });
    }
    if stream.len() < frame_bytes {
        return Ok(Split::More { frame_bytes });
    }
    let (frame, rest) = stream.split_at(frame_bytes);
    Ok(Split::Frame { kind, frame, rest })
}

/// Appends a prefix for a frame of `frame_bytes` in all.
pub(crate) fn begin(kind: FrameKind, header_bytes: usize, frame_bytes: usize, out: &mut Vec<u8>) {
    assert!(
        frame_bytes <= FRAME_BYTES_MAX && header_bytes.is_multiple_of(8) && header_bytes <= 8 * 255
    );
    out.extend_from_slice(&(frame_bytes as u32).to_le_bytes());
    out.push(kind as u8);
    out.push((header_bytes / 8) as u8);
    out.extend_from_slice(&[0, 0]);
}

/// The fixed header of `bytes` length, or longer in a later version, and the tail, of a frame that `split` found.
pub(crate) fn body(frame: &[u8], bytes: usize) -> Result<(&[u8], &[u8]), FrameError> {
    let header_bytes = usize::from(frame[5]) * 8;
    if header_bytes < bytes {
        return Err(FrameError::Malformed {
            what: "header_words",
        });
    }
    Ok(frame.split_at(header_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ping() -> Vec<u8> {
        let mut bytes = Vec::new();
        begin(FrameKind::Ping, 8, 12, &mut bytes);
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
