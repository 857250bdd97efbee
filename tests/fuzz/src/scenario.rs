//! Scenario files of the load generator: what is accepted is written back and read as the same.

use ringpost_bench::scenario::Scenario;

use crate::target::Verdict;

/// A file's text.
pub(crate) fn run(bytes: &[u8]) -> Verdict {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return Verdict::Refused;
    };
    let Ok(scenario) = Scenario::parse(text, "fuzz") else {
        return Verdict::Refused;
    };
    let written = toml::to_string(&scenario).expect("a scenario can be written");
    let again = Scenario::parse(&written, "again").expect("what was accepted is again");
    assert_eq!(again, scenario);
    Verdict::Taken
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    Scenario::built_in_names()
        .map(|name| Scenario::built_in(name).expect("it is built in"))
        .map(|scenario| {
            toml::to_string(&scenario)
                .expect("it can be written")
                .into_bytes()
        })
        .collect()
}
