//! Where `unsafe` may stand, and that each use names its invariant.

use crate::offence::Offence;
use crate::source::{Source, line_of, word_positions};

const ALLOWED: &[&str] = &[
    "gateway/ring/src/",
    "storage/foundationdb/src/client/network.rs",
];

/// Statement lines that may lie between a `SAFETY:` comment and its `unsafe`.
const REACH_LINES: usize = 8;

/// `unsafe` stands in the ring, in the start of FoundationDB's client library and in generated code only.
pub fn place(source: &Source) -> Vec<Offence> {
    if source.is_generated() || ALLOWED.iter().any(|folder| source.path.starts_with(folder)) {
        return Vec::new();
    }
    word_positions(&source.code, "unsafe")
        .into_iter()
        .map(|position| line_of(&source.code, position))
        .map(|line| Offence::at(&source.path, line, "`unsafe` outside gateway/ring"))
        .collect()
}

/// Every block, implementation and function that is `unsafe` has a `SAFETY:` comment or a `# Safety` section above it.
pub fn reasons(source: &Source) -> Vec<Offence> {
    if source.is_generated() {
        return Vec::new();
    }
    let text: Vec<&str> = source.text.lines().collect();
    let code: Vec<&str> = source.code.lines().collect();
    word_positions(&source.code, "unsafe")
        .into_iter()
        .map(|position| line_of(&source.code, position))
        .filter(|line| !has_reason(&text, &code, line - 1))
        .map(|line| Offence::at(&source.path, line, "`unsafe` without a SAFETY comment"))
        .collect()
}

/// Looks upward from `at`, over the rest of the statement, to the comment right above it.
fn has_reason(text: &[&str], code: &[&str], at: usize) -> bool {
    let names_it = |line: &str| line.contains("SAFETY:") || line.contains("# Safety");
    if names_it(text[at]) {
        return true;
    }
    let mut reach = REACH_LINES;
    for index in (0..at).rev() {
        let is_comment = text[index].trim_start().starts_with("//");
        if is_comment {
            if names_it(text[index]) {
                return true;
            }
            continue;
        }
        let statement = code[index].trim_end();
        let is_attribute = statement.trim_start().starts_with("#[");
        let ends = statement.is_empty() || statement.ends_with([';', '{', '}']);
        let above_is_comment = text[index + 1].trim_start().starts_with("//");
        if reach == 0 || above_is_comment || (ends && !is_attribute) {
            return false;
        }
        reach -= 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITH: &str =
        "fn f() {\n    // SAFETY: the slot is ours.\n    let a =\n        unsafe { g() };\n}\n";
    const WITHOUT: &str = "// SAFETY: elsewhere.\nfn f() {\n    unsafe { g() };\n}\n";
    const TAKEN: &str =
        "// SAFETY: of the first.\nunsafe impl A for B {}\nunsafe impl C for D {}\n";

    #[test]
    fn only_the_ring_may_use_it() {
        assert_eq!(place(&Source::new("gateway/ring/src/a.rs", WITH)), []);
        assert_eq!(place(&Source::new("wire/src/generated.rs", WITH)), []);
        assert_eq!(place(&Source::new("wire/src/a.rs", WITH)).len(), 1);
        assert_eq!(
            place(&Source::new("a.rs", "#![forbid(unsafe_code)] // unsafe\n")),
            []
        );
    }

    #[test]
    fn each_use_names_its_reason() {
        assert_eq!(reasons(&Source::new("a.rs", WITH)), []);
        assert_eq!(reasons(&Source::new("a.rs", WITHOUT)).len(), 1);
        assert_eq!(reasons(&Source::new("a.rs", TAKEN))[0].line, 3);
        let section =
            "/// Reads.\n///\n/// # Safety\n/// `p` is valid.\n#[inline]\npub unsafe fn f() {}\n";
        assert_eq!(reasons(&Source::new("a.rs", section)), []);
    }
}
