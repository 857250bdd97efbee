//! A page in Prometheus's text format. Invariant: a family is told before its samples.

use std::fmt::Write;

/// A page under construction.
#[derive(Default)]
pub struct Page(String);

impl Page {
    /// Begins a family: its samples follow.
    pub fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a text cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// Adds a sample of the family begun last; `labels` as they stand between braces.
    pub fn sample(&mut self, name: &str, labels: &str, value: f64) {
        let braced = if labels.is_empty() {
            String::new()
        } else {
            format!("{{{labels}}}")
        };
        let _ = writeln!(self.0, "{name}{braced} {value}");
    }

    /// A family of one sample without labels.
    pub fn single(&mut self, name: &str, kind: &str, help: &str, value: f64) {
        self.family(name, kind, help);
        self.sample(name, "", value);
    }

    /// A histogram whose buckets end at `bound(index)`, in the unit of the name; `None` is the last, unbounded one.
    pub fn histogram(
        &mut self,
        name: &str,
        help: &str,
        counts: &[u64],
        sum: f64,
        bound: impl Fn(usize) -> Option<f64>,
    ) {
        self.family(name, "histogram", help);
        let mut total = 0;
        for (index, count) in counts.iter().enumerate() {
            total += count;
            if let Some(bound) = bound(index) {
                self.sample(
                    &format!("{name}_bucket"),
                    &format!("le=\"{bound}\""),
                    total as f64,
                );
            }
        }
        self.sample(&format!("{name}_bucket"), "le=\"+Inf\"", total as f64);
        self.sample(&format!("{name}_sum"), "", sum);
        self.sample(&format!("{name}_count"), "", total as f64);
    }

    /// The text.
    pub fn into_text(self) -> String {
        self.0
    }
}
