//! The budget: what each stage may cost, and what is said when it costs more or far less.

mod compare;
mod file;
mod tools;

pub use compare::{Comparison, Verdict, compare};
pub use file::{Budget, BudgetError, StageBudget};
pub use tools::Tools;
