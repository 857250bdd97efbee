//! Sets up the log: one line an event on standard error, as text or JSON.

use tracing_subscriber::EnvFilter;

use crate::configuration::{LogFormat, LogSettings};

/// Starts logging for the process. A second call does nothing.
pub fn start(settings: &LogSettings) {
    let level = format!("{:?}", settings.level).to_ascii_lowercase();
    let filter = EnvFilter::new(format!("{level},fjall=warn,lsm_tree=warn"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    let started = match settings.format {
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    drop(started);
}
