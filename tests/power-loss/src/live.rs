//! The tree as it stands after the kill: what every folder lists, and where the contents of each file lie.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{PowerLossError, at};
use crate::identity::{Entry, Identity, Kind};

/// The names of one folder.
pub(crate) type Listing = BTreeMap<OsString, Entry>;

/// A scanned tree.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// What each folder lists.
    pub(crate) folders: BTreeMap<Identity, Listing>,
    /// Where each file can be read.
    pub(crate) files: BTreeMap<Identity, PathBuf>,
}

impl Live {
    /// Scans everything below `root`.
    pub(crate) fn scan(root: &Path) -> Result<Self, PowerLossError> {
        let mut live = Self::default();
        let metadata = fs::metadata(root).map_err(at(root))?;
        let mut waiting = vec![(root.to_owned(), Identity::of(root, &metadata)?)];
        while let Some((folder, identity)) = waiting.pop() {
            let listing = list(&folder)?;
            for (name, entry) in &listing {
                let path = folder.join(name);
                match entry.kind {
                    Kind::File => drop(live.files.insert(entry.identity.clone(), path)),
                    Kind::Folder => waiting.push((path, entry.identity.clone())),
                    Kind::Other => {}
                }
            }
            live.folders.insert(identity, listing);
        }
        Ok(live)
    }
}

fn list(folder: &Path) -> Result<Listing, PowerLossError> {
    let mut listing = Listing::new();
    for found in fs::read_dir(folder).map_err(at(folder))? {
        let path = found.map_err(at(folder))?.path();
        let metadata = fs::symlink_metadata(&path).map_err(at(&path))?;
        let name = path.file_name().expect("a listed path ends with its name");
        listing.insert(name.to_owned(), Entry::of(&path, &metadata)?);
    }
    Ok(listing)
}
