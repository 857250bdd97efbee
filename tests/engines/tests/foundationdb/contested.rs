//! Two nodes that both believe to be home of every shard: they take the shards from each other and break nothing.

use ringpost_engine_tests::contest;
use ringpost_storage_foundationdb::Access;

use crate::scene::options;

#[test]
fn two_nodes_share_every_shard() {
    let Some(options) = options() else {
        return;
    };
    let conflicts = contest::hold(&options);
    assert!(conflicts > 0, "a claim breaks the other's commit at times");
    let access = Access::open(&options).expect("they are good");
    access.clear_all().expect("the cluster answers");
}
