//! The crate graph: pure crates stay pure, and dependencies of the workspace point one way.

use ringpost_style::{cargo, direction, offence, purity};

#[test]
fn pure_crates_stand_on_listed_crates_only() {
    let mut offences = Vec::new();
    for package in direction::cores() {
        offences.extend(purity::check(package, &cargo::tree(package)));
    }
    offence::assert_none(offences);
}

#[test]
fn dependencies_point_one_way() {
    let packages = cargo::packages();
    let members = packages.iter().filter(|package| package.is_member).count();
    assert!(
        members > direction::cores().len(),
        "the workspace was not read: {members} members"
    );
    offence::assert_none(direction::check(&packages));
}
