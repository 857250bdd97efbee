//! Runs the same mixed batches on an engine and on the map, and compares every outcome.

use std::collections::BTreeMap;

use ringpost_storage_core::{Command, Outcome, Rules};

use crate::traffic::Traffic;
use crate::{Engine, MapEngine};

/// What was compared: how many outcomes of each kind there were.
#[derive(Debug, Default)]
pub struct Compared {
    /// Batches.
    pub batches: u32,
    /// Outcomes by kind.
    pub outcomes: BTreeMap<String, u32>,
}

/// Runs `batches` batches of `seed` on `engine`, which is empty, and on a map, which is returned. Restarts the engine every
/// `restart_every` batches. Panics at the first outcome that differs.
pub fn compare(
    engine: &mut dyn Engine,
    rules: Rules,
    seed: u64,
    batches: u32,
    restart_every: u32,
) -> (MapEngine, Compared) {
    let (mut map, mut traffic) = (MapEngine::new(rules), Traffic::new(seed));
    let mut compared = Compared::default();
    let mut commands = Traffic::beginning();
    for batch in 0..batches {
        let expected = map.run(commands.clone());
        let outcomes = engine.run(commands.clone());
        assert_same(batch, &commands, &expected, &outcomes);
        traffic.learn(&commands, &outcomes);
        compared.batches += 1;
        for outcome in &outcomes {
            *compared.outcomes.entry(kind(outcome)).or_default() += 1;
        }
        if batch % restart_every == restart_every - 1 {
            engine.restart();
        }
        commands = traffic.batch();
    }
    (map, compared)
}

fn assert_same(batch: u32, commands: &[Command], expected: &[Outcome], outcomes: &[Outcome]) {
    assert_eq!(expected.len(), outcomes.len(), "batch {batch}");
    for ((command, expected), outcome) in commands.iter().zip(expected).zip(outcomes) {
        assert_eq!(expected, outcome, "batch {batch}: {command:?}");
    }
}

/// The name of an outcome, and of a refusal its code.
fn kind(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed(code) => format!("Failed({code:?})"),
        Outcome::AppendRefused(refused) => format!("AppendRefused({:?})", refused.code),
        other => {
            let text = format!("{other:?}");
            let end = text.find(|letter: char| !letter.is_alphanumeric());
            text[..end.unwrap_or(text.len())].to_owned()
        }
    }
}
