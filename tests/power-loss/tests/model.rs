//! The recorder and the cut, on a small program whose every step is known: what was synced stays, the rest may go.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ringpost_power_loss::{CutReport, PowerLossError, Shim, SyncFault, cut, cut_to_synced};
use tempfile::TempDir;

struct Scene {
    _folder: TempDir,
    data: PathBuf,
    shadow: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let (data, shadow) = (folder.path().join("data"), folder.path().join("shadow"));
        fs::create_dir(&data).unwrap();
        Self {
            _folder: folder,
            data,
            shadow,
        }
    }

    /// A scene in which the steps were run and the program then killed.
    fn after(steps: &[&str]) -> Self {
        let scene = Self::new();
        scene.run(&Shim::new(), steps);
        scene
    }

    fn run(&self, shim: &Shim, steps: &[&str]) {
        assert!(self.try_run(shim, steps), "the steps failed");
    }

    /// Whether all steps succeeded before the kill.
    fn try_run(&self, shim: &Shim, steps: &[&str]) -> bool {
        let mut command = Command::new(env!("CARGO_BIN_EXE_power-loss-scribe"));
        shim.command(&mut command, &self.data, &self.shadow)
            .unwrap();
        command
            .arg(&self.data)
            .args(steps)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        line == "ready\n"
    }

    fn cut(&self) -> CutReport {
        cut_to_synced(&self.data, &self.shadow).unwrap()
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read(self.data.join(name))
            .ok()
            .map(|bytes| String::from_utf8(bytes).unwrap())
    }

    fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        collect(&self.data, "", &mut names);
        names.sort();
        names
    }
}

fn collect(folder: &Path, prefix: &str, names: &mut Vec<String>) {
    for found in fs::read_dir(folder).unwrap() {
        let found = found.unwrap();
        let name = format!("{prefix}{}", found.file_name().to_string_lossy());
        if found.file_type().unwrap().is_dir() {
            collect(&found.path(), &format!("{name}/"), names);
        }
        names.push(name);
    }
}

#[test]
fn what_is_appended_and_synced_stays() {
    let scene = Scene::after(&["append-sync:a:one ", "append-sync:a:two ", "sync:."]);
    let report = scene.cut();
    assert_eq!(scene.read("a").unwrap(), "one two ");
    assert_eq!(
        report,
        CutReport {
            files: 1,
            ..CutReport::default()
        }
    );
}

#[test]
fn what_is_appended_without_a_sync_goes() {
    let scene = Scene::after(&["append-sync:a:one ", "sync:.", "append:a:two "]);
    let report = scene.cut();
    assert_eq!(scene.read("a").unwrap(), "one ");
    assert_eq!(
        report,
        CutReport {
            files: 1,
            bytes_lost: 4,
            ..CutReport::default()
        }
    );
}

#[test]
fn a_synced_file_without_a_synced_name_goes() {
    let scene = Scene::after(&["append-sync:a:one "]);
    let report = scene.cut();
    assert_eq!(scene.names(), Vec::<String>::new());
    assert_eq!(report.names_lost, 1);
}

#[test]
fn a_synced_name_without_synced_contents_is_empty() {
    let scene = Scene::after(&["append:a:one ", "sync:."]);
    scene.cut();
    assert_eq!(scene.read("a").unwrap(), "");
}

#[test]
fn a_write_through_a_descriptor_that_syncs_stays() {
    let scene = Scene::after(&[
        "append:a:x",
        "sync:a",
        "append-dsync:a:one ",
        "append:a:two ",
        "sync:.",
    ]);
    scene.cut();
    // The append descriptor's own writes are durable; the other's are not.
    assert_eq!(scene.read("a").unwrap(), "xone ");
}

