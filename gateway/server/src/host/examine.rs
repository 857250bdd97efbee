//! `examine`: reads the host and judges it, for the start and for `--check` alike.

use super::{Demand, Finding, judge, read};
use crate::configuration::Settings;

/// What the host lacks for a node of `cores` cores with these settings, in the order of [`judge()`].
pub fn examine(settings: &Settings, cores: usize) -> Vec<Finding> {
    judge(&read(&settings.data_dir), &Demand::of(settings, cores))
}
