//! What the tests share: their rules and their nodes.

use ringpost_engine_tests::foundation_engine::{self, FoundationLane, all_shards};
use ringpost_engine_tests::named_cluster_or_skipped;
pub use ringpost_engine_tests::pair_chat::{chat, log, send_one, setup};
use ringpost_storage_core::{Retention, Rules};
use ringpost_storage_foundationdb::{ClientOptions, Options};

pub const RULES: Rules = Rules {
    retention: Retention::Days(30),
};

/// Options under a prefix of their own; `None`, said loudly, where no cluster is given.
pub fn options() -> Option<Options> {
    let cluster_file = named_cluster_or_skipped()?;
    Some(foundation_engine::options(
        cluster_file,
        RULES,
        ClientOptions::default(),
    ))
}

/// A node that is home of every shard.
pub fn start(options: &Options, node: u32) -> FoundationLane {
    let options = Options {
        node,
        ..options.clone()
    };
    FoundationLane::start(options, all_shards())
}
