//! The lap whose instructions are counted, and those before it.

use core::hint::black_box;

use crate::Entry;

/// The function at which callgrind begins to count.
pub(super) const BEGINNING: &str = "*begin_counting*";

/// The function at which it writes what it has counted.
pub(super) const END: &str = "*end_counting*";

/// Laps that are not counted: buffers have their size then, and lazy parts are made.
const WARM_UP_LAPS: usize = 2;

/// Runs some laps of a benchmark, the last of them counted if callgrind watches, and checks each.
pub fn run_counted(entry: &Entry) {
    let mut benchmark = (entry.make)();
    for _ in 0..WARM_UP_LAPS {
        benchmark.prepare();
        benchmark.lap();
        benchmark.check();
    }
    benchmark.prepare();
    begin_counting();
    black_box(&mut *benchmark).lap();
    end_counting();
    benchmark.check();
}

// Functions of their own, which differ: callgrind knows them by their names.

#[inline(never)]
fn begin_counting() {
    black_box(1_u32);
}

#[inline(never)]
fn end_counting() {
    black_box(2_u64);
}
