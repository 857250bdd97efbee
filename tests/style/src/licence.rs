//! Licences and origins of what we build on: an allow list of permissive SPDX licences, crates.io as the only source,
//! and no second version of a heavy crate.

use crate::cargo::Package;
use crate::offence::Offence;

const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Crates of which a second version costs build time or splits state.
const HEAVY: &[&str] = &[
    "axum",
    "bytes",
    "clap",
    "fjall",
    "flatbuffers",
    "hyper",
    "io-uring",
    "lsm-tree",
    "rustls",
    "serde",
    "serde_json",
    "sha2",
    "tokio",
    "tracing",
    "tracing-subscriber",
];

/// Checks licence, source and number of versions of every package.
pub fn check(packages: &[Package]) -> Vec<Offence> {
    let mut offences = Vec::new();
    for package in packages {
        let place = format!("{} {}", package.name, package.version);
        match &package.licence {
            None => offences.push(Offence::whole(&place, "declares no licence")),
            Some(expression) if !is_allowed(expression) => {
                offences.push(Offence::whole(&place, format!("licence {expression}")));
            }
            Some(_) => {}
        }
        if !package.is_member && package.source.as_deref() != Some(CRATES_IO) {
            offences.push(Offence::whole(
                &place,
                format!("comes from {:?}", package.source),
            ));
        }
    }
    offences.extend(doubled(packages));
    offences
}

fn doubled(packages: &[Package]) -> Vec<Offence> {
    let count = |name: &str| {
        packages
            .iter()
            .filter(|package| package.name == name)
            .count()
    };
    HEAVY
        .iter()
        .filter(|name| count(name) > 1)
        .map(|name| Offence::whole(name, format!("{} versions", count(name))))
        .collect()
}

/// Whether an SPDX expression can be met with allowed licences alone. `/` is the old spelling of `OR`.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut position = 0;
    let met = any_of(&words, &mut position);
    met && position == words.len()
}

fn any_of(words: &[&str], position: &mut usize) -> bool {
    let mut met = all_of(words, position);
    while words.get(*position) == Some(&"OR") {
        *position += 1;
        met |= all_of(words, position);
    }
    met
}

fn all_of(words: &[&str], position: &mut usize) -> bool {
    let mut met = one(words, position);
    while words.get(*position) == Some(&"AND") {
        *position += 1;
        met &= one(words, position);
    }
    met
}

fn one(words: &[&str], position: &mut usize) -> bool {
    let Some(word) = words.get(*position) else {
        return false;
    };
    *position += 1;
    if *word == "(" {
        let met = any_of(words, position);
        let closed = words.get(*position) == Some(&")");
        *position += 1;
        return met && closed;
    }
    let mut name = (*word).to_owned();
    if words.get(*position) == Some(&"WITH") {
        name = format!("{name} WITH {}", words.get(*position + 1).unwrap_or(&""));
        *position += 2;
    }
    ALLOWED.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(licence: Option<&str>, source: Option<&str>) -> Package {
        Package {
            name: "a".to_owned(),
            version: "1.0.0".to_owned(),
            licence: licence.map(str::to_owned),
            source: source.map(str::to_owned),
            ..Package::default()
        }
    }

    #[test]
    fn expressions_are_weighed() {
        for good in [
            "MIT",
            "MIT OR GPL-3.0",
            "MIT/Apache-2.0",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
        ] {
            assert!(is_allowed(good), "{good}");
        }
        for bad in [
            "GPL-3.0",
            "",
            "MIT AND GPL-3.0",
            "(MIT OR Apache-2.0) AND GPL-2.0",
            "MIT WITH Something",
            "(MIT",
            "MIT)",
            "MPL-2.0",
        ] {
            assert!(!is_allowed(bad), "{bad}");
        }
    }

    #[test]
    fn only_crates_io_and_members_may_be_used() {
        assert_eq!(check(&[package(Some("MIT"), Some(CRATES_IO))]), []);
        assert_eq!(
            check(&[package(Some("MIT"), Some("git+https://example.com/a"))]).len(),
            1
        );
        assert_eq!(check(&[package(Some("MIT"), None)]).len(), 1);
        let member = Package {
            is_member: true,
            ..package(Some("Apache-2.0"), None)
        };
        assert_eq!(check(&[member]), []);
    }

    #[test]
    fn a_missing_or_strange_licence_is_an_offence() {
        assert_eq!(check(&[package(None, Some(CRATES_IO))]).len(), 1);
        assert_eq!(
            check(&[package(Some("SSPL-1.0"), Some(CRATES_IO))]).len(),
            1
        );
    }

    #[test]
    fn a_second_version_of_a_heavy_crate_is_an_offence() {
        let heavy = Package {
            name: "tokio".to_owned(),
            ..package(Some("MIT"), Some(CRATES_IO))
        };
        let light = Package {
            name: "hashbrown".to_owned(),
            ..heavy.clone()
        };
        assert_eq!(check(&[heavy.clone(), heavy]).len(), 1);
        assert_eq!(check(&[light.clone(), light]), []);
    }
}
