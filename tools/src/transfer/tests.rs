//! Exports and imports on real files, whole, interrupted at every step, damaged, and of stores that are not what they should be.

mod exports;
mod imports;
mod scene;
