//! HdrHistogram's Python tools read what was recorded, and find equal values at every rank that is written down.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::fixture::Made;

/// An interpreter that has the tools: that of `.ci/install`, or the system's.
fn interpreter() -> Option<PathBuf> {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let installed = built.into_iter().flat_map(|target| {
        let entries = fs::read_dir(target).into_iter().flatten().flatten();
        let names = entries.filter(|entry| {
            let name = entry.file_name();
            name.to_string_lossy().starts_with("hdrhistogram-")
        });
        names.map(|entry| entry.path().join("bin/python"))
    });
    installed.chain([PathBuf::from("python3")]).find(|python| {
        let probe = Command::new(python).args(["-c", "import hdrh"]).output();
        probe.is_ok_and(|output| output.status.success())
    })
}

fn compare(python: &Path, folder: &Path) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hdrhistogram_peer.py");
    Command::new(python)
        .args([script.as_path(), folder])
        .output()
        .expect("the interpreter was found before")
}

#[test]
fn the_python_tools_read_equal_percentiles() {
    let Some(python) = interpreter() else {
        let is_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
        assert!(
            !is_ci,
            "hdrhistogram is not installed; .ci/install does that"
        );
        eprintln!("left out: no python3 with hdrhistogram");
        return;
    };
    let root = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = Made::default().write(root.path());
    let output = compare(&python, &folder);
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complained}");
    assert!(said.starts_with("4 stages, 17 intervals, "), "{said}");

    let summary = folder.join("summary.json");
    let text = fs::read_to_string(&summary).expect("it was written");
    let spoilt = text.replacen("\"p99_ms\": ", "\"p99_ms\": 1", 1);
    assert_ne!(text, spoilt);
    fs::write(&summary, spoilt).expect("it is writable");
    let output = compare(&python, &folder);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && complained.contains("p99_ms"),
        "{complained}"
    );
}
