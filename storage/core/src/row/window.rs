//! A send window: the last number, then what became of the last numbers. A row of its own, and a part of the head.

use bytes::{BufMut, BytesMut};
use ringpost_wire::ErrorCode;

use super::codec::{Damage, Reader, Row, begin, put_count};
use crate::limits::WINDOW_RESULTS_MAX;
use crate::sequencer::{Kept, SendResult, Window};

/// Bytes of a result: digest, then seq and time, or 0, code and epoch.
const RESULT_BYTES: usize = 24;
/// Most bytes of a window without a version byte.
pub(super) const WINDOW_BYTES_MAX: usize = 9 + WINDOW_RESULTS_MAX * RESULT_BYTES;

/// Most bytes of `window` without a version byte.
pub(super) fn window_bytes(window: &Window) -> usize {
    9 + window.results().len() * RESULT_BYTES
}

/// Appends a window without a version byte.
pub(super) fn put_window(window: &Window, out: &mut BytesMut) {
    out.put_u64(window.last());
    put_count(out, window.results().len());
    for kept in window.results() {
        out.put_u64(kept.digest);
        match kept.result {
            SendResult::Stored { seq, time_ms } => {
                out.put_u64(seq);
                out.put_u64(time_ms);
            }
            SendResult::Refused { code, device_epoch } => {
                out.put_u64(0);
                out.put_u32(code as u32);
                out.put_u32(device_epoch);
            }
        }
    }
}

/// Reads a window without a version byte.
pub(super) fn read_window(reader: &mut Reader<'_>) -> Result<Window, Damage> {
    let last = reader.u64("last number")?;
    let results = reader.list(WINDOW_RESULTS_MAX, "results", read_kept)?;
    Window::of(last, results).ok_or(Damage { what: "results" })
}

fn read_kept(reader: &mut Reader<'_>) -> Result<Kept, Damage> {
    let digest = reader.u64("digest")?;
    let seq = reader.u64("seq")?;
    let result = if seq > 0 {
        let time_ms = reader.u64("time")?;
        SendResult::Stored { seq, time_ms }
    } else {
        let code = u16::try_from(reader.u32("code")?).ok();
        SendResult::Refused {
            code: code
                .and_then(ErrorCode::from_wire)
                .ok_or(Damage { what: "code" })?,
            device_epoch: reader.u32("epoch")?,
        }
    };
    Ok(Kept { digest, result })
}

impl Row for Window {
    fn bytes_max(&self) -> usize {
        1 + window_bytes(self)
    }

    fn encode(&self, out: &mut BytesMut) {
        begin::<Self>(out);
        put_window(self, out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        read_window(reader)
    }
}
