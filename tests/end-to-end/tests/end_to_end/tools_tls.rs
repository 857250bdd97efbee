//! The tools through the door with TLS: whom they trust, a small corpus in both orders, and what ends them at once.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use ringpost_end_to_end::tls::TlsDoor;
use ringpost_end_to_end::{NodeProcess, Place, built_binary};
use serde_json::Value;

use crate::world::World;

const CORPUS: &str =
    "conversations:\n- - hello\n  - hello yourself\n  - and now?\n- - Grüße\n  - '数字'\n  - 7\n";

fn world() -> (World, TlsDoor) {
    let place = Place::new().unwrap();
    let door = TlsDoor::of(&place).unwrap();
    let mut options = place.options(2);
    door.open(&mut options);
    let node = NodeProcess::start(&options).unwrap();
    (World { place, node }, door)
}

/// Runs a tool through the door, with a line of input.
fn tool(world: &World, door: &TlsDoor, ca: &Path, arguments: &[&str]) -> Output {
    let mut child = Command::new(built_binary("ringpost-tools").unwrap())
        .args(arguments)
        .args(["--server", &door.address().to_string(), "--tls", "--ca"])
        .arg(ca)
        .arg("--data")
        .arg(world.place.data())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A tool that has ended takes none.
    let _ = writeln!(child.stdin.take().unwrap(), "{{\"text\": \"hello\"}}");
    child.wait_with_output().unwrap()
}

#[test]
fn a_corpus_goes_through_tls_in_both_orders() {
    let (world, door) = world();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("small.yml"), CORPUS).unwrap();
    let corpus = folder.path().to_str().unwrap();
    for mode in ["online", "offline-first"] {
        let arguments = ["replay", "--corpus", corpus, "--mode", mode];
        let output = tool(&world, &door, &door.certificate(), &arguments);
        assert!(output.status.success(), "{output:?}");
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (&summary["lines"], &summary["arrived"]),
            (&6.into(), &6.into())
        );
    }
    let plain = "ringpost_tls_handshakes_total{version=\"1.3\",kind=\"full\"}";
    assert!(world.until(|node| node.metric(plain).unwrap() >= Some(1.0)));
    world.end();
}

#[test]
fn a_name_and_a_certificate_that_do_not_fit_end_a_tool_at_once() {
    let (world, door) = world();
    let stranger = Place::new().unwrap();
    let other = TlsDoor::of(&stranger).unwrap();
    let send = ["send", "--as", "ann", "--to", "ann"];
    let named = |name| [&send[..], &["--server-name", name]].concat();
    let good = tool(&world, &door, &door.certificate(), &named("ringpost.test"));
    assert!(good.status.success(), "{good:?}");
    let cases = [
        (
            &other,
            named("ringpost.test"),
            "not signed by a trusted authority",
        ),
        (&door, named("other.test"), "for another name"),
    ];
    for (trusted, arguments, why) in cases {
        let output = tool(&world, &door, &trusted.certificate(), &arguments);
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(why), "{said}");
    }
    let none = tool(
        &world,
        &door,
        &world.place.data().join("token.secret"),
        &send,
    );
    assert_eq!(none.status.code(), Some(2), "{none:?}");
    world.end();
}
