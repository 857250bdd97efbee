//! The repository's own files: what git tracks, and what it would on the next `git add`.

use std::path::Path;
use std::process::Command;

use crate::mask;

/// Files made by a tool and committed; only their words are checked.
const GENERATED: &[&str] = &["wire/src/generated.rs", "wire/src/generated/"];

/// One text file of the repository.
#[derive(Debug, Clone)]
pub struct Source {
    /// Path relative to the repository, with `/`.
    pub path: String,
    /// The text as it is.
    pub text: String,
    /// The text with comments and literals blanked; empty unless it is Rust.
    pub code: String,
}

impl Source {
    /// A source from its path and text.
    pub fn new(path: &str, text: &str) -> Self {
        let is_rust = path.ends_with(".rs");
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code: if is_rust {
                mask::code_only(text)
            } else {
                String::new()
            },
        }
    }

    /// Whether it is Rust.
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether a tool wrote it.
    pub fn is_generated(&self) -> bool {
        let by_path = GENERATED.iter().any(|prefix| self.path.starts_with(prefix));
        by_path || self.path.ends_with("_generated.rs")
    }

    /// File name without folder.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// Reads every text file of the repository at `root`. Binary files are left out.
///
/// # Panics
/// When git cannot list the files.
pub fn read_all(root: &Path) -> Vec<Source> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .expect("git is needed to list the sources");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout)
        .split('\0')
        .filter(|path| !path.is_empty())
        .filter_map(|path| {
            let text = std::fs::read_to_string(root.join(path)).ok()?;
            Some(Source::new(path, &text))
        })
        .collect()
}

/// Positions, in bytes, at which `word` stands in `code` as a word of its own.
pub fn word_positions(code: &str, word: &str) -> Vec<usize> {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    code.match_indices(word)
        .map(|(position, _)| position)
        .filter(|position| {
            let before = code[..*position].chars().next_back();
            let after = code[position + word.len()..].chars().next();
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        })
        .collect()
}

/// The line, from 1, of a byte position.
pub fn line_of(text: &str, position: usize) -> usize {
    text[..position].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole_words() {
        assert_eq!(word_positions("fn a(fnord: fn_x) fn", "fn"), [0, 18]);
    }

    #[test]
    fn lines_count_from_one() {
        assert_eq!(line_of("a\nb\nc", 0), 1);
        assert_eq!(line_of("a\nb\nc", 4), 3);
    }

    #[test]
    fn only_rust_has_code() {
        assert_eq!(Source::new("a.md", "x // y").code, "");
        assert_eq!(Source::new("a.rs", "x // y").code, "x     ");
    }
}
