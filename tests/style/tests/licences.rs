//! Licences and origins of every dependency in Cargo.lock.

use ringpost_style::{cargo, licence, offence};

#[test]
fn every_dependency_is_permissive_and_from_crates_io() {
    let packages = cargo::packages();
    assert!(
        packages.iter().any(|package| !package.is_member),
        "no dependency was read"
    );
    offence::assert_none(licence::check(&packages));
}
