//! The shape of files: the opening line, the length, what a listing file may hold, and names.

use crate::offence::Offence;
use crate::source::{Source, line_of, word_positions};

const LINES_MAX: usize = 800;

const VAGUE: &[&str] = &[
    "utils", "util", "common", "helpers", "helper", "manager", "handler", "handlers", "service",
    "services", "misc",
];

/// Every Rust file that people write opens with `//!`.
pub fn opening(source: &Source) -> Vec<Offence> {
    if !source.is_rust() || source.is_generated() || source.text.starts_with("//!") {
        return Vec::new();
    }
    vec![Offence::at(&source.path, 1, "does not open with //!")]
}

/// No file is longer than 800 lines.
pub fn length(source: &Source) -> Vec<Offence> {
    let lines = source.text.lines().count();
    if !source.is_rust() || source.is_generated() || lines <= LINES_MAX {
        return Vec::new();
    }
    vec![Offence::whole(
        &source.path,
        format!("{lines} lines, at most {LINES_MAX}"),
    )]
}

/// `lib.rs` and `mod.rs` hold modules and re-exports only.
pub fn listing(source: &Source) -> Vec<Offence> {
    if !matches!(source.name(), "lib.rs" | "mod.rs") || source.is_generated() {
        return Vec::new();
    }
    let mut offences = Vec::new();
    for word in ["fn", "impl", "struct", "enum", "trait"] {
        for position in word_positions(&source.code, word) {
            let line = line_of(&source.code, position);
            offences.push(Offence::at(
                &source.path,
                line,
                format!("`{word}` in a listing file"),
            ));
        }
    }
    offences
}

/// No file or folder has a name that says nothing.
pub fn names(source: &Source) -> Vec<Offence> {
    let mut offences = Vec::new();
    for part in source.path.split('/') {
        let stem = part.split('.').next().unwrap_or(part);
        let words = stem.split(['_', '-']);
        for word in words.filter(|word| VAGUE.contains(&word.to_lowercase().as_str())) {
            offences.push(Offence::whole(
                &source.path,
                format!("`{word}` says nothing"),
            ));
        }
    }
    offences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_opening_is_an_offence() {
        assert_eq!(opening(&Source::new("a.rs", "//! Decides.\n")), []);
        assert_eq!(
            opening(&Source::new("a.rs", "use x;\n//! Late.\n")).len(),
            1
        );
        assert_eq!(opening(&Source::new("a.md", "# Title\n")), []);
        assert_eq!(
            opening(&Source::new("wire/src/generated.rs", "use x;\n")),
            []
        );
    }

    #[test]
    fn a_long_file_is_an_offence_unless_generated() {
        assert_eq!(length(&Source::new("a.rs", &"x\n".repeat(800))), []);
        assert_eq!(length(&Source::new("a.rs", &"x\n".repeat(801))).len(), 1);
        assert_eq!(
            length(&Source::new("wire/src/generated.rs", &"x\n".repeat(801))),
            []
        );
    }

    #[test]
    fn a_body_in_a_listing_file_is_an_offence() {
        let listed = "//! Fine: no fn here.\npub mod a;\npub use a::implement;\n";
        assert_eq!(listing(&Source::new("x/src/lib.rs", listed)), []);
        let text = "pub mod a;\nfn f() {}\nimpl A {}\n";
        let offences = listing(&Source::new("x/src/mod.rs", text));
        assert_eq!(
            offences
                .iter()
                .map(|offence| offence.line)
                .collect::<Vec<_>>(),
            [2, 3]
        );
        assert_eq!(listing(&Source::new("x/src/a.rs", text)), []);
    }

    #[test]
    fn a_vague_name_is_an_offence() {
        for path in [
            "a/utils.rs",
            "common/a.rs",
            "a/frame_helpers.rs",
            "a/service/mod.rs",
        ] {
            assert_eq!(names(&Source::new(path, "")).len(), 1, "{path}");
        }
        assert_eq!(names(&Source::new("a/commonplace.rs", "")), []);
    }
}
