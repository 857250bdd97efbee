//! One breach of a rule, and the report of all of them.
//! A test passes only with an empty list, and names every offender at once.

use std::fmt;

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offence {
    /// File relative to the repository, or a crate name.
    pub place: String,
    /// Line from 1; 0 when the whole of `place` is meant.
    pub line: usize,
    /// What is wrong, in words.
    pub what: String,
}

impl Offence {
    /// An offence of a whole file or crate.
    pub fn whole(place: &str, what: impl Into<String>) -> Self {
        Self::at(place, 0, what)
    }

    /// An offence at one line, counted from 1.
    pub fn at(place: &str, line: usize, what: impl Into<String>) -> Self {
        Self {
            place: place.to_owned(),
            line,
            what: what.into(),
        }
    }
}

impl fmt::Display for Offence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(out, "{}: {}", self.place, self.what),
            line => write!(out, "{}:{line}: {}", self.place, self.what),
        }
    }
}

/// Fails the calling test with one line per offence.
///
/// # Panics
/// When there is any offence.
#[track_caller]
pub fn assert_none(mut offences: Vec<Offence>) {
    offences.sort();
    let report: Vec<String> = offences.iter().map(Offence::to_string).collect();
    assert!(
        report.is_empty(),
        "{} offences:\n{}",
        report.len(),
        report.join("\n")
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_line_when_there_is_one() {
        assert_eq!(Offence::at("a.rs", 3, "long").to_string(), "a.rs:3: long");
        assert_eq!(Offence::whole("a.rs", "long").to_string(), "a.rs: long");
    }

    #[test]
    #[should_panic(expected = "a.rs:3: long\nb.rs: short")]
    fn reports_every_offence() {
        assert_none(vec![
            Offence::whole("b.rs", "short"),
            Offence::at("a.rs", 3, "long"),
        ]);
    }
}
