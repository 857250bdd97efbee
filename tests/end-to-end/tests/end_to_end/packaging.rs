//! The systemd unit is one that systemd takes and that gives away little.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ringpost_end_to_end::built_binary;
use ringpost_engine_tests::skipped;

/// Exposure that `systemd-analyze security` may give the unit, in tenths: docs/operate.md tells 1.2.
const EXPOSURE_MAX: u32 = 15;

fn unit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/ringpost.service")
}

fn analyze(arguments: &[&str], unit: &Path) -> Option<Output> {
    let mut command = Command::new("systemd-analyze");
    command.args(arguments).arg(unit).output().ok()
}

#[test]
fn systemd_takes_the_unit() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(unit()).unwrap();
    let binary = built_binary("ringpost").unwrap();
    assert!(text.contains("ExecStart=/usr/bin/ringpost "));
    let here = text.replace("/usr/bin/ringpost ", &format!("{} ", binary.display()));
    // The page is not installed where the test runs.
    let here = here.replace("man:ringpost(8) ", "");
    let path = folder.path().join("ringpost.service");
    std::fs::write(&path, here).unwrap();
    let Some(output) = analyze(&["verify"], &path) else {
        return skipped("systemd_takes_the_unit", "systemd-analyze");
    };
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let of_ours: Vec<&str> = told
        .lines()
        .filter(|line| line.contains("ringpost"))
        .collect();
    assert!(output.status.success() && of_ours.is_empty(), "{told}");
}

#[test]
fn the_unit_gives_away_little() {
    let arguments = ["security", "--offline=true", "--no-pager"];
    let Some(output) = analyze(&arguments, &unit()) else {
        return skipped("the_unit_gives_away_little", "systemd-analyze");
    };
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let level = told
        .lines()
        .find_map(|line| line.split_once("ringpost.service: "));
    let level = level.and_then(|(_, level)| level.split(' ').next());
    let tenths = level.and_then(|level| level.replace('.', "").parse::<u32>().ok());
    assert!(
        tenths.is_some_and(|tenths| tenths <= EXPOSURE_MAX),
        "{told}"
    );
}
