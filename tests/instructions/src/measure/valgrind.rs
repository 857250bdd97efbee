//! Runs this very program under callgrind and takes the cost of one operation from the profile.
//!
//! Everything that could differ between two runs or two machines is fixed: the environment, the program's name (both move
//! the stack, and copying loops take other turns at other alignments), the address space (Valgrind's own), and which of its
//! copying loops the C library picks.

use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::lap::{BEGINNING, END};
use super::{Cost, Profile, ProfileError};
use crate::Entry;

/// The C library copies without the extensions that only some processors have.
const C_LIBRARY: &str = "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX2,-AVX,-ERMS,-FSRM";

/// What the program is called while it is counted, and its profile, in a folder of its own.
const PROGRAM: &str = "./counted";
const PROFILE: &str = "profile";

/// Why a benchmark was not measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// Valgrind is not in the search path.
    #[error("valgrind is not installed (.ci/install installs it)")]
    NoValgrind,
    /// The program, a folder or the profile cannot be found or read.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The run failed.
    #[error("{name} under valgrind failed with {status}:\n{output}")]
    Failed {
        /// The benchmark.
        name: &'static str,
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it wrote.
        output: String,
    },
    /// The profile is none.
    #[error("{name}: {error}")]
    Profile {
        /// The benchmark.
        name: &'static str,
        /// Why.
        error: ProfileError,
    },
    /// Two runs did not count the same.
    #[error("{name}: two runs differ, {first} and {second} instructions")]
    Unsteady {
        /// The benchmark.
        name: &'static str,
        /// Instructions of the first run.
        first: u64,
        /// Instructions of the second.
        second: u64,
    },
}

/// The cost of one operation, counted twice.
///
/// # Errors
/// The program does not run under callgrind, or does not count the same twice.
pub fn measure(entry: &Entry) -> Result<Cost, MeasureError> {
    let first = profile(entry)?;
    let second = profile(entry)?;
    if first != second {
        return Err(MeasureError::Unsteady {
            name: entry.name,
            first: first.instructions,
            second: second.instructions,
        });
    }
    let operations = (entry.make)().operations() as f64;
    Ok(Cost {
        instructions: first.instructions as f64 / operations,
        allocations: first.allocations() as f64 / operations,
    })
}

fn profile(entry: &Entry) -> Result<Profile, MeasureError> {
    let name = entry.name;
    let of = |path: PathBuf| move |error| MeasureError::File { path, error };
    let program = std::env::current_exe().map_err(of("this program".into()))?;
    let folder = tempfile::tempdir().map_err(of("a temporary folder".into()))?;
    let counted = folder.path().join(PROGRAM);
    symlink(program, &counted).map_err(of(counted))?;
    let valgrind = valgrind().ok_or(MeasureError::NoValgrind)?;
    let output = run(&valgrind, name, folder.path()).map_err(of(valgrind))?;
    if !output.status.success() {
        return Err(MeasureError::Failed {
            name,
            status: output.status,
            output: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    // The first part ends where the counted lap does; what follows is not looked at.
    let path = folder.path().join(PROFILE).with_extension("1");
    let text = std::fs::read_to_string(&path).map_err(of(path.clone()))?;
    Profile::parse(&text).map_err(|error| MeasureError::Profile { name, error })
}

fn valgrind() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .map(|folder| folder.join("valgrind"))
        .find(|path| path.is_file())
}

fn run(valgrind: &Path, name: &str, folder: &Path) -> io::Result<Output> {
    Command::new(valgrind)
        .current_dir(folder)
        .env_clear()
        .env("GLIBC_TUNABLES", C_LIBRARY)
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--zero-before={BEGINNING}"))
        .arg(format!("--dump-before={END}"))
        .arg(format!("--callgrind-out-file={PROFILE}"))
        .args([PROGRAM, "run", name])
        .output()
}
