//! Every rule on sources, over every file of the repository.

use ringpost_style::offence::{Offence, assert_none};
use ringpost_style::rules::{functions, pure_code, shape, testing, unsafety, words};
use ringpost_style::source::{Source, read_all};

fn check(rule: fn(&Source) -> Vec<Offence>) {
    let sources = read_all(&ringpost_style::cargo::root());
    let rust = sources.iter().filter(|source| source.is_rust()).count();
    assert!(rust > 10, "the sources were not found: {rust} files");
    assert_none(sources.iter().flat_map(rule).collect());
}

#[test]
fn rust_files_open_with_what_they_do() {
    check(shape::opening);
}

#[test]
fn files_are_short() {
    check(shape::length);
}

#[test]
fn listing_files_only_list() {
    check(shape::listing);
}

#[test]
fn names_say_something() {
    check(shape::names);
}

#[test]
fn functions_are_short() {
    check(functions::length);
}

#[test]
fn the_ring_alone_is_unsafe() {
    check(unsafety::place);
}

#[test]
fn each_unsafe_use_names_its_reason() {
    check(unsafety::reasons);
}

#[test]
fn no_test_is_ignored() {
    check(testing::ignored);
}

#[test]
fn no_test_sleeps() {
    check(testing::sleeping);
}

#[test]
fn pure_crates_name_nothing_of_the_system() {
    check(pure_code::names);
}

#[test]
fn nothing_is_left_to_do() {
    check(words::left_to_do);
}

#[test]
fn no_file_tells_how_the_work_was_organised() {
    check(words::machinery);
}

#[test]
fn no_file_names_a_folder_of_one_machine() {
    check(words::machine_paths);
}
