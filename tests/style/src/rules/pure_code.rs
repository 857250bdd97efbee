//! What the sources of the pure crates may not name: clocks, threads, sockets, files, processes, descriptors, and
//! hash maps seeded by the system.

use crate::offence::Offence;
use crate::source::{Source, line_of, word_positions};

const FOLDERS: &[&str] = &[
    "wire/src/",
    "storage/core/src/",
    "gateway/core/src/",
    "client/core/src/",
];

const FORBIDDEN: &[&str] = &[
    "Instant",
    "SystemTime",
    "RandomState",
    "TcpListener",
    "TcpStream",
    "UdpSocket",
    "getrandom",
    "std::env",
    "std::fs",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "thread_rng",
    "rand::rng",
    "tokio",
];

/// Names that only tests may use: elsewhere randomness is an argument.
const IN_TESTS: &[&str] = &["SystemRandom"];

/// Names that are fine although a forbidden path is their beginning: they only describe.
const EXCEPTIONS: &[&str] = &["std::net::IpAddr", "std::net::SocketAddr"];

/// Finds forbidden names in a pure crate, tests included.
pub fn names(source: &Source) -> Vec<Offence> {
    if !FOLDERS.iter().any(|folder| source.path.starts_with(folder)) || source.is_generated() {
        return Vec::new();
    }
    let mut offences = Vec::new();
    for name in FORBIDDEN {
        for position in word_positions(&source.code, name) {
            let rest = &source.code[position..];
            if EXCEPTIONS
                .iter()
                .any(|exception| rest.starts_with(exception))
            {
                continue;
            }
            let line = line_of(&source.code, position);
            offences.push(Offence::at(
                &source.path,
                line,
                format!("`{name}` in a pure crate"),
            ));
        }
    }
    offences.extend(system_seeded_maps(source));
    offences.extend(system_randomness(source));
    offences
}

fn system_randomness(source: &Source) -> Vec<Offence> {
    if source.path.ends_with("_tests.rs") {
        return Vec::new();
    }
    let tests = source.code.find("#[cfg(test)]").unwrap_or(usize::MAX);
    let positions = IN_TESTS
        .iter()
        .flat_map(|name| word_positions(&source.code, name));
    positions
        .filter(|position| *position < tests)
        .map(|position| line_of(&source.code, position))
        .map(|line| {
            Offence::at(
                &source.path,
                line,
                "the system's randomness in a pure crate",
            )
        })
        .collect()
}

/// `HashMap::new()` and its like take the seed from the system; a map with a fixed hasher is made by `with_hasher`
/// or `default`.
fn system_seeded_maps(source: &Source) -> Vec<Offence> {
    let makers = [
        "HashMap::new",
        "HashSet::new",
        "HashMap::with_capacity",
        "HashSet::with_capacity",
    ];
    makers
        .iter()
        .flat_map(|maker| word_positions(&source.code, maker))
        .map(|position| line_of(&source.code, position))
        .map(|line| Offence::at(&source.path, line, "a hash map seeded by the system"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_threads_and_files_are_offences() {
        for text in [
            "use std::time::Instant;",
            "let t = std::time::SystemTime::now();",
            "std::thread::spawn(f);",
            "use std::fs;",
            "use std::net::TcpStream as S;",
            "use std::os::fd::RawFd;",
            "let m = HashMap::new();",
            "let s = std::collections::hash_map::RandomState::new();",
            "use ring::rand::SystemRandom;",
        ] {
            assert!(
                !names(&Source::new("wire/src/a.rs", text)).is_empty(),
                "{text}"
            );
            assert_eq!(names(&Source::new("tools/src/a.rs", text)), [], "{text}");
        }
    }

    #[test]
    fn tests_may_use_the_systems_randomness() {
        let text = "use ring::rand::SystemRandom;";
        assert_eq!(names(&Source::new("gateway/core/src/a_tests.rs", text)), []);
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    use ring::rand::SystemRandom;\n}\n";
        assert_eq!(names(&Source::new("gateway/core/src/a.rs", text)), []);
    }

    #[test]
    fn durations_addresses_and_comments_pass() {
        for text in [
            "use std::time::Duration;",
            "// Instant is not used.",
            "use std::net::IpAddr;",
            "let m: HashMap<u8, u8, Fixed> = HashMap::with_hasher(Fixed);",
        ] {
            assert_eq!(
                names(&Source::new("gateway/core/src/a.rs", text)),
                [],
                "{text}"
            );
        }
    }
}
