//! Compiles the preloaded faults from `shim/faults.c` with the system's C compiler into a shared object.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=shim");
    let folder = std::env::var("OUT_DIR").expect("cargo sets it for build scripts");
    let target = Path::new(&folder).join("libringpost_faults.so");
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let status = Command::new(&compiler)
        .args(["-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror"])
        .args(["-fvisibility=hidden", "-shared", "-fPIC", "shim/faults.c"])
        .arg("-o")
        .arg(&target)
        .status();
    assert!(
        status.as_ref().is_ok_and(|status| status.success()),
        "the faults do not compile with {compiler}: {status:?}"
    );
    println!("cargo::rustc-env=FAULTS_SHIM={}", target.display());
}
