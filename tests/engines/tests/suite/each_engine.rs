//! Makes a test of each behaviour for each engine.

use ringpost_engine_tests::{EmbeddedEngine, Engine, LaneEngine, MapEngine};
use ringpost_storage_core::{Retention, Rules};

pub const RULES: Rules = Rules {
    retention: Retention::UntilDelivered,
};

pub fn map() -> Box<dyn Engine> {
    Box::new(MapEngine::new(RULES))
}

pub fn lane() -> Box<dyn Engine> {
    Box::new(LaneEngine::calm(RULES))
}

pub fn stormy_lane() -> Box<dyn Engine> {
    Box::new(LaneEngine::stormy(RULES, 7))
}

pub fn embedded_log() -> Box<dyn Engine> {
    Box::new(EmbeddedEngine::in_log(RULES))
}

pub fn embedded_tables() -> Box<dyn Engine> {
    Box::new(EmbeddedEngine::in_tables(RULES))
}

/// `None`, said loudly, where no cluster is given.
#[cfg(feature = "foundationdb")]
pub fn foundation() -> Option<ringpost_engine_tests::FoundationEngine> {
    ringpost_engine_tests::FoundationEngine::new(RULES)
}

/// One module a behaviour, one test an engine in it.
macro_rules! on_each_engine {
    ($($behaviour:ident),* $(,)?) => {
        $(mod $behaviour {
            use crate::each_engine;

            #[test]
            fn on_the_map() {
                super::$behaviour(&mut *each_engine::map());
            }

            #[test]
            fn on_the_lane() {
                super::$behaviour(&mut *each_engine::lane());
            }

            #[test]
            fn on_the_stormy_lane() {
                super::$behaviour(&mut *each_engine::stormy_lane());
            }

            #[test]
            fn on_the_embedded_log() {
                super::$behaviour(&mut *each_engine::embedded_log());
            }

            #[test]
            fn on_the_embedded_tables() {
                super::$behaviour(&mut *each_engine::embedded_tables());
            }

            #[cfg(feature = "foundationdb")]
            #[test]
            fn on_foundationdb() {
                if let Some(mut engine) = each_engine::foundation() {
                    super::$behaviour(&mut engine);
                }
            }
        })*
    };
}

pub(crate) use on_each_engine;
