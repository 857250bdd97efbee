//! FoundationDB under the faults that its own client library makes: refused, throttled, too old, and of unknown result.
//!
//! The library takes the faults once a process, so these tests have one of their own.

use std::sync::atomic::Ordering::Relaxed;

use ringpost_engine_tests::comparison::compare;
use ringpost_engine_tests::{
    FoundationEngine, contest, foundation_engine, named_cluster_or_skipped,
};
use ringpost_storage_core::{Retention, Rules};
use ringpost_storage_foundationdb::{Access, ClientFaults, ClientOptions};

const RULES: Rules = Rules {
    retention: Retention::UntilDelivered,
};

fn client() -> ClientOptions {
    ClientOptions {
        faults: Some(ClientFaults {
            places_percent: 100,
            fired_percent: 10,
        }),
        ..ClientOptions::default()
    }
}

#[test]
fn a_contest_of_two_nodes_breaks_nothing() {
    let Some(cluster_file) = named_cluster_or_skipped() else {
        return;
    };
    let options = foundation_engine::options(cluster_file, RULES, client());
    contest::hold(&options);
    let access = Access::open(&options).expect("they are good");
    access.clear_all().expect("the cluster answers");
}

#[test]
fn a_thousand_mixed_batches_are_as_on_the_map() {
    let Some(mut engine) = FoundationEngine::with_client(RULES, client()) else {
        return;
    };
    let metrics = engine.lane().metrics();
    let (_, compared) = compare(&mut engine, RULES, 3, 1_000, 2_000);
    assert!(
        compared.outcomes.get("Appended") > Some(&1_000),
        "{compared:?}"
    );
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Relaxed);
    assert!(count(&metrics.unknown_results) > 20, "{metrics:?}");
    assert!(count(&metrics.conflicts) > 5, "{metrics:?}");
    assert!(count(&metrics.throttled) > 5, "{metrics:?}");
    assert!(count(&metrics.too_old) > 5, "{metrics:?}");
    assert!(count(&metrics.settlings) > 20, "{metrics:?}");
    assert!(count(&metrics.settled_landed) > 5, "{metrics:?}");
    assert!(count(&metrics.settled_lost) > 1, "{metrics:?}");
}
