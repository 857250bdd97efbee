//! Frames with fixed fields are byte for byte those of `wire/golden`, and decode to what builds them again.
//!
//! `RINGPOST_GOLDEN_WRITE=1 cargo test -p ringpost-wire --test protocol golden` writes the files anew.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ringpost_wire::{ClientFrame, FrameKind, ServerFrame};

use crate::{encode, hex, samples};

/// The folder of the golden files.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// The text of a golden file.
///
/// # Panics
/// There is no such file.
pub fn text(name: &str) -> String {
    let path = folder().join(format!("{name}.hex"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn frames_are_byte_for_byte_the_golden_ones() {
    let write = std::env::var_os("RINGPOST_GOLDEN_WRITE").is_some();
    for sample in samples::all() {
        let dump = hex::dump(&sample.bytes);
        if write {
            let path = folder().join(format!("{}.hex", sample.name));
            std::fs::write(path, &dump).expect("the folder of the golden files can be written");
        }
        assert_eq!(text(sample.name), dump, "{}", sample.name);
    }
}

#[test]
fn golden_files_decode_to_what_builds_them_again() {
    for sample in samples::all() {
        let bytes = hex::parse(&text(sample.name));
        let kind = encode::kind_of(&bytes);
        let mut directions = 0;
        if encode::is_from_client(kind) {
            let frame = ClientFrame::decode(kind, &bytes).expect("a golden frame is valid");
            assert_eq!(encode::client(&frame), bytes, "{}", sample.name);
            directions += 1;
        }
        if encode::is_from_server(kind) {
            let frame = ServerFrame::decode(kind, &bytes).expect("a golden frame is valid");
            assert_eq!(encode::server(&frame), bytes, "{}", sample.name);
            directions += 1;
        }
        assert!(directions > 0, "{} is sent by nobody", sample.name);
    }
}

#[test]
fn every_kind_has_a_golden_file_and_every_file_is_checked() {
    let samples = samples::all();
    let kinds: BTreeSet<FrameKind> = samples
        .iter()
        .map(|sample| encode::kind_of(&sample.bytes))
        .collect();
    assert_eq!(kinds, FrameKind::ALL.iter().copied().collect());
    let names: BTreeSet<String> = samples
        .iter()
        .map(|sample| format!("{}.hex", sample.name))
        .collect();
    let files: BTreeSet<String> = std::fs::read_dir(folder())
        .expect("the folder of the golden files is there")
        .map(|file| file.expect("the folder can be read").file_name())
        .map(|name| name.into_string().expect("the names are ASCII"))
        .collect();
    assert_eq!(files, names);
    assert_eq!(names.len(), samples.len(), "two samples share a name");
}
