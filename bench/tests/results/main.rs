//! Recorded results: a run that the recorder wrote is summarised, checked, spoilt in every file and refused, and read by
//! HdrHistogram's Python tools.

mod fixture;
mod page;
mod peer;
mod refusal;
