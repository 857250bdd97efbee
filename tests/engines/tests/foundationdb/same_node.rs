//! Two lives of one node: the earlier ends for good, and says why.

use std::time::{Duration, Instant};

use ringpost_engine_tests::people::{device, register};
use ringpost_storage_core::Outcome;
use ringpost_storage_foundationdb::{Access, StoreState};
use ringpost_wire::ErrorCode;

use crate::scene::{options, send_one, setup, start};

#[test]
fn the_later_life_of_a_node_ends_the_earlier() {
    let Some(options) = options() else {
        return;
    };
    let mut earlier = start(&options, 1);
    earlier.run(&setup());
    let mut later = start(&options, 1);
    assert_eq!(send_one(&mut later, "ann", 1, 1).seq, 1);
    let until = Instant::now() + Duration::from_secs(30);
    while earlier.running().state() == StoreState::Ready {
        assert!(Instant::now() < until, "the earlier life goes on");
        let outcomes = earlier.try_run(vec![register(device("eve", 1))]);
        assert_eq!(outcomes, [Outcome::Failed(ErrorCode::Unavailable)]);
    }
    let StoreState::Failed { reason } = earlier.running().state() else {
        panic!("{:?}", earlier.running().state());
    };
    assert!(
        reason.contains("another process has begun as node 1"),
        "{reason}"
    );
    assert_eq!(send_one(&mut later, "ann", 2, 2).seq, 2);
    drop((earlier, later));
    let access = Access::open(&options).expect("they are good");
    access.clear_all().expect("the cluster answers");
}
