//! Checks of the repository itself, run as tests.
//! Rules are pure functions from text to offences, so each is tested on snippets that break it.

pub mod cargo;
pub mod direction;
pub mod licence;
pub mod mask;
pub mod offence;
pub mod purity;
pub mod rules;
pub mod source;
