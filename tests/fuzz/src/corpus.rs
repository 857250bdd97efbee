//! The committed corpus of a target: one file an input.

use std::path::PathBuf;

use crate::target::Target;

/// Where a target's corpus lies.
pub fn folder(target: &Target) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target.name)
}

/// Its inputs by file name, in the order of their names; none where there is no folder yet.
///
/// # Panics
/// A file cannot be read.
pub fn corpus(target: &Target) -> Vec<(String, Vec<u8>)> {
    let Ok(files) = std::fs::read_dir(folder(target)) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = files
        .map(|file| file.expect("the folder can be read").path())
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let name = path.file_name().expect("a file has a name");
            let bytes = std::fs::read(&path).expect("an input can be read");
            (name.to_string_lossy().into_owned(), bytes)
        })
        .collect()
}
