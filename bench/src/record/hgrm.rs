//! The percentile distribution (`.hgrm`) of a histogram, in the text form that HdrHistogram's plotters read.
//!
//! Values are in milliseconds. Form: HdrHistogram's `outputPercentileDistribution`, 5 ticks a half distance.

use std::fmt::Write;

use hdrhistogram::Histogram;

/// Recorded values (nanoseconds) in one value of the text (milliseconds).
pub const VALUES_PER_MILLISECOND: f64 = 1e6;

const TICKS_PER_HALF_DISTANCE: u32 = 5;

/// The text of a `.hgrm` file.
pub fn percentile_distribution(histogram: &Histogram<u64>) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{:>12} {:>14} {:>10} {:>14}\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    let mut total = 0;
    for step in histogram.iter_quantiles(TICKS_PER_HALF_DISTANCE) {
        total += step.count_since_last_iteration();
        let value =
            histogram.highest_equivalent(step.value_iterated_to()) as f64 / VALUES_PER_MILLISECOND;
        let quantile = step.quantile_iterated_to();
        let _ = write!(out, "{value:>12.6} {quantile:>14.12} {total:>10}");
        let _ = if quantile < 1.0 {
            writeln!(out, " {:>14.2}", 1.0 / (1.0 - quantile))
        } else {
            writeln!(out)
        };
    }
    let (mean, deviation) = if histogram.is_empty() {
        (0.0, 0.0)
    } else {
        (histogram.mean(), histogram.stdev())
    };
    let _ = writeln!(
        out,
        "#[Mean    = {:>12.6}, StdDeviation   = {:>12.6}]",
        mean / VALUES_PER_MILLISECOND,
        deviation / VALUES_PER_MILLISECOND
    );
    let _ = writeln!(
        out,
        "#[Max     = {:>12.6}, Total count    = {:>12}]",
        histogram.max() as f64 / VALUES_PER_MILLISECOND,
        histogram.len()
    );
    let _ = writeln!(
        out,
        "#[Buckets = {:>12}, SubBuckets     = {:>12}]",
        histogram.buckets(),
        1 << (histogram.sigfig() as f64 * 10f64.log2() + 1.0).ceil() as u32
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_values_holds_all() {
        let mut histogram = Histogram::<u64>::new(3).expect("three digits are allowed");
        for value in 1..=1000u64 {
            histogram
                .record(value * 1_000_000)
                .expect("it resizes itself");
        }
        let text = percentile_distribution(&histogram);
        let last = text.lines().rfind(|line| !line.starts_with('#'));
        let fields: Vec<&str> = last.expect("there are lines").split_whitespace().collect();
        assert_eq!(fields[1..], ["1.000000000000", "1000"]);
        assert!(fields[0].starts_with("1000."), "{fields:?}");
        assert!(text.contains("Total count    =         1000]"), "{text}");
    }
}
