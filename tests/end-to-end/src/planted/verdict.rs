//! Whether rounds ended as their case must. Input: the finding expected and the report. Output: a verdict, told in a line.
//!
//! Invariant: with a defect only the finding expected counts, with none beside it but those it brings along. A node that
//! does not start or logs errors is never expected; that messages do not settle, or that rows contradict each other, is
//! neither for nor against.

use std::fmt::{self, Display, Formatter};

use crate::check::Wrong;
use crate::rounds::{Ending, RoundsReport};

/// How the rounds of a case must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// With nothing wrong.
    Clean,
    /// With a finding.
    Finding {
        /// The finding that must be there.
        finding: Wrong,
        /// Those that may come with it.
        beside: &'static [Wrong],
    },
}

/// How the rounds of a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is wrong, as it must be.
    Holds,
    /// The finding expected is there.
    Caught {
        /// The finding.
        finding: Wrong,
        /// How often.
        times: u64,
    },
    /// Something is wrong that must not be.
    DoesNotHold {
        /// What.
        found: Vec<String>,
    },
    /// The finding expected is not there, or something else is.
    NotCaught {
        /// The finding.
        expected: Wrong,
        /// What is wrong.
        found: Vec<String>,
    },
}

impl Verdict {
    /// The verdict on a report.
    pub fn of(expected: Expected, report: &RoundsReport) -> Self {
        let mut found = found(report);
        match expected {
            Expected::Clean => {
                found.extend(unmet(report));
                if found.is_empty() {
                    Self::Holds
                } else {
                    Self::DoesNotHold { found }
                }
            }
            Expected::Finding { finding, beside } => {
                let times = report.findings.times(finding);
                if times > 0 && !has_another(report, finding, beside) {
                    Self::Caught { finding, times }
                } else {
                    let expected = finding;
                    Self::NotCaught { expected, found }
                }
            }
        }
    }

    /// Whether the case is as it must be.
    pub fn is_as_it_must(&self) -> bool {
        matches!(self, Self::Holds | Self::Caught { .. })
    }
}

impl Display for Verdict {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holds => f.write_str("holds"),
            Self::Caught { finding, times } => {
                write!(f, "caught: {} {times} times", finding.name())
            }
            Self::DoesNotHold { found } => write!(f, "DOES NOT HOLD: {}", found.join(", ")),
            Self::NotCaught { expected, found } if found.is_empty() => {
                write!(f, "NOT CAUGHT: expected {}, found nothing", expected.name())
            }
            Self::NotCaught { expected, found } => write!(
                f,
                "NOT CAUGHT: expected {}, found {}",
                expected.name(),
                found.join(", ")
            ),
        }
    }
}

/// Whether anything is wrong that `finding` does not bring along.
fn has_another(report: &RoundsReport, finding: Wrong, beside: &[Wrong]) -> bool {
    let is_another = |wrong: &Wrong| {
        *wrong != finding && !beside.contains(wrong) && report.findings.times(*wrong) > 0
    };
    report.not_started.is_some()
        || !report.error_lines.is_empty()
        || Wrong::ALL.iter().any(is_another)
}

/// What never took place, so that nothing wrong shows nothing.
fn unmet(report: &RoundsReport) -> Option<String> {
    let cut_bytes: u64 = report.lives.iter().map(|life| life.cut_bytes).sum();
    let unmet = match report.ending {
        Ending::Kill if report.totals.answered_again == 0 => {
            "no stored message that was sent again"
        }
        Ending::PowerLoss if cut_bytes == 0 => "no power loss that took anything away",
        _ => return None,
    };
    Some(unmet.to_owned())
}

/// Everything that is wrong, in words.
fn found(report: &RoundsReport) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(log) = &report.not_started {
        found.push(format!("a node that does not start ({log})"));
    }
    if !report.error_lines.is_empty() {
        found.push(format!("{} ERROR lines", report.error_lines.len()));
    }
    let chats = Wrong::ALL.iter().filter_map(|wrong| {
        let times = report.findings.times(*wrong);
        (times > 0).then(|| format!("{} {times} times", wrong.name()))
    });
    found.extend(chats);
    if !report.is_settled {
        found.push("messages that do not settle".to_owned());
    }
    if let Some(fsck) = report.fsck.as_ref().filter(|fsck| !fsck.is_clean()) {
        found.push(format!(
            "rows that fsck finds fault with ({})",
            fsck.to_json()
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Findings;
    use crate::load::Totals;

    const LOSS: Expected = Expected::Finding {
        finding: Wrong::Contradicted,
        beside: &[Wrong::Lost],
    };

    fn report(wrong: &[Wrong]) -> RoundsReport {
        let mut findings = Findings::default();
        for wrong in wrong {
            findings.add(*wrong, String::new);
        }
        RoundsReport {
            with_tls: false,
            ending: Ending::Kill,
            seed: 1,
            lives: Vec::new(),
            totals: Totals {
                answered_again: 1,
                ..Totals::default()
            },
            is_settled: true,
            not_started: None,
            error_lines: Vec::new(),
            findings,
            fsck: None,
        }
    }

    #[test]
    fn without_a_defect_nothing_may_be_wrong() {
        assert_eq!(Verdict::of(Expected::Clean, &report(&[])), Verdict::Holds);
        let unsettled = RoundsReport {
            is_settled: false,
            ..report(&[])
        };
        for wrong in [report(&[Wrong::Odd]), unsettled] {
            assert!(!Verdict::of(Expected::Clean, &wrong).is_as_it_must());
        }
    }

    #[test]
    fn rounds_whose_faults_met_nothing_do_not_hold() {
        let idle = RoundsReport {
            totals: Totals::default(),
            ..report(&[])
        };
        let uncut = RoundsReport {
            ending: Ending::PowerLoss,
            ..report(&[])
        };
        for idle in [idle, uncut] {
            assert!(!Verdict::of(Expected::Clean, &idle).is_as_it_must());
        }
    }

    #[test]
    fn the_finding_expected_is_counted_also_beside_what_it_brings() {
        let wrong = [Wrong::Lost, Wrong::Contradicted, Wrong::Contradicted];
        let verdict = Verdict::of(LOSS, &report(&wrong));
        let expected = Verdict::Caught {
            finding: Wrong::Contradicted,
            times: 2,
        };
        assert_eq!(verdict, expected);
    }

    #[test]
    fn another_finding_or_none_is_no_catch() {
        let verdict = Verdict::of(LOSS, &report(&[]));
        assert!(!verdict.is_as_it_must());
        assert!(verdict.to_string().ends_with("found nothing"));
        let verdict = Verdict::of(LOSS, &report(&[Wrong::Repeated]));
        assert!(!verdict.is_as_it_must());
        assert!(verdict.to_string().ends_with("found repeated 1 times"));
        let verdict = Verdict::of(LOSS, &report(&[Wrong::Lost]));
        assert!(!verdict.is_as_it_must());
        let verdict = Verdict::of(LOSS, &report(&[Wrong::Contradicted, Wrong::Repeated]));
        assert!(!verdict.is_as_it_must());
    }

    #[test]
    fn a_node_that_does_not_start_or_logs_errors_is_no_catch() {
        let not_started = RoundsReport {
            not_started: Some("the port is taken".to_owned()),
            ..report(&[Wrong::Contradicted])
        };
        let with_errors = RoundsReport {
            error_lines: vec![String::new()],
            ..report(&[Wrong::Contradicted])
        };
        for other in [not_started, with_errors] {
            assert!(!Verdict::of(LOSS, &other).is_as_it_must());
        }
    }
}
