//! Verifying and building a flatbuffer behind a frame prefix, and the checks that table fields share.

use flatbuffers::{FlatBufferBuilder, Follow, Verifiable, VerifierOptions, WIPOffset};

use crate::frame::{FrameError, FrameKind, begin, body};
use crate::generated::ringpost::wire as generated;
use crate::limits::{FRAME_BYTES_MAX, PREFIX_BYTES, TEXT_BYTES_MAX};

/// The verified root table of a frame.
pub(super) fn root<'a, T>(frame: &'a [u8]) -> Result<T::Inner, FrameError>
where
    T: Follow<'a> + Verifiable + 'a,
{
    let (_, table) = body(frame, PREFIX_BYTES)?;
    let options = VerifierOptions {
        max_depth: 4,
        max_tables: 8,
        max_apparent_size: FRAME_BYTES_MAX,
        ignore_missing_null_terminator: false,
    };
    flatbuffers::root_with_opts::<T>(&options, table)
        .map_err(|_| FrameError::Malformed { what: "table" })
}

/// Appends a frame of `kind` whose table `build` makes.
///
/// Panics when the table does not fit a frame: the limits of every field are checked before, by their owners.
pub(super) fn encode<'a, T>(
    kind: FrameKind,
    out: &mut Vec<u8>,
    build: impl FnOnce(&mut FlatBufferBuilder<'a>) -> WIPOffset<T>,
) {
    let mut builder = FlatBufferBuilder::with_capacity(256);
    let table = build(&mut builder);
    builder.finish_minimal(table);
    let bytes = builder.finished_data();
    begin(kind, PREFIX_BYTES, PREFIX_BYTES + bytes.len(), out);
    out.extend_from_slice(bytes);
}

/// An optional text of at most `TEXT_BYTES_MAX`.
pub(super) fn text(text: Option<&str>) -> Result<&str, FrameError> {
    let text = text.unwrap_or_default();
    if text.len() > TEXT_BYTES_MAX {
        return Err(FrameError::Malformed { what: "text" });
    }
    Ok(text)
}

/// The beginning of `text` that fits a frame's text field, cut at a character.
pub(super) fn clipped(text: &str) -> &str {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

pub(super) fn id(bytes: [u8; 16]) -> generated::Id {
    generated::Id(bytes)
}
