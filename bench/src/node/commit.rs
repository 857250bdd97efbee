//! The commit that a program was built from, as far as git can tell at its folder.

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

/// Digits of a commit's id.
const ID_DIGITS: &str = "12";

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its shortened id; `unknown` outside a repository.
    pub id: String,
    /// Whether every tracked file is as committed.
    pub is_clean: bool,
}

impl Commit {
    /// The commit that is checked out at `folder` or above it.
    pub fn read(folder: &Path) -> Self {
        let short = format!("--short={ID_DIGITS}");
        let id = git(folder, &["rev-parse", &short, "HEAD"]);
        let changes = git(folder, &["status", "--porcelain", "--untracked-files=no"]);
        match (id, changes) {
            (Some(id), Some(changes)) => Self {
                id,
                is_clean: changes.is_empty(),
            },
            _ => Self::unknown(),
        }
    }

    /// No commit.
    pub fn unknown() -> Self {
        Self {
            id: "unknown".to_owned(),
            is_clean: false,
        }
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(folder: &Path, arguments: &[&str]) {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let all: Vec<&str> = identity.iter().chain(arguments).copied().collect();
        assert!(git(folder, &all).is_some(), "git {arguments:?}");
    }

    #[test]
    fn a_change_of_a_tracked_file_makes_it_unclean() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        assert_eq!(Commit::read(path), Commit::unknown());

        run(path, &["init", "--quiet"]);
        std::fs::write(path.join("a"), "1").unwrap();
        run(path, &["add", "a"]);
        run(path, &["commit", "--quiet", "-m", "first"]);
        std::fs::write(path.join("untracked"), "1").unwrap();
        let clean = Commit::read(path);
        assert!(clean.is_clean && clean.id.len() == 12, "{clean:?}");

        std::fs::write(path.join("a"), "2").unwrap();
        let changed = Commit::read(path);
        assert_eq!((changed.id, changed.is_clean), (clean.id, false));
    }
}
