//! The sweep finds chats whose messages are over time, and no others.

use ringpost_storage_core::{Command, Outcome};

use super::scene::options;
use super::traffic::{NOW_MS, Pair};
use crate::retention::Sweep;
use crate::{EmbeddedStore, Options, Retention, Rules};

const DAY_MS: u64 = 86_400_000;

#[test]
fn the_sweep_asks_for_trims_of_old_messages_only() {
    let folder = tempfile::tempdir().unwrap();
    let rules = Rules {
        retention: Retention::Days(2),
    };
    let mut store = EmbeddedStore::open(Options {
        rules,
        ..options(folder.path())
    })
    .unwrap();
    for number in 0..80 {
        let pair = Pair::new(number);
        let mut commands = pair.setup();
        let sent_ms = NOW_MS + u64::from(number % 2) * DAY_MS;
        commands.push(pair.send(1, b"hello", sent_ms));
        commands.push(pair.acknowledge(1));
        store.run(commands).unwrap();
        if number == 40 {
            store.flush().unwrap();
        }
    }
    let mut sweep = Sweep::new(rules.retention, 45, 0);
    let (mut chats, mut trims, mut steps) = (0, Vec::new(), 0);
    while sweep.due_ms < 60_000 {
        let now_ms = sweep.due_ms;
        let step = sweep
            .step(&store.view(), now_ms, NOW_MS + 2 * DAY_MS + 1)
            .unwrap();
        chats += step.chats;
        trims.extend(step.trims);
        steps += 1;
    }
    assert_eq!((chats, trims.len(), steps), (80, 40, 3));
    let is_even = |command: &Command| match command {
        Command::Trim { chat, .. } => (0..80).step_by(2).any(|n| Pair::new(n).chat == *chat),
        _ => false,
    };
    assert!(trims.iter().all(is_even));
    let outcomes = store.run(trims).unwrap();
    let is_one = |outcome: &Outcome| matches!(outcome, Outcome::Trimmed { removed: 1, .. });
    assert!(outcomes.iter().all(is_one), "{outcomes:?}");
}
