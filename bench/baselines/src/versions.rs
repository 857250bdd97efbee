//! The versions of the crates that a figure depends on, from the lock file that the program was built with.

use std::collections::BTreeMap;

const LOCK: &str = include_str!("../Cargo.lock");

const NAMED: [&str; 6] = [
    "glommio",
    "io-uring",
    "mio",
    "monoio",
    "ringpost-gateway-ring",
    "tokio",
];

/// Versions by crate; a crate may be there twice.
pub(crate) fn versions() -> BTreeMap<String, Vec<String>> {
    find(LOCK)
}

fn find(lock: &str) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::<String, Vec<String>>::new();
    let mut lines = lock.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(name) = quoted(line, "name = ")
            && NAMED.contains(&name)
            && let Some(version) = lines.peek().and_then(|line| quoted(line, "version = "))
        {
            found
                .entry(name.to_owned())
                .or_default()
                .push(version.to_owned());
        }
    }
    found
}

fn quoted<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.strip_prefix(key)?.strip_prefix('"')?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_runtime_has_a_version() {
        let versions = versions();
        assert_eq!(versions.len(), NAMED.len(), "{versions:?}");
    }
}
