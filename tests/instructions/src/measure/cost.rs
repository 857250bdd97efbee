//! What one operation costs.

/// Instructions and allocations of one operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Instructions executed.
    pub instructions: f64,
    /// Calls of the allocator that give memory: new blocks and resized ones.
    pub allocations: f64,
}
