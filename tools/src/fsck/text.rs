//! A report in words and as JSON.

use std::fmt::Write as _;

use ringpost_storage_check::{Report, key_text};
use serde_json::{Map, Value, json};

use crate::transfer::hex;

/// A report for people: a line a finding, then what there is. Findings that may come from a node's writes are only counted.
pub fn to_text(report: &Report) -> String {
    let mut out = String::new();
    let shown = match report.is_moved {
        true => &[][..],
        false => &report.findings,
    };
    for finding in shown {
        let _ = writeln!(out, "{finding}");
    }
    for (kind, count) in &report.counts {
        let told = shown.iter().filter(|finding| finding.kind == *kind).count();
        let more = match *count > told as u64 {
            true => format!(", {told} of them shown"),
            false => String::new(),
        };
        let _ = writeln!(out, "{}: {count}{more}", kind.name());
    }
    let rows: u64 = report.rows.values().sum();
    let verdict = match report.count() {
        0 => "nothing is broken".to_owned(),
        count => format!("{count} findings"),
    };
    let _ = writeln!(
        out,
        "{rows} rows, {} chats, {} users: {verdict}",
        report.chats, report.users
    );
    if report.is_moved {
        let _ = writeln!(out, "a node wrote to the store meanwhile");
    }
    out
}

/// A report for programs. `store` says what was checked.
pub fn to_json(report: &Report, store: &str) -> Value {
    let rows = report.rows.iter();
    let rows: Map<String, Value> = rows
        .map(|(family, rows)| ((*family).to_owned(), json!(rows)))
        .collect();
    let counts = report.counts.iter();
    let counts: Map<String, Value> = counts
        .map(|(kind, count)| (kind.name().to_owned(), json!(count)))
        .collect();
    let findings = report.findings.iter().map(|finding| {
        json!({
            "kind": finding.kind.name(),
            "key": key_text(&finding.key),
            "key_bytes": hex(&finding.key),
            "expected": finding.expected,
        })
    });
    json!({
        "store": store,
        "clean": report.count() == 0,
        "written_meanwhile": report.is_moved,
        "chats": report.chats,
        "users": report.users,
        "rows": rows,
        "counts": counts,
        "findings": findings.collect::<Vec<_>>(),
        "temporary_bytes": report.spilled_bytes,
    })
}

#[cfg(test)]
mod tests {
    use ringpost_storage_check::{Finding, FindingKind};

    use super::*;

    fn report() -> Report {
        let kind = FindingKind::UnknownFamily;
        Report {
            rows: [("unknown", 2)].into(),
            findings: vec![Finding {
                kind,
                key: vec![0x77],
                expected: "a key of a family".to_owned(),
            }],
            counts: [(kind, 2)].into(),
            ..Report::default()
        }
    }

    #[test]
    fn findings_come_first_and_counts_after() {
        let expected = "unknown_family: bytes=77: a key of a family\n\
            unknown_family: 2, 1 of them shown\n\
            2 rows, 0 chats, 0 users: 2 findings\n";
        assert_eq!(to_text(&report()), expected);
    }

    #[test]
    fn what_a_node_may_have_caused_is_only_counted() {
        let report = Report {
            is_moved: true,
            ..report()
        };
        let expected = "unknown_family: 2, 0 of them shown\n\
            2 rows, 0 chats, 0 users: 2 findings\n\
            a node wrote to the store meanwhile\n";
        assert_eq!(to_text(&report), expected);
        assert_eq!(to_json(&report, "embedded")["written_meanwhile"], true);
    }

    #[test]
    fn a_report_for_programs_holds_every_finding() {
        let told = to_json(&report(), "embedded");
        assert_eq!(told["clean"], false);
        assert_eq!(told["counts"]["unknown_family"], 2);
        assert_eq!(told["findings"][0]["key_bytes"], "77");
    }
}
