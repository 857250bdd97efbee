"""Reads a run's folder with HdrHistogram's Python tools and compares them with what is recorded beside the logs.

Usage: hdrhistogram_peer.py FOLDER. Each STAGE.hlog is summed interval by interval; every line of STAGE.hgrm and every
percentile of summary.json must be the value that the Python tools find at the same rank. Prints how much was compared.
"""

import json
import math
import sys
from fractions import Fraction
from pathlib import Path

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

NANOSECONDS_MAX = 3_600_000_000_000
PER_MILLISECOND = 1e6
PERCENTILES = {
    "p50_ms": Fraction(50, 100),
    "p90_ms": Fraction(90, 100),
    "p99_ms": Fraction(99, 100),
    "p99_9_ms": Fraction(999, 1000),
    "p99_99_ms": Fraction(9999, 10000),
    "max_ms": Fraction(1),
}


def total(log):
    """All intervals of a log in one histogram, and how many there were."""
    reference = HdrHistogram(1000, NANOSECONDS_MAX, 3)
    reader = HistogramLogReader(str(log), reference)
    intervals = 0
    while reader.add_next_interval_histogram() is not None:
        intervals += 1
    reader.close()
    return reference, intervals


def at_rank(histogram, rank):
    """The value, in milliseconds, at which `rank` values lie at or below."""
    percentile = 100.0 * rank / histogram.get_total_count()
    return histogram.get_value_at_percentile(percentile) / PER_MILLISECOND


def expect(what, recorded, found):
    if abs(recorded - found) > 1e-6:
        sys.exit(f"{what}: recorded {recorded} ms, the Python tools read {found} ms")


def compare_distribution(path, histogram):
    """Compares each line of a percentile distribution; tells how many."""
    lines = 0
    for line in path.read_text().splitlines()[2:]:
        if line.startswith("#"):
            continue
        value, quantile, rank = line.split()[:3]
        expect(f"{path.name} at {quantile}", float(value), at_rank(histogram, int(rank)))
        lines += 1
    return lines


def compare_summary(name, stage, histogram):
    count = histogram.get_total_count()
    if stage["count"] != count:
        sys.exit(f"{name}: recorded {stage['count']} values, the Python tools read {count}")
    for field, quantile in PERCENTILES.items():
        rank = max(1, math.ceil(quantile * count))
        expect(f"summary.json, {name}.{field}", stage[field], at_rank(histogram, rank))


def main():
    folder = Path(sys.argv[1])
    stages = json.loads((folder / "summary.json").read_text())["stages"]
    logs = sorted(folder.glob("*.hlog"))
    if sorted(log.stem for log in logs) != sorted(stages):
        sys.exit("the stages of summary.json are not those of the logs")
    intervals = lines = 0
    for log in logs:
        histogram, read = total(log)
        compare_summary(log.stem, stages[log.stem], histogram)
        lines += compare_distribution(log.with_suffix(".hgrm"), histogram)
        intervals += read
    print(f"{len(logs)} stages, {intervals} intervals, {lines} lines")


main()