#[test]
fn a_rename_is_undone_without_a_sync_of_the_folder_and_kept_with_it() {
    let steps = [
        "append-sync:old:1",
        "append-sync:new:2",
        "sync:.",
        "rename:new:old",
    ];
    let scene = Scene::after(&steps);
    scene.cut();
    assert_eq!(
        (scene.read("old").unwrap(), scene.read("new").unwrap()),
        ("1".into(), "2".into())
    );
    let scene = Scene::after(&[&steps[..], &["sync:."]].concat());
    scene.cut();
    assert_eq!(
        (scene.read("old").unwrap(), scene.read("new")),
        ("2".into(), None)
    );
}

#[test]
fn a_rename_between_folders_needs_both() {
    let steps = [
        "mkdir:d",
        "append-sync:a:1",
        "sync:d",
        "sync:.",
        "rename:a:d/a",
    ];
    let scene = Scene::after(&[&steps[..], &["sync:d"]].concat());
    scene.cut();
    assert_eq!(scene.names(), ["a", "d", "d/a"]);
    let scene = Scene::after(&[&steps[..], &["sync:d", "sync:."]].concat());
    scene.cut();
    assert_eq!(scene.names(), ["d", "d/a"]);
}

#[test]
fn a_removal_is_undone_and_the_file_is_back_as_synced() {
    let scene = Scene::after(&["append-sync:a:one ", "sync:.", "append:a:two ", "unlink:a"]);
    scene.cut();
    assert_eq!(scene.read("a").unwrap(), "one ");
    let scene = Scene::after(&["append-sync:a:one ", "sync:.", "unlink:a", "sync:."]);
    scene.cut();
    assert_eq!(scene.names(), Vec::<String>::new());
}

#[test]
fn a_removed_inode_is_not_confused_with_its_successor() {
    let scene = Scene::after(&[
        "append-sync:a:one",
        "sync:.",
        "unlink:a",
        "append-sync:a:two",
        "append-sync:b:3",
    ]);
    scene.cut();
    assert_eq!(
        (scene.read("a").unwrap(), scene.read("b")),
        ("one".into(), None)
    );
}

#[test]
fn a_removed_folder_is_back_with_its_files() {
    let steps = [
        "mkdir:d",
        "append-sync:d/a:1",
        "sync:d",
        "sync:.",
        "rmdir:d",
    ];
    let scene = Scene::after(&steps);
    scene.cut();
    assert_eq!(scene.read("d/a").unwrap(), "1");
}

#[test]
fn a_folder_without_a_synced_name_goes_with_all_in_it() {
    let scene = Scene::after(&["mkdir:d", "append-sync:d/a:1", "sync:d"]);
    scene.cut();
    assert_eq!(scene.names(), Vec::<String>::new());
}

#[test]
fn an_overwrite_is_restored() {
    let scene = Scene::after(&["append-sync:a:abcdef", "sync:.", "write:a:2:XY"]);
    scene.cut();
    assert_eq!(scene.read("a").unwrap(), "abcdef");
    let scene = Scene::after(&[
        "append-sync:a:abcdef",
        "sync:.",
        "write:a:2:XY",
        "sync:a",
        "write:a:0:Z",
    ]);
    scene.cut();
    assert_eq!(scene.read("a").unwrap(), "abXYef");
}

#[test]
fn a_truncation_is_restored_or_kept() {
    let scene = Scene::after(&["append-sync:a:abcdef", "sync:.", "truncate:a:2"]);
    scene.cut();
    assert_eq!(scene.read("a").unwrap(), "abcdef");
    let steps = [
        "append-sync:a:abcdef",
        "sync:.",
        "truncate:a:2",
        "truncate:a:4",
        "sync:a",
    ];
    let scene = Scene::after(&steps);
    scene.cut();
    assert_eq!(scene.read("a").unwrap(), "ab\0\0");
    let scene = Scene::after(&["append-sync:a:abcdef", "sync:.", "replace:a:x"]);
    scene.cut();
    assert_eq!(scene.read("a").unwrap(), "abcdef");
    let scene = Scene::after(&["append-sync:a:abcdef", "sync:.", "replace:a:x", "sync:a"]);
    scene.cut();
    assert_eq!(scene.read("a").unwrap(), "x");
}

