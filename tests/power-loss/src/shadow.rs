//! The shadow folder: what is durable at every moment. Rust writes it once, when everything present is taken as
//! durable; from then on the recorder does. The format is told at the top of `shim/record.c`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::error::{PowerLossError, at};
use crate::identity::{Entry, Identity, Kind};
use crate::live::{Listing, Live};

/// A shadow folder.
#[derive(Debug)]
pub(crate) struct Shadow {
    path: PathBuf,
}

impl Shadow {
    /// The shadow at `path`, whether or not it exists yet.
    pub(crate) fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Whether it was begun.
    pub(crate) fn exists(&self) -> bool {
        self.path.join("objects").is_dir()
    }

    /// Begins anew: all that `data` holds counts as durable.
    pub(crate) fn begin(&self, data: &Path) -> Result<(), PowerLossError> {
        match fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(at(&self.path)(error)),
            _ => {}
        }
        for folder in ["objects", "folders", "pins"] {
            let path = self.path.join(folder);
            fs::create_dir_all(&path).map_err(at(&path))?;
        }
        let live = Live::scan(data)?;
        for (identity, listing) in &live.folders {
            let path = self.path.join("folders").join(&identity.0);
            fs::write(&path, write_listing(listing)).map_err(at(&path))?;
        }
        for (identity, source) in &live.files {
            let target = self.object(identity);
            fs::copy(source, &target).map_err(at(source))?;
        }
        Ok(())
    }

    /// Fails unless the recorder was loaded and saw nothing that it cannot follow.
    pub(crate) fn check(&self) -> Result<(), PowerLossError> {
        let loaded = self.path.join("loaded");
        if !loaded.exists() {
            return Err(PowerLossError::NotLoaded(loaded));
        }
        match fs::read_to_string(self.path.join("violations")) {
            Ok(text) => Err(PowerLossError::Violation(text.trim().to_owned())),
            Err(_) => Ok(()),
        }
    }

    /// What each folder listed at its last sync.
    pub(crate) fn folders(&self) -> Result<BTreeMap<Identity, Listing>, PowerLossError> {
        let folder = self.path.join("folders");
        let mut folders = BTreeMap::new();
        for found in fs::read_dir(&folder).map_err(at(&folder))? {
            let path = found.map_err(at(&folder))?.path();
            if path.extension().is_some() {
                continue; // a publication that the kill cut short
            }
            let text = fs::read_to_string(&path).map_err(at(&path))?;
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            folders.insert(Identity(name), read_listing(&text)?);
        }
        Ok(folders)
    }

    /// The contents of a file at its last sync; empty if there was none.
    pub(crate) fn contents(&self, identity: &Identity) -> Result<Vec<u8>, PowerLossError> {
        let path = self.object(identity);
        match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            result => result.map_err(at(&path)),
        }
    }

    fn object(&self, identity: &Identity) -> PathBuf {
        self.path.join("objects").join(&identity.0)
    }
}

fn write_listing(listing: &Listing) -> String {
    let mut text = String::new();
    for (name, entry) in listing {
        let kind = match entry.kind {
            Kind::File => 'f',
            Kind::Folder => 'd',
            Kind::Other => 'o',
        };
        let hex: String = name.as_bytes().iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a string takes all that is written");
            hex
        });
        writeln!(text, "{kind} {} {:o} {hex}", entry.identity.0, entry.mode)
            .expect("a string takes all that is written");
    }
    text
}

fn read_listing(text: &str) -> Result<Listing, PowerLossError> {
    text.lines()
        .map(|line| read_line(line).ok_or_else(|| PowerLossError::Damaged(line.to_owned())))
        .collect()
}

fn read_line(line: &str) -> Option<(OsString, Entry)> {
    let mut fields = line.split(' ');
    let kind = match fields.next()? {
        "f" => Kind::File,
        "d" => Kind::Folder,
        "o" => Kind::Other,
        _ => return None,
    };
    let identity = Identity(fields.next()?.to_owned());
    let mode = u32::from_str_radix(fields.next()?, 8).ok()?;
    let hex = fields.next()?;
    let bytes = (0..hex.len())
        .step_by(2)
        .map(|start| u8::from_str_radix(hex.get(start..start + 2)?, 16).ok())
        .collect::<Option<Vec<u8>>>()?;
    Some((
        OsString::from_vec(bytes),
        Entry {
            kind,
            identity,
            mode,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_read_as_written() {
        let entry = |kind, identity: &str| Entry {
            kind,
            identity: Identity(identity.to_owned()),
            mode: 0o640,
        };
        let listing = Listing::from([
            (OsString::from("a b\n\u{e9}"), entry(Kind::File, "1-2-3")),
            (OsString::from("tables"), entry(Kind::Folder, "4-5-6")),
        ]);
        assert_eq!(read_listing(&write_listing(&listing)).unwrap(), listing);
    }

    #[test]
    fn a_strange_line_is_refused() {
        for line in [
            "x 1-2-3 644 61",
            "f 1-2-3 999 61",
            "f 1-2-3 644 6",
            "f 1-2-3",
            "f 1-2-3 644 zz",
        ] {
            assert!(read_listing(line).is_err(), "{line}");
        }
    }
}
