//! What came of a reload, for the log and for the administrator who asked. It holds keys, never values.

use serde::Serialize;

/// What came of a reload whose configuration could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReloadReport {
    /// Keys whose new value holds from now on.
    pub changed: Vec<String>,
    /// Keys with another value in the configuration, which takes a restart.
    pub needs_restart: Vec<String>,
    /// What parts have changed beyond their keys: certificates, keys of tokens.
    pub renewed: Vec<String>,
    /// Parts that keep what they had, and why.
    pub failed: Vec<String>,
}

impl ReloadReport {
    /// Whether every part took what it was given.
    pub fn is_success(&self) -> bool {
        self.failed.is_empty()
    }

    /// Writes it to the log.
    pub fn log(&self) {
        let (changed, renewed) = (self.changed.join(", "), self.renewed.join(", "));
        tracing::info!(%changed, %renewed, "the configuration was read anew");
        if !self.needs_restart.is_empty() {
            let keys = self.needs_restart.join(", ");
            tracing::warn!(%keys, "these settings change only at a restart");
        }
        for reason in &self.failed {
            tracing::warn!(%reason, "a part keeps its old configuration");
        }
    }
}
