//! Verifying and building a flatbuffer behind a frame prefix, and the checks that table fields share.

use flatbuffers::{FlatBufferBuilder, Follow, Verifiable, VerifierOptions, WIPOffset};

use crate::frame::{FrameError, FrameKind, begin, body};
use crate::generated::ringpost::wire as generated;
use crate::limits::{FRAME_BYTES_MAX, PREFIX_BYTES, TEXT_BYTES_MAX};

/// The verified root table of a frame of `kind`. Bytes that no field refers to are not looked at: they are how a newer
/// peer's fields look to this version.
pub(super) fn root<'a, T>(frame: &'a [u8], kind: FrameKind) -> Result<T::Inner, FrameError>
where
    T: Follow<'a> + Verifiable + 'a,
{
    let (_, table) = body(frame, kind)?;
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
    begin(kind, PREFIX_BYTES + bytes.len(), out);
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
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

/// `text`, or where it is over `bytes_max` so much of it that the peer refuses it for its length: the frame stays small.
pub(super) fn refusable(text: &str, bytes_max: usize) -> &str {
    &text[..text.ceil_char_boundary(bytes_max + 1)]
}

pub(super) fn id(bytes: [u8; 16]) -> generated::Id {
    generated::Id(bytes)
}
