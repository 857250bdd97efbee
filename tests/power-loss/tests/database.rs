//! A fjall database, killed while it writes, cut and opened again: every key that was synced is there.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fjall::{Database, KeyspaceCreateOptions};
use ringpost_power_loss::{Shim, SyncFault, cut_into, cut_to_synced};
use tempfile::TempDir;

const ROUNDS: u64 = 4;
const SEEDS: u64 = 10;

struct Scene {
    folder: TempDir,
    data: PathBuf,
    shadow: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let (data, shadow) = (folder.path().join("data"), folder.path().join("shadow"));
        Self {
            folder,
            data,
            shadow,
        }
    }

    /// Cuts with every seed into a folder of its own and opens what is left. Returns the keys found, without the cuts
    /// that left a journal which fjall refuses.
    fn outcomes(&self, round: u64) -> Vec<u64> {
        let mut found = Vec::new();
        for seed in (round * SEEDS..).take(SEEDS as usize) {
            let target = self.folder.path().join(format!("cut-{seed}"));
            cut_into(&self.data, &self.shadow, Some(seed), &target).unwrap();
            match complete_up_to(&target) {
                Ok(number) => found.push(number),
                Err(fjall::Error::JournalRecovery(_)) => {}
                Err(error) => panic!("seed {seed}: {error:?}"),
            }
            std::fs::remove_dir_all(&target).unwrap();
        }
        found
    }
}

/// Runs the writer until it has reported `lines` numbers, kills it, and returns the last one.
fn write_and_kill(shim: &Shim, data: &Path, shadow: &Path, mode: &str, lines: u64) -> u64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_power-loss-fjall"));
    shim.command(&mut command, data, shadow).unwrap();
    let mut child = command
        .arg(data)
        .arg(mode)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reported = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let before_last = reported.by_ref().take(lines as usize - 1).last();
    let last = reported.next().or(before_last);
    child.kill().unwrap();
    // What it reported between the last line read and its death counts too.
    let last = reported.last().or(last);
    child.wait().unwrap();
    last.expect("the writer reports").parse().unwrap()
}

/// The largest number such that all keys up to it are present with their values; an error if the database does not open.
fn complete_up_to(data: &Path) -> Result<u64, fjall::Error> {
    let database = Database::builder(data).open()?;
    let keys = database.keyspace("keys", KeyspaceCreateOptions::default)?;
    let mut number = 0;
    while let Some(value) = keys.get((number + 1_u64).to_be_bytes())? {
        assert!(
            value.iter().all(|byte| *byte == (number + 1) as u8),
            "a value is damaged"
        );
        number += 1;
    }
    Ok(number)
}

/// fjall refuses a journal in which a page of an unsynced batch is missing and the end of the batch is there, which the
/// cut may leave. It is no loss of what was synced: the exact cut of the same kill must open, and hold all.
#[test]
fn synced_keys_survive_every_cut() {
    let scene = Scene::new();
    let mut opened = 0;
    for round in 0..ROUNDS {
        let promised = write_and_kill(
            &Shim::new(),
            &scene.data,
            &scene.shadow,
            "synced",
            5 + round * 9,
        );
        let found = scene.outcomes(round);
        let least = found.iter().min().copied().unwrap_or(u64::MAX);
        assert!(
            least >= promised,
            "round {round}: promised {promised}, found {found:?}"
        );
        opened += found.len();
        cut_to_synced(&scene.data, &scene.shadow).unwrap();
        let exact = complete_up_to(&scene.data).expect("what was synced opens");
        assert!(
            exact >= promised,
            "round {round}: promised {promised}, found {exact}"
        );
        // Opened without the recorder, so what stands now is the new beginning.
        std::fs::remove_dir_all(&scene.shadow).unwrap();
    }
    assert!(
        opened as u64 > ROUNDS * SEEDS / 2,
        "only {opened} cuts could be opened"
    );
}

#[test]
fn unsynced_keys_may_go_and_the_synced_ones_stay() {
    let scene = Scene::new();
    write_and_kill(&Shim::new(), &scene.data, &scene.shadow, "synced", 3);
    cut_to_synced(&scene.data, &scene.shadow).unwrap();
    let kept = complete_up_to(&scene.data).expect("what was synced opens");
    std::fs::remove_dir_all(&scene.shadow).unwrap();
    let promised = write_and_kill(&Shim::new(), &scene.data, &scene.shadow, "unsynced", 2);
    let found = scene.outcomes(0);
    assert!(
        found.iter().all(|number| *number >= kept),
        "kept {kept}, found {found:?}"
    );
    assert!(
        found.iter().any(|number| *number < promised),
        "promised {promised}, found {found:?}"
    );
}

#[test]
fn without_syncs_the_promise_breaks() {
    let scene = Scene::new();
    let shim = Shim::with_fault(SyncFault::Ignored);
    let promised = write_and_kill(&shim, &scene.data, &scene.shadow, "synced", 5);
    cut_to_synced(&scene.data, &scene.shadow).unwrap();
    let found = complete_up_to(&scene.data).unwrap_or(0);
    assert!(found < promised, "promised {promised}, found {found}");
}

/// One unsynced batch stands in the journal, and a page inside a value of it never reached the disk. fjall refuses that;
/// taking the last byte off the journal makes the batch an unfinished one, which fjall discards.
#[test]
fn a_refused_journal_with_one_unsynced_batch_can_be_mended() {
    let scene = Scene::new();
    let promised = write_and_kill(&Shim::new(), &scene.data, &scene.shadow, "batched", 1);
    let (journal, last) = last_byte_of_journal(&scene.data);
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(&journal)
        .unwrap();
    file.write_all_at(&[0; 4096], last - 12_000).unwrap();
    let refused = complete_up_to(&scene.data);
    assert!(
        matches!(refused, Err(fjall::Error::JournalRecovery(_))),
        "{refused:?}"
    );
    file.set_len(last).unwrap();
    let found = complete_up_to(&scene.data).expect("the mended journal opens");
    assert_eq!(found, promised);
}

/// The newest journal and the position of its last byte that is not zero; it is allocated ahead with zeros.
fn last_byte_of_journal(data: &Path) -> (PathBuf, u64) {
    let files = std::fs::read_dir(data)
        .unwrap()
        .map(|file| file.unwrap().path());
    let number = |path: &PathBuf| path.file_stem()?.to_str()?.parse::<u64>().ok();
    let journals =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "jnl"));
    let newest = journals.max_by_key(number).expect("there is a journal");
    let bytes = std::fs::read(&newest).unwrap();
    let last = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .expect("it is not empty");
    (newest, last as u64)
}
