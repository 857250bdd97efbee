//! Two people who talk with `ringpost-tools send` and `receive`, as scripts do.

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};

use ringpost_end_to_end::built_binary;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::World;

struct Person<'a> {
    world: &'a World,
    name: &'static str,
    state: TempDir,
}

impl<'a> Person<'a> {
    fn new(world: &'a World, name: &'static str) -> Self {
        Self {
            world,
            name,
            state: tempfile::tempdir().unwrap(),
        }
    }

    fn tool(&self, tool: &str, arguments: &[&str]) -> Child {
        let server = self.world.place.native().to_string();
        Command::new(built_binary("ringpost-tools").unwrap())
            .args([tool, "--as", self.name, "--server", &server])
            .arg("--data")
            .arg(self.world.place.data())
            .arg("--state")
            .arg(self.state.path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn receive(&self, arguments: &[&str]) -> Child {
        self.tool("receive", arguments)
    }

    fn send(&self, to: &str, texts: &[String]) {
        let mut tool = self.tool("send", &["--to", to]);
        let mut input = tool.stdin.take().unwrap();
        for text in texts {
            writeln!(input, "{}", json!({ "text": text })).unwrap();
        }
        drop(input);
        assert_eq!(lines(tool).len(), texts.len());
    }
}

/// The JSON lines of a tool that ends well.
fn lines(tool: Child) -> Vec<Value> {
    let Output {
        status,
        stdout,
        stderr,
    } = tool.wait_with_output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    let text = String::from_utf8(stdout).unwrap();
    let line = |line| serde_json::from_str(line).unwrap();
    text.lines().map(line).collect()
}

fn texts(lines: &[Value]) -> Vec<String> {
    let text = |line: &Value| line["text"].as_str().unwrap().to_owned();
    lines.iter().map(text).collect()
}

fn phrases(about: &str, count: usize) -> Vec<String> {
    (1..=count)
        .map(|number| format!("{about} {number}: \"quoted\", déjà vu, 你好\n"))
        .collect()
}

#[test]
fn two_people_talk_with_the_tools() {
    let world = World::start(2);
    let (ann, bob) = (Person::new(&world, "ann"), Person::new(&world, "bob"));
    for (from, to) in [(&ann, &bob), (&bob, &ann)] {
        let said = phrases(from.name, 20);
        let receiving = to.receive(&["--count", "20"]);
        from.send(to.name, &said);
        assert_eq!(texts(&lines(receiving)), said);
    }
    world.end();
}

#[test]
fn the_tools_bring_to_someone_away_what_was_said() {
    let world = World::start(1);
    let (ann, bob) = (Person::new(&world, "ann"), Person::new(&world, "bob"));
    let first = bob.receive(&["--idle-exit", "0"]);
    assert_eq!(lines(first), Vec::<Value>::new());
    let said = phrases("later", 300);
    ann.send("bob", &said);
    let got = lines(bob.receive(&["--count", "300"]));
    assert_eq!(texts(&got), said);
    let seqs: Vec<u64> = got
        .iter()
        .map(|line| line["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, (1..=300).collect::<Vec<_>>());
    let again = bob.receive(&["--idle-exit", "0"]);
    assert_eq!(lines(again), Vec::<Value>::new());
    world.end();
}
