//! The manner of tests: none is ignored, none sleeps.

use crate::offence::Offence;
use crate::source::{Source, line_of, word_positions};

/// No test is ignored.
pub fn ignored(source: &Source) -> Vec<Offence> {
    let positions = source
        .code
        .match_indices("#[ignore")
        .map(|(position, _)| position);
    positions
        .map(|position| line_of(&source.code, position))
        .map(|line| Offence::at(&source.path, line, "an ignored test"))
        .collect()
}

/// No test puts its thread to sleep.
pub fn sleeping(source: &Source) -> Vec<Offence> {
    let is_test_file = source.path.starts_with("tests/") || source.path.contains("/tests/");
    let from = if is_test_file {
        Some(0)
    } else {
        source.code.find("#[cfg(test)]")
    };
    let Some(from) = from else {
        return Vec::new();
    };
    let mut positions = word_positions(&source.code, "thread::sleep");
    positions.extend(word_positions(&source.code, "sleep_ms"));
    positions
        .into_iter()
        .filter(|position| *position >= from)
        .map(|position| line_of(&source.code, position))
        .map(|line| Offence::at(&source.path, line, "a test that sleeps"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignored_test_is_an_offence() {
        let text = "#[test]\n#[ignore = \"slow\"]\nfn f() {}\n";
        assert_eq!(ignored(&Source::new("a.rs", text))[0].line, 2);
        assert_eq!(ignored(&Source::new("a.rs", "// #[ignore]\n")), []);
    }

    #[test]
    fn a_sleeping_test_is_an_offence() {
        let text = "fn a() {\n    thread::sleep(D);\n}\n#[cfg(test)]\nmod tests {\n    fn b() {\n        std::thread::sleep(D);\n    }\n}\n";
        let in_product = sleeping(&Source::new("tools/src/a.rs", text));
        assert_eq!(
            in_product
                .iter()
                .map(|offence| offence.line)
                .collect::<Vec<_>>(),
            [7]
        );
        assert_eq!(sleeping(&Source::new("tests/x/src/a.rs", text)).len(), 2);
    }
}
