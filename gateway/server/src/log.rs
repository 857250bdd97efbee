//! Sets up the log: one line an event on standard error, as text or JSON. Its level can change while the node runs.

use tracing_subscriber::EnvFilter;

use crate::configuration::{LogFormat, LogLevel, LogSettings, Settings};
use crate::reload::Reloadable;

/// Puts a new filter in the place of the one that holds.
type Replace = Box<dyn Fn(EnvFilter) -> Result<(), String> + Send>;

/// The level of the running log.
pub struct LiveLevel {
    level: LogLevel,
    replace: Replace,
}

/// Starts logging for the process; `None` when it was started before.
pub fn start(settings: &LogSettings) -> Option<LiveLevel> {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(settings.level))
        .with_writer(std::io::stderr)
        .with_target(false);
    let (replace, started): (Replace, _) = match settings.format {
        LogFormat::Text => {
            let builder = builder.with_ansi(false).with_filter_reloading();
            let handle = builder.reload_handle();
            let replace = move |filter| handle.reload(filter).map_err(|error| error.to_string());
            (Box::new(replace), builder.try_init())
        }
        LogFormat::Json => {
            let builder = builder.json().with_filter_reloading();
            let handle = builder.reload_handle();
            let replace = move |filter| handle.reload(filter).map_err(|error| error.to_string());
            (Box::new(replace), builder.try_init())
        }
    };
    let level = settings.level;
    started.ok().map(|()| LiveLevel { level, replace })
}

fn filter(level: LogLevel) -> EnvFilter {
    let level = format!("{level:?}").to_ascii_lowercase();
    EnvFilter::new(format!("{level},fjall=warn,lsm_tree=warn"))
}

impl Reloadable for LiveLevel {
    fn name(&self) -> &'static str {
        "log"
    }

    fn keys(&self) -> &'static [&'static str] {
        &["log.level"]
    }

    fn reload(&mut self, settings: &Settings) -> Result<Option<String>, String> {
        if settings.log.level != self.level {
            (self.replace)(filter(settings.log.level))?;
            self.level = settings.log.level;
        }
        Ok(None)
    }
}
