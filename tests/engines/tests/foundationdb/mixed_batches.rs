//! A thousand mixed batches with restarts between: every outcome and every row as on the map.

use ringpost_engine_tests::comparison::compare;
use ringpost_engine_tests::{FoundationEngine, MapEngine};
use ringpost_storage_core::{Retention, Rules};

use crate::scene::RULES;

fn assert_same_rows(engine: &FoundationEngine, map: &MapEngine) {
    let page_of = |begin: &[u8]| engine.access().scan(begin, &[0x20], 500);
    let mut begin = vec![0x01];
    let mut rows = Vec::new();
    loop {
        let page = page_of(&begin).expect("the cluster answers");
        rows.extend(page.rows);
        match rows.last() {
            Some((last, _)) if page.more => begin = [&last[..], &[0]].concat(),
            _ => break,
        }
    }
    let expected = map
        .rows()
        .iter()
        .map(|(key, value)| (key.as_slice(), value));
    let found = rows.iter().map(|(key, value)| (&key[..], value));
    assert!(
        expected.eq(found),
        "{} rows, {}",
        map.rows().len(),
        rows.len()
    );
}

fn thousand(rules: Rules, seed: u64) {
    let Some(mut engine) = FoundationEngine::new(rules) else {
        return;
    };
    let (map, compared) = compare(&mut engine, rules, seed, 1_000, 250);
    assert_eq!(compared.batches, 1_000);
    let stored = compared.outcomes.get("Appended").copied();
    assert!(stored > Some(1_000), "{compared:?}");
    assert!(compared.outcomes.len() > 12, "{compared:?}");
    assert_same_rows(&engine, &map);
}

#[test]
fn kept_until_delivered() {
    let retention = Retention::UntilDelivered;
    thousand(Rules { retention }, 1);
}

#[test]
fn kept_for_days() {
    thousand(RULES, 2);
}
