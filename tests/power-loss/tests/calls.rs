//! Each call of the C library that changes a file is seen by the recorder: a C program makes each once between two
//! syncs, and the exact cut must leave every file as it was.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ringpost_power_loss::{PowerLossError, Shim, cut_to_synced};
use tempfile::TempDir;

struct Scene {
    _folder: TempDir,
    data: PathBuf,
    shadow: PathBuf,
}

/// Compiles the program and runs it to its end under the recorder.
fn run(what: &str) -> Scene {
    let folder = TempDir::new().unwrap();
    let program = folder.path().join("calls");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calls.c");
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let compiled = Command::new(compiler)
        .arg(source)
        .arg("-o")
        .arg(&program)
        .status()
        .unwrap();
    assert!(compiled.success());
    let (data, shadow) = (folder.path().join("data"), folder.path().join("shadow"));
    let mut command = Command::new(program);
    Shim::new().command(&mut command, &data, &shadow).unwrap();
    assert!(command.arg(&data).arg(what).status().unwrap().success());
    Scene {
        _folder: folder,
        data,
        shadow,
    }
}

fn contents(folder: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder).unwrap().map(Result::unwrap);
    files
        .map(|file| {
            let bytes = fs::read(file.path()).unwrap();
            (
                file.file_name().into_string().unwrap(),
                String::from_utf8(bytes).unwrap(),
            )
        })
        .collect()
}

#[test]
fn every_call_that_changes_a_file_is_seen() {
    let scene = run("calls");
    let before = contents(&scene.data);
    assert_eq!(before.len(), 21, "{before:?}");
    let report = cut_to_synced(&scene.data, &scene.shadow).unwrap();
    assert_eq!(contents(&scene.data), before);
    assert_eq!((report.bytes_lost, report.names_lost), (0, 0));
}

#[test]
fn a_sync_of_the_file_system_makes_all_durable() {
    let scene = run("all");
    let before = contents(&scene.data);
    cut_to_synced(&scene.data, &scene.shadow).unwrap();
    assert_eq!(contents(&scene.data), before);
    assert_eq!(before["syncfs"], "0123S56789");
}

#[test]
fn a_shared_writable_mapping_is_refused() {
    let scene = run("map");
    let refused = cut_to_synced(&scene.data, &scene.shadow);
    assert!(
        matches!(refused, Err(PowerLossError::Violation(_))),
        "{refused:?}"
    );
}
