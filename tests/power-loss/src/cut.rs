//! The cut: replaces a data folder by what a power loss leaves of it. Input: the folder after the kill and its shadow.
//! Output: a tree in which all that was synced is there, and by seed some of the rest.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::chance::Chance;
use crate::contents::{self, Survival};
use crate::error::{PowerLossError, at};
use crate::identity::{Entry, Identity, Kind};
use crate::live::Live;
use crate::names;
use crate::shadow::Shadow;

const BLOCK_BYTES: usize = 4096;

/// What a cut did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CutReport {
    /// Files in the tree that is left.
    pub files: usize,
    /// Bytes that were in those files before the cut and are no more.
    pub bytes_lost: u64,
    /// Unsynced creations, removals and renames that were undone, counted by name.
    pub names_lost: usize,
    /// Unsynced creations, removals and renames that survived, counted by name.
    pub names_kept: usize,
}

/// Cuts `data` with the choices of `seed`: some unsynced writes and names survive, wholly, in part, or torn.
/// The shadow begins anew, so the program can be started on the result.
///
/// # Errors
/// When the recorder was not loaded or saw what it cannot follow, or a file operation fails.
pub fn cut(data: &Path, shadow: &Path, seed: u64) -> Result<CutReport, PowerLossError> {
    replace(data, shadow, Some(seed))
}

/// Cuts `data` to exactly what was synced.
///
/// # Errors
/// As [`cut`].
pub fn cut_to_synced(data: &Path, shadow: &Path) -> Result<CutReport, PowerLossError> {
    replace(data, shadow, None)
}

fn replace(data: &Path, shadow: &Path, seed: Option<u64>) -> Result<CutReport, PowerLossError> {
    let target = beside(data);
    let report = cut_into(data, shadow, seed, &target)?;
    fs::remove_dir_all(data).map_err(at(data))?;
    fs::rename(&target, data).map_err(at(data))?;
    Shadow::at(shadow).begin(data)?;
    Ok(report)
}

/// Writes into a new folder `target` what a power loss leaves of `data`: with the choices of `seed`, or, without one,
/// exactly what was synced. Leaves `data` and its shadow as they are, so that one kill serves many seeds.
///
/// # Errors
/// As [`cut`].
pub fn cut_into(
    data: &Path,
    shadow: &Path,
    seed: Option<u64>,
    target: &Path,
) -> Result<CutReport, PowerLossError> {
    let shadow = Shadow::at(shadow);
    shadow.check()?;
    let live = Live::scan(data)?;
    let mut chance = seed.map(Chance::new);
    let percent = chance
        .as_mut()
        .map_or(0, |chance| [0, 30, 70, 100][chance.below(4) as usize]);
    let unused = &mut Chance::new(0);
    let synced = shadow.folders()?;
    let names = names::decide(
        &synced,
        &live.folders,
        percent,
        chance.as_mut().unwrap_or(unused),
    );
    let root = fs::metadata(data).map_err(at(data))?;
    let root = Entry::of(data, &root)?;
    if !synced.contains_key(&root.identity) {
        return Err(PowerLossError::Damaged(format!(
            "{} was replaced",
            data.display()
        )));
    }
    let mut restoration = Restoration {
        shadow: &shadow,
        live: &live,
        folders: &names.folders,
        chance,
        written: BTreeMap::new(),
        report: CutReport {
            names_lost: names.lost,
            names_kept: names.kept,
            ..CutReport::default()
        },
    };
    restoration.folder(target, &root)?;
    Ok(restoration.report)
}

fn beside(data: &Path) -> PathBuf {
    let mut name = data.file_name().unwrap_or_default().to_owned();
    name.push(".cut");
    data.with_file_name(name)
}

/// The tree being written.
struct Restoration<'a> {
    shadow: &'a Shadow,
    live: &'a Live,
    folders: &'a BTreeMap<Identity, crate::live::Listing>,
    chance: Option<Chance>,
    written: BTreeMap<Identity, PathBuf>,
    report: CutReport,
}

impl Restoration<'_> {
    fn folder(&mut self, target: &Path, entry: &Entry) -> Result<(), PowerLossError> {
        fs::create_dir(target).map_err(at(target))?;
        let folders = self.folders;
        for (name, entry) in folders.get(&entry.identity).into_iter().flatten() {
            let path = target.join(name);
            match entry.kind {
                Kind::Folder => self.folder(&path, entry)?,
                Kind::File => self.file(&path, entry)?,
                Kind::Other => {}
            }
        }
        let permissions = Permissions::from_mode(entry.mode);
        fs::set_permissions(target, permissions).map_err(at(target))
    }

    fn file(&mut self, target: &Path, entry: &Entry) -> Result<(), PowerLossError> {
        self.report.files += 1;
        if let Some(first) = self.written.get(&entry.identity) {
            return fs::hard_link(first, target).map_err(at(target));
        }
        let synced = self.shadow.contents(&entry.identity)?;
        let outcome = match self.live.files.get(&entry.identity) {
            None => synced, // removed since; what was not synced went with it
            Some(path) => {
                let current = fs::read(path).map_err(at(path))?;
                let outcome = self.mix(synced, &current);
                self.report.bytes_lost += contents::bytes_lost(&current, &outcome);
                outcome
            }
        };
        write_sparse(target, &outcome).map_err(at(target))?;
        let permissions = Permissions::from_mode(entry.mode);
        fs::set_permissions(target, permissions).map_err(at(target))?;
        self.written
            .insert(entry.identity.clone(), target.to_owned());
        Ok(())
    }

    fn mix(&mut self, synced: Vec<u8>, current: &[u8]) -> Vec<u8> {
        let Some(chance) = &mut self.chance else {
            return synced;
        };
        let survival = Survival::draw(chance);
        contents::mix(synced, current, survival, chance)
    }
}

/// Writes a file and leaves holes where a block is zero, since logs are allocated ahead.
fn write_sparse(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let file = File::create_new(path)?;
    file.set_len(bytes.len() as u64)?;
    for (index, block) in bytes.chunks(BLOCK_BYTES).enumerate() {
        if block.iter().any(|byte| *byte != 0) {
            file.write_all_at(block, (index * BLOCK_BYTES) as u64)?;
        }
    }
    Ok(())
}
