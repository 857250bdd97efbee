//! A store through a file into FoundationDB and back, in one go and killed on the way. Runs where `FDB_CLUSTER_FILE` names a
//! cluster, each time under a prefix of its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use ringpost_engine_tests::named_cluster_or_skipped;
use ringpost_storage_core::row::{Fence, Import, Row as _};
use ringpost_storage_core::store::{Key, Row, Write};
use ringpost_storage_core::{Retention, Rules, key};
use ringpost_storage_foundationdb::{Access, FoundationStore, Options, StoreState};
use ringpost_wire::ShardId;
use serde_json::{Value, json};

use crate::scene::{chat, done, make_store, run, turn};
use crate::transfers::go_on_through_kills;

/// A space in the tests' cluster; nothing is left of it.
struct Space {
    cluster_file: PathBuf,
    prefix: String,
}

impl Space {
    /// A space for a test; `None`, said loudly, where there is no cluster.
    fn of(test: &str) -> Option<Self> {
        let cluster_file = named_cluster_or_skipped()?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_ns = since.map_or(0, |since| since.as_nanos());
        Some(Self {
            cluster_file,
            prefix: format!("test/{test}/{now_ns:x}/"),
        })
    }

    fn options(&self) -> Options {
        let rules = Rules {
            retention: Retention::UntilDelivered,
        };
        Options {
            cluster_file: Some(self.cluster_file.clone()),
            prefix: self.prefix.as_bytes().to_vec(),
            ..Options::new(1, rules)
        }
    }

    fn access(&self) -> Access {
        Access::open(&self.options()).expect("the cluster file is good")
    }

    /// The state of a node's store in the space, once it has begun.
    fn state_of_node(&self) -> StoreState {
        let mut store = FoundationStore::open(self.options()).expect("the cluster file is good");
        let _lane = store.lane(BTreeSet::from([ShardId(1)]), || {});
        let running = store.start().expect("a thread can be made");
        loop {
            match running.state() {
                StoreState::Starting | StoreState::Unavailable { .. } => std::thread::yield_now(),
                state => return state,
            }
        }
    }

    /// The arguments of a tool with the space as its last but for the prefix.
    fn arguments<'a>(&'a self, first: &[&'a str]) -> Vec<&'a str> {
        let file = self.cluster_file.to_str().expect("a plain path");
        [first, &[file, "--prefix", &self.prefix]].concat()
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        // The cluster may be gone.
        let _ = self.access().clear_all();
    }
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().expect("a plain path").to_owned()
}

#[test]
fn a_store_goes_into_a_cluster_and_back() {
    let _turn = turn();
    let Some(space) = Space::of("there-and-back") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    make_store(&folder.path().join("one"), 5, 100);
    let (one, file) = (path(folder.path(), "one"), path(folder.path(), "file"));
    let exported = done(&["export", &one, &file]);
    let imported = done(&space.arguments(&["import", &file]));
    assert_eq!(imported["digest"], exported["digest"]);
    assert_eq!(imported["store"], "foundationdb");
    assert_eq!(done(&space.arguments(&["fsck", "--json"]))["clean"], true);
    let back = path(folder.path(), "back");
    let mut arguments = space.arguments(&["export"]);
    arguments.push(&back);
    assert_eq!(done(&arguments)["digest"], exported["digest"]);
    let two = path(folder.path(), "two");
    assert_eq!(done(&["import", &back, &two])["digest"], exported["digest"]);
    let mut look = space.arguments(&["inspect", "--store"]);
    look.extend(["chat", "--between", "ann", "friend 1"]);
    assert_eq!(done(&look)["head"], 4);
}

#[test]
fn killed_again_and_again_an_import_into_a_cluster_goes_on() {
    let _turn = turn();
    let Some(space) = Space::of("killed") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    make_store(&folder.path().join("one"), 120, 50_000);
    let (one, file) = (path(folder.path(), "one"), path(folder.path(), "file"));
    let exported = done(&["export", &one, &file]);
    let imported = go_on_through_kills(&space.arguments(&["import", &file]));
    assert_eq!(imported["digest"], exported["digest"]);
    assert_eq!(done(&space.arguments(&["fsck", "--json"]))["clean"], true);
}

#[test]
fn what_is_broken_in_a_cluster_is_found_and_not_imported_over() {
    let _turn = turn();
    let Some(space) = Space::of("broken") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    make_store(&folder.path().join("one"), 3, 100);
    let (one, file) = (path(folder.path(), "one"), path(folder.path(), "file"));
    done(&["export", &one, &file]);
    done(&space.arguments(&["import", &file]));
    let gone = key::message::encode(chat(1), 2);
    let long = Bytes::from(vec![0x77; 200]);
    let access = space.access();
    access
        .clear(&[Bytes::copy_from_slice(gone.as_slice())])
        .unwrap();
    access.write(&[(long, Bytes::new())]).unwrap();
    let output = run(&space.arguments(&["fsck", "--json"]));
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = json!({ "message_missing": 1, "unknown_family": 1 });
    assert_eq!(report["counts"], expected);
    let refused = run(&space.arguments(&["import", &file]));
    assert_eq!(refused.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is not empty"));
}

#[test]
fn what_is_broken_beside_the_rows_of_a_cluster_is_found() {
    let _turn = turn();
    let Some(space) = Space::of("beside") else {
        return;
    };
    let set = |key: Key, value: Bytes| {
        let row = Write::Set(Row { key, value });
        space.access().commit(&[row]).unwrap();
    };
    let counts = || {
        let output = run(&space.arguments(&["fsck", "--json"]));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        report["counts"].clone()
    };
    let incarnation = Key::of(&[&[0], b"i", &1_u32.to_be_bytes()]);
    let fence = Fence {
        node: 1,
        incarnation: 5,
        claim: 1,
    };
    set(incarnation, Bytes::copy_from_slice(&5_u64.to_be_bytes()));
    set(key::fence::encode(ShardId(7)), fence.to_bytes());
    assert_eq!(counts(), json!({}));
    set(incarnation, Bytes::copy_from_slice(&4_u64.to_be_bytes()));
    assert_eq!(counts(), json!({ "incarnation_ungiven": 1 }));
    set(incarnation, Bytes::from_static(b"4"));
    set(Key::of(&[&[0], b"x"]), Bytes::new());
    let expected = json!({ "incarnation_ungiven": 1, "own_row": 2 });
    assert_eq!(counts(), expected);
    let cleared = Write::Clear(Key::of(&[&[0], b"f"]));
    space.access().commit(&[cleared]).unwrap();
    let expected = json!({ "incarnation_ungiven": 1, "own_row": 3 });
    assert_eq!(counts(), expected);
}

#[test]
fn a_node_does_not_start_on_half_an_import() {
    let _turn = turn();
    let Some(space) = Space::of("half") else {
        return;
    };
    let key = key::import::encode(key::ExportId([7; 16]));
    let key = Bytes::copy_from_slice(key.as_slice());
    let progress = Import { blocks: 1, rows: 1 }.to_bytes();
    space.access().write(&[(key.clone(), progress)]).unwrap();
    let state = space.state_of_node();
    assert!(
        matches!(&state, StoreState::Failed { reason } if reason.contains("import")),
        "{state:?}"
    );
    let output = run(&space.arguments(&["fsck", "--json"]));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["counts"]["import_unfinished"], 1);
    space.access().clear(&[key]).unwrap();
    assert_eq!(space.state_of_node(), StoreState::Ready);
}
