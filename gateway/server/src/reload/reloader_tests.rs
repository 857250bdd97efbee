//! Reloads from a file, with parts that take and parts that refuse.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tempfile::TempDir;

use super::*;

/// Takes `limits.sends_burst` and everything of the log, unless told to refuse.
#[derive(Clone, Default)]
struct Part {
    refuses: Arc<AtomicBool>,
    burst: Arc<AtomicU32>,
}

impl Reloadable for Part {
    fn name(&self) -> &'static str {
        "part"
    }

    fn keys(&self) -> &'static [&'static str] {
        &["limits.sends_burst", "log."]
    }

    fn reload(&mut self, settings: &Settings) -> Result<Option<String>, String> {
        if self.refuses.load(Ordering::Relaxed) {
            return Err("no".to_owned());
        }
        let burst = settings.limits.sends_burst;
        self.burst.store(burst, Ordering::Relaxed);
        Ok(Some("a certificate".to_owned()))
    }
}

struct Rig {
    folder: TempDir,
    part: Part,
    reloader: Reloader,
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let part = Part::default();
        let path = folder.path().join("ringpost.toml");
        std::fs::write(&path, "").expect("is written");
        let reloader = Reloader::new(Source::of_file(&path), &Settings::default());
        reloader.add(part.clone());
        Self {
            folder,
            part,
            reloader,
        }
    }

    fn write(&self, text: &str) {
        let path: PathBuf = self.folder.path().join("ringpost.toml");
        std::fs::write(path, text).expect("is written");
    }
}

#[test]
fn parts_take_their_keys_and_others_are_named_each_time() {
    let rig = Rig::new();
    rig.write("cores = 3\n[limits]\nsends_burst = 9\n[log]\nlevel = \"debug\"\n");
    let report = rig.reloader.reload().expect("is right");
    assert_eq!(report.changed, ["limits.sends_burst", "log.level"]);
    assert_eq!(report.needs_restart, ["cores"]);
    assert_eq!(report.renewed, ["a certificate"]);
    assert_eq!(rig.part.burst.load(Ordering::Relaxed), 9);
    let again = rig.reloader.reload().expect("is right");
    assert_eq!(again.changed, [""; 0]);
    assert_eq!(again.needs_restart, ["cores"]);
}

#[test]
fn a_wrong_file_changes_nothing() {
    let rig = Rig::new();
    let before = rig.reloader.running();
    for text in [
        "cores = ",
        "cores = 1000",
        "[limits]\nsends_burst = 0",
        "x = 1",
    ] {
        rig.write(text);
        assert!(rig.reloader.reload().is_err(), "{text}");
        assert!(!rig.reloader.status().is_success);
        assert_eq!(rig.reloader.running(), before);
    }
    assert_eq!(rig.part.burst.load(Ordering::Relaxed), 0, "was not asked");
    rig.write("");
    assert!(rig.reloader.reload().is_ok());
    assert!(rig.reloader.status().is_success);
}

#[test]
fn what_a_part_refuses_stays_and_is_offered_again() {
    let rig = Rig::new();
    rig.write("[limits]\nsends_burst = 9\n");
    rig.part.refuses.store(true, Ordering::Relaxed);
    let report = rig.reloader.reload().expect("is right");
    assert_eq!(report.failed, ["part: no"]);
    assert!(report.changed.is_empty() && report.needs_restart.is_empty());
    assert!(!rig.reloader.status().is_success);
    rig.part.refuses.store(false, Ordering::Relaxed);
    let report = rig.reloader.reload().expect("is right");
    assert_eq!(report.changed, ["limits.sends_burst"]);
    assert!(rig.reloader.status().is_success);
}

#[test]
fn what_was_refused_last_can_be_offered_again_without_reading_the_file() {
    let rig = Rig::new();
    assert!(rig.reloader.retry().is_none());
    rig.write("[limits]\nsends_burst = 9\n");
    rig.part.refuses.store(true, Ordering::Relaxed);
    assert!(rig.reloader.reload().is_ok());
    rig.write("[limits]\nsends_burst = 10\n");
    let report = rig.reloader.retry().expect("was refused");
    assert_eq!(report.failed, ["part: no"]);
    rig.part.refuses.store(false, Ordering::Relaxed);
    let report = rig.reloader.retry().expect("was refused");
    assert_eq!(report.changed, ["limits.sends_burst"]);
    assert_eq!(rig.part.burst.load(Ordering::Relaxed), 9);
    assert!(rig.reloader.status().is_success);
    assert!(rig.reloader.retry().is_none());
    rig.part.refuses.store(true, Ordering::Relaxed);
    assert!(rig.reloader.reload().is_ok());
    rig.write("cores = ");
    assert!(rig.reloader.reload().is_err() && rig.reloader.retry().is_none());
    assert!(!rig.reloader.status().is_success);
}

#[test]
fn an_order_holds_until_the_next_reload() {
    let rig = Rig::new();
    let order = |key: &str, value: i64| {
        let values = Values::from([(key.to_owned(), toml::Value::Integer(value))]);
        rig.reloader.order(&values)
    };
    assert!(order("limits.sends_burst", 5).is_ok());
    assert_eq!(rig.part.burst.load(Ordering::Relaxed), 5);
    assert!(order("limits.sends_bursts", 5).is_err());
    let report = order("cores", 2).expect("is right");
    assert_eq!(report.needs_restart, ["cores"]);
    assert_eq!(rig.part.burst.load(Ordering::Relaxed), 5, "both hold");
    assert!(rig.reloader.reload().is_ok());
    assert_eq!(rig.part.burst.load(Ordering::Relaxed), 4_000);
}

#[test]
fn what_can_change_is_told_with_the_values() {
    let rig = Rig::new();
    let live: Vec<String> = rig
        .reloader
        .running()
        .into_iter()
        .filter(|(_, _, is_live)| *is_live)
        .map(|(key, _, _)| key)
        .collect();
    assert_eq!(live, ["limits.sends_burst", "log.format", "log.level"]);
}
