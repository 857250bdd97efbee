//! What every benchmark can do. A lap is measured; what comes before and after it is not.

/// One benchmark with its state. `prepare`, `lap` and `check` are called in this order, any number of times.
pub trait Benchmark {
    /// Operations in one lap, from 1; the same for every lap.
    fn operations(&self) -> u64;

    /// Makes ready the next lap.
    fn prepare(&mut self);

    /// The lap.
    fn lap(&mut self);

    /// Panics unless the last lap did what it is measured for.
    fn check(&self);
}
