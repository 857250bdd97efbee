//! `Transactions`: what a store in a database cluster did in a run, by message: from the node's metrics, which count it.
//!
//! Absent for a store that counts no mutations: the embedded one syncs a log of its own instead.

use std::collections::BTreeMap;

use serde::Serialize;

use super::summary::{millionths, thousandths};

/// Transactions of the store over the counted time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Transactions {
    /// Commits that took effect, a second.
    pub commits_per_second: f64,
    /// Commits refused because another transaction had written what they stand on, a second.
    pub conflicts_per_second: f64,
    /// Messages a commit, the mean. None where nothing was committed.
    pub messages_per_commit: Option<f64>,
    /// Writes a message.
    pub mutations_per_message: Option<f64>,
    /// Bytes of keys and values written, a message.
    pub bytes_per_message: Option<f64>,
    /// Rows and ranges asked of the cluster, a message.
    pub reads_per_message: Option<f64>,
    /// Mean time of a commit, in milliseconds.
    pub commit_mean_ms: Option<f64>,
    /// Mean time to a read version, in milliseconds.
    pub read_version_mean_ms: Option<f64>,
    /// Mean time to the rows of a request, in milliseconds.
    pub read_mean_ms: Option<f64>,
}

impl Transactions {
    /// Derives them from what the node's metrics grew by in `seconds`.
    pub(super) fn of(metrics: &BTreeMap<String, f64>, seconds: f64) -> Option<Self> {
        let metric = |name: &str| metrics.get(&format!("ringpost_store_{name}")).copied();
        let ratio = |over: Option<f64>, under: Option<f64>| {
            let under = under.filter(|under| *under > 0.0)?;
            Some(over? / under)
        };
        let mutations = metric("mutations_total")?;
        let commits = metric("commits_total")?;
        let messages = metric("messages_total");
        let mean_ms = |name: &str| {
            let sum = metric(&format!("{name}_seconds_sum"));
            ratio(sum, metric(&format!("{name}_seconds_count"))).map(|mean| millionths(mean * 1e3))
        };
        let per_message = |value: Option<f64>| ratio(value, messages).map(thousandths);
        Some(Self {
            commits_per_second: thousandths(commits / seconds),
            conflicts_per_second: thousandths(metric("conflicts_total")? / seconds),
            messages_per_commit: ratio(messages, Some(commits)).map(thousandths),
            mutations_per_message: per_message(Some(mutations)),
            bytes_per_message: per_message(metric("committed_bytes_total")),
            reads_per_message: per_message(metric("reads_total")),
            commit_mean_ms: mean_ms("commit"),
            read_version_mean_ms: mean_ms("read_version"),
            read_mean_ms: mean_ms("read"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(of: &[(&str, f64)]) -> BTreeMap<String, f64> {
        let named = |(name, value): &(&str, f64)| (format!("ringpost_store_{name}"), *value);
        of.iter().map(named).collect()
    }

    #[test]
    fn figures_are_by_message_commit_and_second() {
        let read = metrics(&[
            ("commits_total", 20.0),
            ("conflicts_total", 5.0),
            ("messages_total", 1_000.0),
            ("mutations_total", 4_200.0),
            ("committed_bytes_total", 300_000.0),
            ("reads_total", 250.0),
            ("commit_seconds_sum", 0.1),
            ("commit_seconds_count", 20.0),
            ("read_seconds_count", 0.0),
            ("read_seconds_sum", 0.0),
        ]);
        let figures = Transactions::of(&read, 10.0).expect("mutations are counted");
        assert_eq!(
            (figures.commits_per_second, figures.conflicts_per_second),
            (2.0, 0.5)
        );
        assert_eq!(figures.messages_per_commit, Some(50.0));
        assert_eq!(figures.mutations_per_message, Some(4.2));
        assert_eq!(figures.bytes_per_message, Some(300.0));
        assert_eq!(figures.reads_per_message, Some(0.25));
        assert_eq!(figures.commit_mean_ms, Some(5.0));
        assert_eq!(
            (figures.read_mean_ms, figures.read_version_mean_ms),
            (None, None)
        );
    }

    #[test]
    fn a_store_without_mutations_has_none_and_no_message_no_ratio() {
        let embedded = metrics(&[("commits_total", 20.0), ("committed_bytes_total", 1.0)]);
        assert_eq!(Transactions::of(&embedded, 1.0), None);
        let idle = metrics(&[
            ("commits_total", 1.0),
            ("conflicts_total", 0.0),
            ("messages_total", 0.0),
            ("mutations_total", 3.0),
        ]);
        let figures = Transactions::of(&idle, 1.0).expect("mutations are counted");
        assert_eq!(figures.mutations_per_message, None);
    }
}
