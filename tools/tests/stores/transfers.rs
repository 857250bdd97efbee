//! A store through a file into another, in one go and killed on the way, with the same rows in the end.

use crate::scene::{done, killed, make_store, open, run, turn};

/// Kills that a test makes before it lets the tool come to its end.
const KILLS: usize = 3;

#[test]
fn a_store_goes_through_a_file_into_another() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    make_store(folder.path().join("one").as_path(), 5, 100);
    let exported = done(&["export", &path("one"), &path("file")]);
    assert_eq!(exported["families"]["message"], 20);
    assert_eq!(done(&["fsck", "--json", &path("file")])["clean"], true);
    let imported = done(&["import", &path("file"), &path("two")]);
    assert_eq!(imported["digest"], exported["digest"]);
    assert_eq!(done(&["fsck", "--json", &path("two")])["clean"], true);
    // A node starts on it, and it is not imported over.
    drop(open(&folder.path().join("two")));
    done(&["import", &path("file"), &path("two")]);
    let other = run(&["import", &path("file"), &path("file")]);
    assert_eq!(other.status.code(), Some(4));
    assert_eq!(
        run(&["export", &path("one"), &path("file")]).status.code(),
        Some(4)
    );
}

#[test]
fn killed_again_and_again_both_go_on() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    make_store(folder.path().join("one").as_path(), 120, 50_000);
    let whole = done(&["export", &path("one"), &path("whole")]);
    let export = ["export", &path("one"), &path("file")];
    let exported = go_on_through_kills(&export);
    assert_eq!(exported["digest"], whole["digest"]);
    let import = ["import", &path("file"), &path("two")];
    let imported = go_on_through_kills(&import);
    assert_eq!(imported["digest"], whole["digest"]);
    assert_eq!(done(&["fsck", "--json", &path("two")])["clean"], true);
}

/// Runs a tool, kills it some times, and lets it come to its end. No run begins before the place where another did, and some
/// run begins after.
pub fn go_on_through_kills(arguments: &[&str]) -> serde_json::Value {
    let runs = std::iter::repeat_with(|| killed(arguments));
    let begins: Vec<f64> = runs.take(KILLS).map_while(|begin| begin).collect();
    assert!(begins.is_sorted(), "{begins:?}");
    assert!(begins.last() > begins.first(), "{begins:?}");
    done(arguments)
}
