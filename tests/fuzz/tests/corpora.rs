//! Every target on its seeds, its committed corpus, and changed copies of both, the same ones in every run.

use rand::SeedableRng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;
use ringpost_fuzz::{TARGETS, Target, Verdict, corpus, folder, mutated};

/// Changed copies of each target's inputs.
const CHANGED: usize = 2_000;

fn inputs(target: &Target) -> Vec<Vec<u8>> {
    let kept = corpus(target).into_iter().map(|(_, input)| input);
    (target.seeds)().into_iter().chain(kept).collect()
}

fn check(name: &str) {
    let target = TARGETS
        .iter()
        .find(|target| target.name == name)
        .expect("a target of this name");
    let inputs = inputs(target);
    let taken = inputs
        .iter()
        .filter(|input| (target.run)(input) == Verdict::Taken)
        .count();
    assert!(
        taken > 0,
        "no input of {name} is understood: it tests nothing"
    );
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut refused = 0;
    for _ in 0..CHANGED {
        let input = inputs.choose(&mut random).expect("there are inputs");
        let other = inputs.choose(&mut random).expect("there are inputs");
        let changed = mutated(input, other, &mut random);
        refused += usize::from((target.run)(&changed) == Verdict::Refused);
    }
    assert!(refused > 0, "no changed input of {name} is refused");
}

macro_rules! targets {
    ($($test:ident = $name:literal;)*) => {
        $(#[test]
        fn $test() {
            check($name);
        })*

        const TESTED: &[&str] = &[$($name),*];
    };
}

targets! {
    client_frames = "client-frames";
    server_frames = "server-frames";
    keys = "keys";
    rows = "rows";
    scripts = "scripts";
    damaged_store = "damaged-store";
    log = "log";
    proxy_header = "proxy-header";
    tls_door = "tls-door";
    tokens = "tokens";
    token_keys = "token-keys";
    session = "session";
    client_machine = "client-machine";
    client_journal = "client-journal";
    scenario = "scenario";
    interval_log = "interval-log";
}

#[test]
fn every_target_is_tested_and_has_a_corpus() {
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names, TESTED);
    let without: Vec<&str> = TARGETS
        .iter()
        .filter(|target| !folder(target).is_dir())
        .map(|target| target.name)
        .collect();
    assert!(without.is_empty(), "{without:?}");
}
