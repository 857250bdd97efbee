//! Which outside crates may stand below a pure crate, by name. An allow list: what is not listed is an offence,
//! so a runtime, a clock or a source of randomness cannot come in unseen.

use crate::offence::Offence;

/// Ids, digests and frames.
const WIRE: &[&str] = &[
    "bitflags",
    "block-buffer",
    "bytes",
    "cfg-if",
    "const-oid",
    "cpufeatures",
    "crypto-common",
    "digest",
    "flatbuffers",
    "hybrid-array",
    "sha2",
    "typenum",
    "xxhash-rust",
];

/// Derived error types; nothing of it is linked.
const ERRORS: &[&str] = &[
    "proc-macro2",
    "quote",
    "syn",
    "thiserror",
    "thiserror-impl",
    "unicode-ident",
];

/// Tokens: base64 and JSON; and tables.
const TOKENS: &[&str] = &[
    "base64",
    "hashbrown",
    "itoa",
    "memchr",
    "ryu",
    "serde",
    "serde_core",
    "serde_derive",
    "serde_json",
    "slab",
    "zmij",
];

/// Signatures of tokens. `ring` takes its randomness as an argument: what asks the system for it stands below it, and nothing in a pure
/// crate may name it.
const SIGNATURES: &[&str] = &["getrandom", "libc", "ring", "untrusted"];

/// Seeded generators. `rand` without `getrandom` below it cannot ask the system for randomness.
const SEEDED: &[&str] = &[
    "chacha20",
    "ppv-lite86",
    "rand",
    "rand_chacha",
    "rand_core",
    "zerocopy",
];

/// The crates that may stand below `package`.
fn allowed(package: &str) -> Vec<&'static str> {
    match package {
        "ringpost-wire" => [WIRE, ERRORS].concat(),
        "ringpost-storage-core" => [WIRE, ERRORS, SEEDED, &["ringpost-wire"]].concat(),
        "ringpost-client-core" => [WIRE, ERRORS, SEEDED, &["ringpost-wire"]].concat(),
        "ringpost-gateway-core" => {
            let ours: &[&str] = &["ringpost-wire", "ringpost-storage-core"];
            [WIRE, ERRORS, SEEDED, TOKENS, SIGNATURES, ours].concat()
        }
        _ => Vec::new(),
    }
}

/// Checks the crates found below a pure `package`.
pub fn check(package: &str, tree: &[String]) -> Vec<Offence> {
    let allowed = allowed(package);
    tree.iter()
        .filter(|name| !allowed.contains(&name.as_str()))
        .map(|name| Offence::whole(package, format!("{name} may not stand below a pure crate")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn listed_crates_pass() {
        assert_eq!(check("ringpost-wire", &tree(&["bytes", "sha2"])), []);
        assert_eq!(
            check(
                "ringpost-gateway-core",
                &tree(&["ringpost-storage-core", "ring", "getrandom"])
            ),
            []
        );
    }

    #[test]
    fn a_runtime_a_descriptor_or_the_systems_randomness_is_an_offence() {
        let below = tree(&["getrandom", "libc", "mio", "tokio"]);
        for package in crate::direction::cores() {
            // Below `ring`, which is given its randomness, these two stand.
            let offences = if *package == "ringpost-gateway-core" {
                2
            } else {
                4
            };
            assert_eq!(check(package, &below).len(), offences, "{package}");
        }
    }

    #[test]
    fn json_stays_out_of_the_wire() {
        assert_eq!(check("ringpost-wire", &tree(&["serde_json"])).len(), 1);
    }
}