#[test]
fn copies_and_links_are_followed() {
    let scene = Scene::after(&[
        "append-sync:a:one",
        "copy:a:b",
        "copy:a:c",
        "sync:b",
        "link:a:d",
        "sync:.",
    ]);
    scene.cut();
    assert_eq!(scene.names(), ["a", "b", "c", "d"]);
    let contents = ["b", "c", "d"].map(|name| scene.read(name).unwrap());
    assert_eq!(contents, ["one", "", "one"]);
}

#[test]
fn threads_that_append_and_sync_lose_nothing() {
    let scene = Scene::after(&["threads:log:4", "sync:."]);
    scene.cut();
    let text = scene.read("log").unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 200);
}

#[test]
fn what_was_there_before_the_start_is_durable_and_a_restart_carries_on() {
    let scene = Scene::new();
    fs::create_dir(scene.data.join("d")).unwrap();
    fs::write(scene.data.join("d/a"), "before ").unwrap();
    scene.run(&Shim::new(), &["append:d/a:lost "]);
    scene.cut();
    assert_eq!(scene.read("d/a").unwrap(), "before ");
    scene.run(&Shim::new(), &["append:d/a:first "]);
    scene.run(
        &Shim::new(),
        &["append-sync:d/a:second ", "append:d/a:third "],
    );
    scene.cut();
    // The second program's sync made durable what the first had left in the page cache.
    assert_eq!(scene.read("d/a").unwrap(), "before first second ");
}

#[test]
fn ignored_syncs_keep_nothing() {
    let scene = Scene::new();
    scene.run(
        &Shim::with_fault(SyncFault::Ignored),
        &["append-sync:a:one", "append-dsync:a:two", "sync:."],
    );
    scene.cut();
    assert_eq!(scene.names(), Vec::<String>::new());
}

#[test]
fn a_failed_sync_makes_nothing_durable() {
    let scene = Scene::new();
    let shim = Shim::with_fault(SyncFault::FailsAfter(2));
    assert!(!scene.try_run(
        &shim,
        &["append-sync:a:one ", "sync:.", "append-sync:a:two "]
    ));
    scene.cut();
    assert_eq!(scene.read("a").unwrap(), "one ");
}

#[test]
fn a_program_without_the_recorder_is_refused() {
    let scene = Scene::new();
    Shim::new()
        .command(&mut Command::new("true"), &scene.data, &scene.shadow)
        .unwrap();
    let refused = cut(&scene.data, &scene.shadow, 1);
    assert!(
        matches!(refused, Err(PowerLossError::NotLoaded(_))),
        "{refused:?}"
    );
}

#[test]
fn seeds_keep_the_synced_part_and_vary_the_rest() {
    let mut outcomes = std::collections::BTreeSet::new();
    for seed in 0..60 {
        let steps = [
            "fill:a:0:10000",
            "sync:a",
            "sync:.",
            "fill:a:10000:9000",
            "append:b:new",
            "rename:b:c",
        ];
        let scene = Scene::after(&steps);
        cut(&scene.data, &scene.shadow, seed).unwrap();
        let text = scene.read("a").unwrap();
        assert!(
            text.len() >= 10_000 && text[..10_000].bytes().all(|byte| byte == b'x'),
            "seed {seed}"
        );
        assert_eq!(scene.read("b"), None, "seed {seed}");
        outcomes.insert((text, scene.read("c")));
    }
    assert!(outcomes.len() > 10, "{} outcomes", outcomes.len());
}

#[test]
fn a_seed_repeats_its_cut() {
    let outcome = || {
        let steps = [
            "fill:a:0:10000",
            "sync:a",
            "sync:.",
            "fill:a:5000:90000",
            "write:a:100:torn",
        ];
        let scene = Scene::after(&steps);
        cut(&scene.data, &scene.shadow, 42).unwrap();
        scene.read("a")
    };
    assert_eq!(outcome(), outcome());
}
