//! A report in words and as JSON.

use std::fmt::Write as _;

use ringpost_storage_check::{Report, key_text};
use serde_json::{Map, Value, json};

use crate::transfer::hex;

/// A report for people: a line a finding, then what there is.
pub fn to_text(report: &Report) -> String {
    let mut out = String::new();
    for finding in &report.findings {
        let _ = writeln!(out, "{finding}");
    }
    let kept = |kind| {
        report
            .findings
            .iter()
            .filter(move |f| f.kind == kind)
            .count()
    };
    for (kind, count) in &report.counts {
        let shown = kept(*kind);
        let more = match *count > shown as u64 {
            true => format!(", of which {shown} are shown"),
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
