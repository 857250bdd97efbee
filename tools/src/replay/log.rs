//! What an application was given, in the order in which it came: in memory, and line by line in an append-only file, so that a
//! repeat after a restart is seen.
//!
//! A line: `{"seq": n, "payload_base64": "..."}`. A last line that was cut short was not confirmed and is removed.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use ringpost_wire::Seq;
use serde::{Deserialize, Serialize};

use crate::error::ToolError;

#[derive(Serialize, Deserialize)]
struct Line {
    seq: Seq,
    payload_base64: String,
}

/// Everything that one client's application was given.
#[derive(Debug, Default)]
pub struct ArrivalLog {
    file: Option<File>,
    arrived: Vec<(Seq, Bytes)>,
}

impl ArrivalLog {
    /// Opens the log in `path` and reads what it holds.
    pub fn open(path: &Path) -> Result<Self, ToolError> {
        let failed = |what| move |source| ToolError::file(what, path, source);
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).open(path);
        let file = file.map_err(failed("open"))?;
        let text = std::fs::read(path).map_err(failed("read"))?;
        let whole_bytes = text
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        file.set_len(whole_bytes as u64).map_err(failed("cut"))?;
        let mut arrived = Vec::new();
        for line in text[..whole_bytes].split(|byte| *byte == b'\n') {
            if !line.is_empty() {
                arrived.push(parse(line).map_err(failed("understand"))?);
            }
        }
        let file = Some(file);
        Ok(Self { file, arrived })
    }

    /// Adds a message. Once this returns it is in the file: it survives the end of the process.
    pub fn add(&mut self, seq: Seq, payload: Bytes) -> Result<(), ToolError> {
        if let Some(file) = &mut self.file {
            let line = Line {
                seq,
                payload_base64: STANDARD.encode(&payload),
            };
            let mut text = serde_json::to_vec(&line).expect("numbers and text are JSON");
            text.push(b'\n');
            file.write_all(&text)
                .map_err(|source| ToolError::file("write", "the log of arrivals", source))?;
        }
        self.arrived.push((seq, payload));
        Ok(())
    }

    /// Everything, in the order in which it came.
    pub fn arrived(&self) -> &[(Seq, Bytes)] {
        &self.arrived
    }

    /// The highest number that arrived.
    pub fn last(&self) -> Option<Seq> {
        self.arrived.iter().map(|(seq, _)| *seq).max()
    }
}

fn parse(line: &[u8]) -> std::io::Result<(Seq, Bytes)> {
    let line: Line = serde_json::from_slice(line)?;
    let payload = STANDARD.decode(&line.payload_base64);
    let payload = payload.map_err(std::io::Error::other)?;
    Ok((line.seq, Bytes::from(payload)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_back_and_a_cut_line_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let mut log = ArrivalLog::open(&path).unwrap();
        log.add(1, Bytes::from_static(b"one")).unwrap();
        log.add(2, Bytes::from_static(b"two")).unwrap();
        drop(log);
        let mut text = std::fs::read(&path).unwrap();
        text.truncate(text.len() - 3);
        std::fs::write(&path, &text).unwrap();
        let mut log = ArrivalLog::open(&path).unwrap();
        assert_eq!(log.arrived(), [(1, Bytes::from_static(b"one"))]);
        log.add(2, Bytes::from_static(b"two")).unwrap();
        assert_eq!(ArrivalLog::open(&path).unwrap().last(), Some(2));
    }
}
