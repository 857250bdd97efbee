//! Every benchmark runs and does what it is measured for; several laps, since each begins where the last one ended.

use ringpost_instructions::ENTRIES;

const LAPS: usize = 3;

#[test]
fn every_benchmark_does_what_it_is_measured_for() {
    for entry in ENTRIES {
        let mut benchmark = (entry.make)();
        assert!(benchmark.operations() > 0, "{}", entry.name);
        for _ in 0..LAPS {
            benchmark.prepare();
            benchmark.lap();
            benchmark.check();
        }
    }
}
