//! Which `ringpost` is measured: the one given, the checkout's own built anew, or the one beside the running program.
//!
//! In a checkout it is built once a process, in the profile of the running program, so that no stale one is measured. What
//! is given is never built.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::commit::Commit;

/// Name of the package and of its program.
const NAME: &str = "ringpost";
/// Either marks cargo's target folder: it writes the first only into a folder that it made itself.
const TARGET_MARKS: [&str; 2] = ["CACHEDIR.TAG", ".rustc_info.json"];
/// Marks the root of a checkout.
const CHECKOUT_MARK: &str = "gateway/server/Cargo.toml";

/// A program that starts a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeBinary {
    /// The program.
    pub path: PathBuf,
    /// Where git is asked for its commit.
    folder: PathBuf,
}

/// Why there is no program.
#[derive(Debug, thiserror::Error)]
pub enum FindBinaryError {
    /// What was given is no file.
    #[error("{path} is not a program")]
    NotAFile {
        /// What was given.
        path: PathBuf,
    },
    /// The running program does not know where it is.
    #[error("finding the running program: {0}")]
    Own(io::Error),
    /// Cargo cannot be run.
    #[error("running {cargo}: {source}; build `ringpost` and name it instead")]
    NoCargo {
        /// Its name or path.
        cargo: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It does not build.
    #[error("`cargo build -p ringpost` failed ({status})")]
    Build {
        /// How cargo ended.
        status: ExitStatus,
    },
    /// It is nowhere.
    #[error("no `ringpost` beside {own}; name one")]
    Nowhere {
        /// The running program.
        own: PathBuf,
    },
}

impl NodeBinary {
    /// The program at `given`; without one, the checkout's own, or the one beside the running program.
    ///
    /// # Errors
    /// It is not there, or does not build.
    pub fn find(given: Option<&Path>) -> Result<Self, FindBinaryError> {
        if let Some(path) = given {
            return Self::given(path);
        }
        let own = env::current_exe().map_err(FindBinaryError::Own)?;
        if let Some(profile_folder) = profile_folder(&own)
            && let Some(checkout) = checkout(&own)
        {
            return built_once(profile_folder, &checkout);
        }
        let beside = own.with_file_name(NAME);
        if beside.is_file() {
            return Self::given(&beside);
        }
        Err(FindBinaryError::Nowhere { own })
    }

    fn given(path: &Path) -> Result<Self, FindBinaryError> {
        let path = path
            .canonicalize()
            .ok()
            .filter(|path| path.is_file())
            .ok_or_else(|| FindBinaryError::NotAFile {
                path: path.to_owned(),
            })?;
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        Ok(Self { path, folder })
    }

    /// Begin of the program's SHA-256: 16 hexadecimal digits.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn digest(&self) -> io::Result<String> {
        let digest = Sha256::digest(fs::read(&self.path)?);
        Ok(digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect())
    }

    /// The commit of the repository that the program lies in, or was built from just now.
    pub fn commit(&self) -> Commit {
        Commit::read(&self.folder)
    }
}

/// The folder of a profile (`target/release`) that holds the running program.
fn profile_folder(own: &Path) -> Option<&Path> {
    own.ancestors().find(|folder| {
        folder
            .parent()
            .is_some_and(|parent| TARGET_MARKS.iter().any(|mark| parent.join(mark).exists()))
    })
}

/// The checkout of the running program: above it, named by `cargo run`, or the working directory's.
fn checkout(own: &Path) -> Option<PathBuf> {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let working = env::current_dir().ok();
    let starts = [Some(own.to_owned()), manifest, working];
    starts.into_iter().flatten().find_map(|start| {
        let mut folders = start.ancestors();
        let root = folders.find(|folder| folder.join(CHECKOUT_MARK).is_file());
        root.map(Path::to_owned)
    })
}

/// Later nodes of this process run what the first one ran, even when a source has changed meanwhile.
fn built_once(profile_folder: &Path, checkout: &Path) -> Result<NodeBinary, FindBinaryError> {
    static BUILT: Mutex<Option<NodeBinary>> = Mutex::new(None);
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(binary) = &*built {
        return Ok(binary.clone());
    }
    let binary = build(profile_folder, checkout)?;
    *built = Some(binary.clone());
    Ok(binary)
}

fn build(profile_folder: &Path, checkout: &Path) -> Result<NodeBinary, FindBinaryError> {
    let profile = match profile_folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let cargo = env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let mut command = Command::new(&cargo);
    command
        .args(["build", "--locked", "-p", NAME, "--bin", NAME])
        .args(["--profile", profile])
        .current_dir(checkout);
    if let Some(target) = profile_folder.parent() {
        command.env("CARGO_TARGET_DIR", target);
    }
    let status = command
        .status()
        .map_err(|source| FindBinaryError::NoCargo { cargo, source })?;
    if !status.success() {
        return Err(FindBinaryError::Build { status });
    }
    Ok(NodeBinary {
        path: profile_folder.join(NAME),
        folder: checkout.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_profile_lies_under_the_target_folder() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        let own = target.join("release/deps/bench");
        std::fs::create_dir_all(&target).unwrap();
        assert_eq!(profile_folder(&own), None);
        std::fs::write(target.join(TARGET_MARKS[1]), "").unwrap();
        assert_eq!(profile_folder(&own), Some(target.join("release").as_path()));
    }

    #[test]
    fn the_checkout_is_found_from_within() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("target/release/bench");
        std::fs::create_dir_all(folder.path().join("gateway/server")).unwrap();
        std::fs::write(folder.path().join(CHECKOUT_MARK), "").unwrap();
        assert_eq!(checkout(&own).as_deref(), Some(folder.path()));
    }

    #[test]
    fn what_is_given_must_be_a_file() {
        let found = NodeBinary::find(Some(Path::new("no/such/program")));
        assert!(
            matches!(found, Err(FindBinaryError::NotAFile { .. })),
            "{found:?}"
        );
    }
}
