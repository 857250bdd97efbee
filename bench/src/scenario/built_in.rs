//! The scenarios that come with the binary: the files of `bench/scenarios`.

use super::error::ScenarioError;

const FILES: [(&str, &str); 9] = [
    ("pairs", include_str!("../../scenarios/pairs.toml")),
    (
        "offline-drain",
        include_str!("../../scenarios/offline-drain.toml"),
    ),
    (
        "reconnect-storm",
        include_str!("../../scenarios/reconnect-storm.toml"),
    ),
    (
        "idle-million",
        include_str!("../../scenarios/idle-million.toml"),
    ),
    (
        "slow-readers",
        include_str!("../../scenarios/slow-readers.toml"),
    ),
    ("hot-chat", include_str!("../../scenarios/hot-chat.toml")),
    ("overload", include_str!("../../scenarios/overload.toml")),
    ("day", include_str!("../../scenarios/day.toml")),
    ("new-year", include_str!("../../scenarios/new-year.toml")),
];

/// Their names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// The text of the file of a name.
pub(super) fn text(name: &str) -> Result<&'static str, ScenarioError> {
    FILES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
        .ok_or_else(|| ScenarioError::UnknownName {
            name: name.to_owned(),
            names: names().collect::<Vec<_>>().join(", "),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    #[test]
    fn every_file_is_valid_and_has_the_name_of_its_file() {
        for name in names() {
            let scenario = Scenario::built_in(name).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(scenario.name, name);
            let again = Scenario::parse(&scenario.to_toml(), name);
            assert_eq!(again.unwrap_or_else(|error| panic!("{error}")), scenario);
        }
    }

    #[test]
    fn an_unknown_name_is_told_with_the_known_ones() {
        let error = Scenario::built_in("paris").expect_err("no such scenario");
        assert!(error.to_string().contains("paris"));
        assert!(error.to_string().contains("reconnect-storm"));
    }
}
