//! A node's `/metrics` page as numbers: Prometheus's text format 0.0.4, read once into a map from series to value.
//!
//! A series is written as on the page, `name{label="value"}`. Counters are told from gauges by the page's `# TYPE` lines.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use super::http::{AskError, get};

/// All series of one page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    values: BTreeMap<String, f64>,
    growing: BTreeSet<String>,
}

/// The buckets of a histogram, ascending: the end of each, in the unit of its name, and how many lie at or below it.
#[derive(Clone, Debug, PartialEq)]
pub struct Buckets(Vec<(f64, f64)>);

impl Metrics {
    /// Asks a node.
    ///
    /// # Errors
    /// It does not answer, or not with 200.
    pub fn fetch(http: SocketAddr, timeout: Duration) -> Result<Self, AskError> {
        let path = "/metrics";
        match get(http, path, timeout)? {
            (200, page) => Ok(Self::parse(&page)),
            (status, _) => Err(AskError::Status { http, path, status }),
        }
    }

    /// Reads a page. Lines that are no samples are passed over.
    pub fn parse(page: &str) -> Self {
        let mut metrics = Self::default();
        for line in page.lines() {
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                match kind.split_once(' ') {
                    Some((name, "counter" | "histogram")) => {
                        metrics.growing.insert(name.to_owned())
                    }
                    _ => false,
                };
            } else if !line.starts_with('#')
                && let Some((series, value)) = line.rsplit_once(' ')
                && let Ok(value) = value.parse()
            {
                metrics.values.insert(series.to_owned(), value);
            }
        }
        metrics
    }

    /// The value of one series.
    pub fn value(&self, series: &str) -> Option<f64> {
        self.values.get(series).copied()
    }

    /// The sum of a name's series over all its labels; 0 for a name that is not there.
    pub fn sum(&self, name: &str) -> f64 {
        let of_name = self.values.range(name.to_owned()..);
        of_name
            .take_while(|(series, _)| series.starts_with(name))
            .filter(|(series, _)| name_of(series) == name)
            .map(|(_, value)| value)
            .sum()
    }

    /// The buckets of a histogram without other labels.
    pub fn histogram(&self, name: &str) -> Option<Buckets> {
        let prefix = format!("{name}_bucket{{le=\"");
        let bucket = |(series, count): (&String, &f64)| {
            let end = series.strip_prefix(&prefix)?.strip_suffix("\"}")?;
            Some((end.parse().ok()?, *count))
        };
        let mut buckets: Vec<(f64, f64)> = self.values.iter().filter_map(bucket).collect();
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        (!buckets.is_empty()).then_some(Buckets(buckets))
    }

    /// How much counters and histograms grew since an earlier page; gauges stay as they are.
    pub fn since(&self, earlier: &Self) -> Self {
        let grown = |(series, value): (&String, &f64)| {
            let before = if self.is_growing(series) {
                earlier.value(series).unwrap_or_default()
            } else {
                0.0
            };
            (series.clone(), value - before)
        };
        Self {
            values: self.values.iter().map(grown).collect(),
            growing: self.growing.clone(),
        }
    }

    /// Every series.
    pub fn to_map(&self) -> BTreeMap<String, f64> {
        self.values.clone()
    }

    fn is_growing(&self, series: &str) -> bool {
        let name = name_of(series);
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix));
        self.growing.contains(name) || family.is_some_and(|family| self.growing.contains(family))
    }
}

impl Buckets {
    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.0.last().map_or(0, |(_, count)| *count as u64)
    }

    /// Begin and end of the bucket with the value at `quantile` (0 to 1); `None` without values. The last end is infinite.
    pub fn around(&self, quantile: f64) -> Option<(f64, f64)> {
        let rank = (quantile * self.count() as f64).max(1.0);
        let index = self.0.iter().position(|(_, count)| *count >= rank)?;
        let begin = index.checked_sub(1).map_or(0.0, |below| self.0[below].0);
        Some((begin, self.0[index].0))
    }
}

fn name_of(series: &str) -> &str {
    series.split('{').next().unwrap_or(series)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "# HELP a_total Things.\n# TYPE a_total counter\na_total 3\n\
        # TYPE b gauge\nb{state=\"x y\"} 5\nb{state=\"z\"} 2\nb_other 7\n\
        # TYPE t_seconds histogram\nt_seconds_bucket{le=\"0.5\"} 1\nt_seconds_bucket{le=\"2\"} 1\n\
        t_seconds_bucket{le=\"+Inf\"} 2\nt_seconds_sum 4.5\nt_seconds_count 2\n";
    const AFTER: &str = "# TYPE a_total counter\na_total 10\n# TYPE b gauge\nb{state=\"x y\"} 4\n\
        # TYPE t_seconds histogram\nt_seconds_bucket{le=\"0.5\"} 1\nt_seconds_bucket{le=\"2\"} 3\n\
        t_seconds_bucket{le=\"+Inf\"} 5\nt_seconds_sum 9\nt_seconds_count 5\n";

    #[test]
    fn series_are_read_with_their_labels() {
        let metrics = Metrics::parse(BEFORE);
        assert_eq!(metrics.value("a_total"), Some(3.0));
        assert_eq!(metrics.value("b{state=\"x y\"}"), Some(5.0));
        assert_eq!(metrics.value("b"), None);
        assert_eq!(metrics.sum("b"), 7.0);
        assert_eq!(metrics.sum("c"), 0.0);
        assert_eq!(metrics.to_map().len(), 9);
    }

    #[test]
    fn counters_grow_and_gauges_stay() {
        let grown = Metrics::parse(AFTER).since(&Metrics::parse(BEFORE));
        assert_eq!(grown.value("a_total"), Some(7.0));
        assert_eq!(grown.value("b{state=\"x y\"}"), Some(4.0));
        assert_eq!(grown.value("t_seconds_sum"), Some(4.5));
        let buckets = grown.histogram("t_seconds").unwrap();
        assert_eq!(buckets.count(), 3);
        assert_eq!(buckets.around(0.5), Some((0.5, 2.0)));
        assert_eq!(buckets.around(1.0), Some((2.0, f64::INFINITY)));
    }

    #[test]
    fn an_empty_histogram_has_no_quantile() {
        let metrics = Metrics::parse("t_bucket{le=\"1\"} 0\nt_bucket{le=\"+Inf\"} 0\n");
        let buckets = metrics.histogram("t").unwrap();
        assert_eq!((buckets.count(), buckets.around(0.5)), (0, None));
        assert_eq!(metrics.histogram("u"), None);
    }
}
