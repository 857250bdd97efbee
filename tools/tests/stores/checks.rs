//! fsck as a program: exit codes, what it prints, and that it neither makes nor disturbs a store.

use ringpost_storage_core::key;
use ringpost_storage_core::store::{Key, Row, Write};
use serde_json::{Value, json};

use crate::scene::{chat, make_store, open, run, spoil, turn};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_good_store_is_told_to_be_good() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    make_store(folder.path(), 3, 10);
    let data = folder.path().to_str().unwrap();
    let output = run(&["fsck", data]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).ends_with("nothing is broken\n"));
    let output = run(&["fsck", "--json", "--quiet", data]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["clean"], json!(true));
    assert_eq!((&report["chats"], &report["users"]), (&json!(3), &json!(4)));
    assert_eq!(report["rows"]["message"], json!(12));
    assert_eq!(output.stderr, b"");
}

#[test]
fn a_broken_store_is_told_with_what_is_broken() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    make_store(folder.path(), 3, 10);
    let stranger = Row {
        key: Key::of(&[&[0x77]]),
        value: bytes::Bytes::new(),
    };
    let gone = key::message::encode(chat(1), 2);
    spoil(
        folder.path(),
        vec![Write::Clear(gone), Write::Set(stranger)],
    );
    let data = folder.path().to_str().unwrap();
    let output = run(&["fsck", "--json", data]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = json!({ "message_missing": 1, "unknown_family": 1 });
    assert_eq!(report["counts"], expected);
    let output = run(&["fsck", data]);
    assert_eq!(output.status.code(), Some(1));
    let line = format!(
        "message_missing: message chat={} seq=2: messages 2 to 2, 1 in all",
        chat(1)
    );
    assert!(
        text(&output.stdout).contains(&line),
        "{}",
        text(&output.stdout)
    );
}

#[test]
fn a_store_in_use_is_not_touched() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    make_store(folder.path(), 1, 10);
    let _node = open(folder.path());
    let data = folder.path().to_str().unwrap();
    let output = run(&["fsck", data]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("stop the node, or use an export"));
}

#[test]
fn what_is_no_store_is_not_made_one() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    for name in ["nothing", ""] {
        let path = folder.path().join(name);
        let output = run(&["fsck", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("is no store"));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let file = folder.path().join("letter");
    std::fs::write(&file, "Dear Ann").unwrap();
    let output = run(&["fsck", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("is no store"));
}

#[cfg(not(feature = "foundationdb"))]
#[test]
fn without_foundationdb_a_cluster_file_tells_how_to_get_it() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fdb.cluster");
    std::fs::write(&file, "# ours\nringpost:id@127.0.0.1:4500\n").unwrap();
    let output = run(&["fsck", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--features foundationdb"));
}

#[test]
fn a_chat_is_looked_up_without_a_node() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    make_store(folder.path(), 2, 10);
    let data = folder.path().to_str().unwrap();
    let of_chat = ["chat", "--between", "friend 1", "ann"];
    let look = |rest: &[&str]| {
        let output = run(&[&["inspect", "--store", data], rest].concat());
        serde_json::from_slice::<Value>(&output.stdout).ok()
    };
    let found = look(&of_chat).expect("the chat is there");
    assert_eq!(
        (&found["head"], &found["trimmed_to"]),
        (&json!(4), &json!(0))
    );
    let of_device = ["device", "--user", "friend 1", "--with", "ann"];
    assert_eq!(
        look(&of_device).expect("the device is there")["lag"],
        json!(4)
    );
    assert_eq!(look(&["chat", "--between", "ann", "zoe"]), None);
}
