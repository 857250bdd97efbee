//! Tells the programs which compiler built them and for which target: a budget of instructions holds for these alone.

use std::process::Command;

fn main() {
    let rustc = std::env::var_os("RUSTC").expect("cargo names the compiler to build scripts");
    let output = Command::new(rustc).arg("-V").output();
    let version = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let target = std::env::var("TARGET").expect("cargo names the target to build scripts");
    println!(
        "cargo::rustc-env=RINGPOST_RUSTC={}",
        version.unwrap_or_default()
    );
    println!("cargo::rustc-env=RINGPOST_TARGET={target}");
    println!("cargo::rerun-if-changed=build.rs");
}
