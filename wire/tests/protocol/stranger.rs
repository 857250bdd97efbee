//! The Python client, which was written from the page alone, and this crate understand each other.

use std::path::PathBuf;
use std::process::Command;

use ringpost_wire::ClientFrame;

use crate::{encode, golden, hex};

/// Runs the client's tests with `arguments`; answers what they print.
fn run(arguments: &[&str]) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/protocol-client");
    let output = Command::new("python3")
        .args(["-B", "test_client.py"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("python3 is installed by .ci/install");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    String::from_utf8(output.stdout).expect("the client prints UTF-8")
}

fn parse(digits: &str) -> Vec<u8> {
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("a byte is two digits"))
        .collect()
}

#[test]
fn frames_of_the_python_client_mean_the_golden_ones() {
    let printed = run(&["frames"]);
    for line in printed.lines() {
        let (name, digits) = line.split_once(' ').expect("a name and bytes");
        let bytes = parse(digits);
        let frame = ClientFrame::decode(encode::kind_of(&bytes), &bytes)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let golden = hex::parse(&golden::text(name));
        assert_eq!(encode::client(&frame), golden, "{name}");
    }
    assert_eq!(printed.lines().count(), 11, "every frame of a client");
}

#[test]
fn the_python_client_reads_the_golden_frames() {
    run(&[]);
}
