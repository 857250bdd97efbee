//! `Errors`: how often each kind of error came, with one example each. Kinds are bounded; past the bound they count as `other`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Kinds that are told apart at most.
const KINDS_MAX: usize = 64;
/// Characters of an example at most.
const EXAMPLE_CHARACTERS_MAX: usize = 200;

/// One kind of error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorCount {
    /// The kind, for example the name of an error code.
    pub kind: String,
    /// How often it came.
    pub count: u64,
    /// The first one, in words.
    pub example: String,
}

/// Errors of a run.
#[derive(Clone, Debug, Default)]
pub struct Errors {
    kinds: BTreeMap<&'static str, (u64, String)>,
    total: u64,
}

impl Errors {
    /// Counts one error; `example` is only asked for the first of its kind.
    pub fn count(&mut self, kind: &'static str, example: impl FnOnce() -> String) {
        self.total += 1;
        let kind = if self.kinds.len() < KINDS_MAX || self.kinds.contains_key(kind) {
            kind
        } else {
            "other"
        };
        let (count, _) = self.kinds.entry(kind).or_insert_with(|| {
            let example: String = example().chars().take(EXAMPLE_CHARACTERS_MAX).collect();
            (0, example)
        });
        *count += 1;
    }

    /// Errors of all kinds.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The kinds, by name.
    pub fn counts(&self) -> Vec<ErrorCount> {
        let counts = self
            .kinds
            .iter()
            .map(|(kind, (count, example))| ErrorCount {
                kind: (*kind).to_owned(),
                count: *count,
                example: example.clone(),
            });
        counts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_example_of_a_kind_is_kept() {
        let mut errors = Errors::default();
        errors.count("Overloaded", || "first".to_owned());
        errors.count("Overloaded", || unreachable!("only the first is asked for"));
        errors.count("Gap", || "x".repeat(1000));
        assert_eq!(errors.total(), 3);
        let counts = errors.counts();
        assert_eq!(
            (
                counts[1].kind.as_str(),
                counts[1].count,
                counts[1].example.as_str()
            ),
            ("Overloaded", 2, "first")
        );
        assert_eq!(counts[0].example.len(), EXAMPLE_CHARACTERS_MAX);
    }
}
