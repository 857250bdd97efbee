//! What the check lets pass and what it refuses, one spoilt file at a time.

use std::fs;
use std::path::{Path, PathBuf};

use ringpost_bench::results::{Checked, check, write_index, write_summary};
use tempfile::TempDir;

use crate::fixture::Made;

const RUN: &str = "2026-03-01T090507Z-pairs";

fn recorded() -> (TempDir, PathBuf) {
    let root = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = Made::default().write(root.path());
    write_index(root.path()).expect("the raw data are whole");
    (root, folder)
}

/// Replaces the first `old` of a file, which must be there.
fn alter(path: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(path).expect("the file is there");
    assert!(text.contains(old), "{} has no {old}", path.display());
    fs::write(path, text.replacen(old, new, 1)).expect("it is writable");
}

fn refused(root: &Path) -> String {
    check(root).expect_err("it was spoilt").to_string()
}

#[test]
fn what_was_recorded_passes() {
    let (root, folder) = recorded();
    assert_eq!(
        check(root.path()).expect("all is whole"),
        Checked { runs: 1 }
    );
    let summary = fs::read_to_string(folder.join("summary.json")).expect("it was written");
    let summary: serde_json::Value = serde_json::from_str(&summary).expect("it is JSON");
    assert_eq!(summary["stages"]["send-to-deliver"]["count"], 2000);
    assert_eq!(summary["server"]["cpu_us_per_delivered"], 5.0);
    assert_eq!(summary["syncs"]["median_between_ms"][1], 2.097);
}

#[test]
fn no_runs_pass() {
    let root = tempfile::tempdir().expect("a temporary folder can be made");
    assert_eq!(
        check(root.path()).expect("nothing is wrong"),
        Checked { runs: 0 }
    );
}

#[test]
fn a_summary_that_the_raw_data_do_not_give_is_refused() {
    let (root, folder) = recorded();
    let path = folder.join("summary.json");
    alter(
        &path,
        "\"cpu_us_per_delivered\": 5.0",
        "\"cpu_us_per_delivered\": 4.0",
    );
    let said = refused(root.path());
    let expected = format!(
        "runs/{RUN}/summary.json: server.cpu_us_per_delivered: says 4.0, but the raw data give 5.0"
    );
    assert_eq!(said, expected);
}

#[test]
fn a_summary_written_by_hand_is_refused_even_if_its_values_hold() {
    let (root, folder) = recorded();
    alter(
        &folder.join("summary.json"),
        "  \"format\": 1",
        " \"format\": 1",
    );
    let said = refused(root.path());
    assert!(said.contains("not as the program writes it"), "{said}");
}

#[test]
fn an_altered_histogram_is_refused() {
    let (root, folder) = recorded();
    let path = folder.join("send-to-sent.hlog");
    let text = fs::read_to_string(&path).expect("the file is there");
    let position = text.rfind("HISTF").expect("there is a histogram") + 60;
    let new = if text.as_bytes()[position] == b'A' {
        "B"
    } else {
        "A"
    };
    let spoilt = format!("{}{new}{}", &text[..position], &text[position + 1..]);
    fs::write(&path, spoilt).expect("it is writable");
    let said = refused(root.path());
    assert!(
        said.contains(&format!("runs/{RUN}/send-to-sent.hlog: interval 5")),
        "{said}"
    );
}

#[test]
fn a_lost_interval_is_refused() {
    let (root, folder) = recorded();
    let path = folder.join("lag.hlog");
    let text = fs::read_to_string(&path).expect("the file is there");
    let kept: Vec<&str> = text.lines().collect();
    fs::write(&path, kept[..kept.len() - 1].join("\n") + "\n").expect("it is writable");
    let said = refused(root.path());
    assert!(said.contains("summary.json: stages.lag.count: says 2000, but the raw data give 1600"));
    assert!(said.contains("lag.hgrm: line "), "{said}");
    assert!(said.contains("raw_sha256.lag.hlog"), "{said}");
}

#[test]
fn an_altered_row_is_refused() {
    let (root, folder) = recorded();
    let path = folder.join("series.csv");
    let text = fs::read_to_string(&path).expect("the file is there");
    let row = text.lines().nth(2).expect("there is a second row");
    let value = row.split(',').nth(11).expect("there is a lag");
    alter(&path, row, &row.replace(value, "0.001"));
    let said = refused(root.path());
    assert!(
        said.contains("summary.json: raw_sha256.series.csv"),
        "{said}"
    );
}

#[test]
fn an_altered_distribution_is_refused() {
    let (root, folder) = recorded();
    alter(&folder.join("connect.hgrm"), "#[Max     = ", "#[Max     =1");
    let said = refused(root.path());
    assert!(
        said.starts_with(&format!("runs/{RUN}/connect.hgrm: line ")),
        "{said}"
    );
}

#[test]
fn an_altered_index_is_refused() {
    let (root, _) = recorded();
    alter(
        &root.path().join("index.json"),
        "\"is_valid\": true",
        "\"is_valid\": false",
    );
    let said = refused(root.path());
    assert_eq!(
        said,
        "index.json: runs.0.is_valid: says false, but the raw data give true"
    );
}

#[test]
fn missing_and_foreign_files_are_refused() {
    for file in [
        "run.json",
        "scenario.toml",
        "series.csv",
        "summary.json",
        "lag.hlog",
        "lag.hgrm",
    ] {
        let (root, folder) = recorded();
        fs::remove_file(folder.join(file)).expect("the file is there");
        let said = refused(root.path());
        assert!(
            said.contains(&format!("runs/{RUN}/{file}: file: is missing")),
            "{said}"
        );
    }
    let (root, folder) = recorded();
    fs::write(folder.join("notes.txt"), "by hand").expect("it is writable");
    let said = refused(root.path());
    assert_eq!(
        said,
        format!("runs/{RUN}/notes.txt: file: does not belong here")
    );
}

#[test]
fn a_run_that_breaks_the_form_is_refused_by_field() {
    for (old, new, expected) in [
        (
            "\"format\": 1",
            "\"format\": 2",
            "run.json: format: form 2 is not known, only 1",
        ),
        (
            "\"seed\": 7",
            "\"seed\": \"seven\"",
            "run.json: seed: invalid type",
        ),
        (
            "\"seed\": 7",
            "\"sead\": 7",
            "run.json: sead: unknown field",
        ),
        (
            "\"seconds\": 5.0",
            "\"seconds\": -5.0",
            "run.json: seconds: -5 is not a length",
        ),
        (
            "\"command\": \"",
            "\"command\": \"/usr/bin/",
            "run.json: command: `/usr/bin/target",
        ),
        (
            "on core 0",
            "on node-1:7400",
            "run.json: circumstances.notes.0: `node-1:7400`",
        ),
    ] {
        let (root, folder) = recorded();
        alter(&folder.join("run.json"), old, new);
        let said = refused(root.path());
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn a_renamed_folder_is_refused() {
    let (root, folder) = recorded();
    let other = folder.with_file_name("2026-03-02T090507Z-pairs");
    fs::rename(&folder, other).expect("it can be renamed");
    let said = refused(root.path());
    assert!(
        said.contains(&format!("the folder of this run is named {RUN}")),
        "{said}"
    );
    let fault = write_summary(&folder).expect_err("the folder is gone");
    assert!(fault.to_string().contains("is missing"), "{fault}");
}
