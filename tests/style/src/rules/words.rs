//! Words that no file of the repository holds: reminders, traces of how the work was organised, and paths of one machine.
//! The lists are joined from halves so that this file does not offend itself.

use crate::offence::Offence;
use crate::source::Source;

/// Reminders, as whole words in capitals.
fn reminders() -> [String; 3] {
    [["TO", "DO"], ["FIX", "ME"], ["XX", "X"]].map(|halves| halves.concat())
}

/// Traces, in lower case.
fn traces() -> Vec<String> {
    [
        ["co-authored", "-by"],
        ["generated ", "by ai"],
        ["ai-", "generated"],
        ["language ", "model"],
        ["cla", "ude"],
        ["chat", "gpt"],
        ["cop", "ilot"],
        ["sub", "agent"],
        ["acceptance ", "criteri"],
        ["the br", "ief"],
        ["closing ", "note"],
    ]
    .iter()
    .map(|halves| halves.concat())
    .collect()
}

/// Folders of one machine.
fn machine_folders() -> [String; 3] {
    [["/wo", "rk/"], ["/ro", "ot/"], ["/home/", "user"]].map(|halves| halves.concat())
}

/// No reminder is left in a file.
pub fn left_to_do(source: &Source) -> Vec<Offence> {
    find(source, |line| {
        reminders()
            .into_iter()
            .find(|word| !crate::source::word_positions(line, word).is_empty())
    })
}

/// No file tells how the work was organised.
pub fn machinery(source: &Source) -> Vec<Offence> {
    find(source, |line| {
        let lower = line.to_lowercase();
        traces()
            .into_iter()
            .find(|trace| lower.contains(trace))
            .or_else(|| numbered_issue(&lower))
    })
}

/// No file names a folder of one machine.
pub fn machine_paths(source: &Source) -> Vec<Offence> {
    find(source, |line| {
        machine_folders().into_iter().find(|folder| {
            line.match_indices(folder.as_str()).any(|(position, _)| {
                let before = line[..position].chars().next_back();
                !before.is_some_and(|character| {
                    character.is_alphanumeric() || "_-.$}>".contains(character)
                })
            })
        })
    })
}

/// The word for a task of a tracker, followed by a number.
fn numbered_issue(lower: &str) -> Option<String> {
    let word = ["iss", "ue"].concat();
    lower.match_indices(&word).find_map(|(position, _)| {
        let rest = lower[position + word.len()..].trim_start_matches([' ', '#']);
        let is_near = lower[position + word.len()..].starts_with([' ', '#']);
        (is_near && rest.starts_with(|character: char| character.is_ascii_digit()))
            .then(|| word.clone())
    })
}

fn find(source: &Source, offends: impl Fn(&str) -> Option<String>) -> Vec<Offence> {
    if source.name() == "Cargo.lock" {
        return Vec::new();
    }
    let lines = source.text.lines().enumerate();
    lines
        .filter_map(|(index, line)| {
            offends(line).map(|word| Offence::at(&source.path, index + 1, format!("says `{word}`")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(halves: [&str; 2]) -> Source {
        Source::new("a.md", &format!("fine\n{}\n", halves.concat()))
    }

    #[test]
    fn reminders_are_offences() {
        assert_eq!(left_to_do(&source(["// TO", "DO: later"]))[0].line, 2);
        assert_eq!(left_to_do(&source(["FIX", "ME"])).len(), 1);
        assert_eq!(left_to_do(&source(["MAXXX", "X"])), []);
    }

    #[test]
    fn traces_are_offences() {
        assert_eq!(machinery(&source(["Co-Authored", "-By: x"])).len(), 1);
        assert_eq!(machinery(&source(["see iss", "ue #12"])).len(), 1);
        assert_eq!(machinery(&source(["see iss", "ue 2"])).len(), 1);
        assert_eq!(machinery(&source(["the server iss", "ues 2 tokens"])), []);
        assert_eq!(machinery(&source(["open an iss", "ue"])), []);
    }

    #[test]
    fn machine_paths_are_offences() {
        assert_eq!(machine_paths(&source(["cd /wo", "rk/main"])).len(), 1);
        assert_eq!(machine_paths(&source(["`/ro", "ot/.cargo`"])).len(), 1);
        assert_eq!(machine_paths(&source(["ringpost/wo", "rk/a"])), []);
    }
}
