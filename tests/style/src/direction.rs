//! Which package of the workspace may depend on which: `server → gateway/core → storage/core → wire`,
//! engines → storage/core, clients → wire. A package outside `tests/` without a rule is an offence.

use crate::cargo::Package;
use crate::offence::Offence;

const CORES: [&str; 4] = [
    "ringpost-wire",
    "ringpost-storage-core",
    "ringpost-gateway-core",
    "ringpost-client-core",
];

/// The workspace packages that `package` may name as direct dependencies.
fn allowed(package: &str) -> Option<&'static [&'static str]> {
    Some(match package {
        "ringpost-wire" | "ringpost-gateway-ring" | "ringpost-gateway-tls" => &[],
        "ringpost-storage-core" | "ringpost-client-core" => &["ringpost-wire"],
        "ringpost-storage-queue" | "ringpost-storage-check" | "ringpost-gateway-core" => {
            &["ringpost-wire", "ringpost-storage-core"]
        }
        "ringpost-storage-embedded" | "ringpost-storage-foundationdb" => &[
            "ringpost-wire",
            "ringpost-storage-core",
            "ringpost-storage-queue",
        ],
        "ringpost-client-native" => &["ringpost-wire", "ringpost-client-core"],
        "ringpost" => &[
            "ringpost-wire",
            "ringpost-storage-core",
            "ringpost-storage-queue",
            "ringpost-storage-embedded",
            "ringpost-storage-foundationdb",
            "ringpost-gateway-core",
            "ringpost-gateway-ring",
            "ringpost-gateway-tls",
        ],
        "ringpost-tools" | "ringpost-bench" => &[
            "ringpost-wire",
            "ringpost-storage-core",
            "ringpost-storage-embedded",
            "ringpost-storage-foundationdb",
            "ringpost-storage-check",
            "ringpost-gateway-core",
            "ringpost-gateway-ring",
            "ringpost-gateway-tls",
            "ringpost-client-core",
            "ringpost-client-native",
        ],
        _ => return None,
    })
}

/// Names of the pure packages.
pub fn cores() -> &'static [&'static str] {
    &CORES
}

/// Checks the direct dependencies of every member, and that no pure package has cargo features.
pub fn check(packages: &[Package]) -> Vec<Offence> {
    let members: Vec<&Package> = packages
        .iter()
        .filter(|package| package.is_member)
        .collect();
    let mut offences = Vec::new();
    for member in members
        .iter()
        .filter(|member| !member.folder.starts_with("tests/"))
    {
        let Some(allowed) = allowed(&member.name) else {
            offences.push(Offence::whole(&member.name, "has no rule of direction yet"));
            continue;
        };
        for target in &member.dependencies {
            let is_member = members.iter().any(|other| other.name == *target);
            if is_member && !allowed.contains(&target.as_str()) {
                offences.push(Offence::whole(
                    &member.name,
                    format!("may not depend on {target}"),
                ));
            }
        }
        if CORES.contains(&member.name.as_str()) && !member.features.is_empty() {
            let what = format!("a pure crate has no cargo features: {:?}", member.features);
            offences.push(Offence::whole(&member.name, what));
        }
    }
    offences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, dependencies: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            is_member: true,
            folder: "x".to_owned(),
            dependencies: dependencies.iter().map(|name| (*name).to_owned()).collect(),
            ..Package::default()
        }
    }

    #[test]
    fn the_right_direction_passes() {
        let packages = [
            member("ringpost-wire", &["bytes"]),
            member("ringpost-storage-core", &["ringpost-wire"]),
        ];
        assert_eq!(check(&packages), []);
    }

    #[test]
    fn the_wrong_direction_is_an_offence() {
        let packages = [
            member("ringpost-wire", &["ringpost-storage-core"]),
            member("ringpost-storage-core", &[]),
        ];
        assert_eq!(check(&packages).len(), 1);
    }

    #[test]
    fn an_unknown_package_is_an_offence_unless_it_is_a_test() {
        let mut package = member("ringpost-new", &["ringpost-wire"]);
        assert_eq!(check(&[package.clone()]).len(), 1);
        package.folder = "tests/new".to_owned();
        assert_eq!(check(&[package]), []);
    }

    #[test]
    fn a_feature_of_a_core_crate_is_an_offence() {
        let mut package = member("ringpost-wire", &[]);
        package.features = vec!["std".to_owned()];
        assert_eq!(check(&[package]).len(), 1);
    }
}
