//! The golden frames of the protocol, as seeds: one of each kind.

use std::path::PathBuf;

use crate::rebuild::hex;

/// The golden frames that `is_wanted`, by name.
///
/// # Panics
/// The folder of the golden frames cannot be read.
pub(crate) fn golden(is_wanted: impl Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../wire/golden");
    let files = std::fs::read_dir(folder).expect("the golden frames are in the repository");
    let mut paths: Vec<PathBuf> = files
        .map(|file| file.expect("the folder can be read").path())
        .collect();
    paths.sort();
    let text = |path: &PathBuf| std::fs::read_to_string(path).expect("a golden frame can be read");
    paths
        .iter()
        .map(|path| hex::parse(&text(path)))
        .filter(|frame| is_wanted(frame))
        .collect()
}
