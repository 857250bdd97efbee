//! Gives one target to libFuzzer: the one that `RINGPOST_FUZZ_TARGET` names. With `RINGPOST_FUZZ_SEEDS`, a folder, it writes the target's
//! seeds there and ends.

#![no_main]

use std::path::Path;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use ringpost_fuzz::{TARGETS, Target};

static TARGET: OnceLock<Target> = OnceLock::new();

fn chosen() -> Target {
    let name = std::env::var("RINGPOST_FUZZ_TARGET").unwrap_or_default();
    let target = TARGETS.iter().find(|target| target.name == name);
    let Some(target) = target else {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("RINGPOST_FUZZ_TARGET is to be one of {}", names.join(", "));
        std::process::exit(2);
    };
    *target
}

fn begin() {
    let target = *TARGET.get_or_init(chosen);
    if let Some(folder) = std::env::var_os("RINGPOST_FUZZ_SEEDS") {
        for (number, seed) in (target.seeds)().iter().enumerate() {
            let path = Path::new(&folder).join(format!("seed-{number:03}"));
            if let Err(error) = std::fs::write(&path, seed) {
                eprintln!("{}: {error}", path.display());
                std::process::exit(2);
            }
        }
        std::process::exit(0);
    }
}

fuzz_target!(init: begin(), |input: &[u8]| {
    let target = TARGET.get_or_init(chosen);
    (target.run)(input);
});
