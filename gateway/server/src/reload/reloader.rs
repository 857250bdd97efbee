//! Reads the configuration anew and hands it to the parts; remembers what the node runs with.
//!
//! Invariant: a configuration that cannot be read or holds a wrong value changes nothing, and one reload runs at a time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{ReloadReport, Reloadable, Source};
use crate::configuration::{ConfigurationError, Settings, Values, values_of};

/// What the last reload came to; the start counts as the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReloadStatus {
    /// Whether everything was taken.
    pub is_success: bool,
    /// When that was so last, in seconds since 1970.
    pub success_at_s: u64,
}

/// The parts that take new settings, and the settings that hold.
pub struct Reloader {
    source: Source,
    state: Mutex<State>,
    status: Mutex<ReloadStatus>,
}

struct State {
    running: Values,
    ordered: Values,
    /// What was offered last, if a part has refused it.
    refused: Option<Settings>,
    parts: Vec<Box<dyn Reloadable>>,
}

impl Reloader {
    /// A node that runs with `settings`, read from `source`.
    pub fn new(source: Source, settings: &Settings) -> Self {
        Self {
            source,
            state: Mutex::new(State {
                running: values_of(settings),
                ordered: Values::new(),
                refused: None,
                parts: Vec::new(),
            }),
            status: Mutex::new(ReloadStatus {
                is_success: true,
                success_at_s: now_s(),
            }),
        }
    }

    /// From now on `part` is asked at every reload.
    pub fn add(&self, part: impl Reloadable + 'static) {
        self.state().parts.push(Box::new(part));
    }

    /// Reads the configuration anew. What an administrator had ordered no longer holds.
    ///
    /// # Errors
    /// It cannot be read or holds a wrong value: nothing has changed.
    pub fn reload(&self) -> Result<ReloadReport, ConfigurationError> {
        self.take(|_| Values::new())
    }

    /// Sets values over file, variables and flags, until the next `reload` or the end of the node.
    ///
    /// # Errors
    /// A key or value is wrong, or the file cannot be read any more: nothing has changed.
    pub fn order(&self, values: &Values) -> Result<ReloadReport, ConfigurationError> {
        self.take(|ordered| {
            let both = ordered.iter().chain(values);
            both.map(|(key, value)| (key.clone(), value.clone()))
                .collect()
        })
    }

    /// Offers once more what a part has refused at the last reload: something outside of the configuration has changed. `None` when nothing
    /// was refused.
    pub fn retry(&self) -> Option<ReloadReport> {
        let mut state = self.state();
        let settings = state.refused.take()?;
        let report = state.offer(settings);
        report.log();
        self.note(report.is_success());
        Some(report)
    }

    /// The values that hold, and whether each can be changed while the node runs.
    pub fn running(&self) -> Vec<(String, toml::Value, bool)> {
        let state = self.state();
        let is_live = |key: &str| state.parts.iter().any(|part| takes(&**part, key));
        let of = |(key, value): (&String, &toml::Value)| (key.clone(), value.clone(), is_live(key));
        state.running.iter().map(of).collect()
    }

    /// What the last reload came to.
    pub fn status(&self) -> ReloadStatus {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(
        &self,
        ordered: impl FnOnce(&Values) -> Values,
    ) -> Result<ReloadReport, ConfigurationError> {
        let mut state = self.state();
        let ordered = ordered(&state.ordered);
        let read = self.source.read(&ordered);
        state.refused = None;
        let taken = read.map(|settings| state.offer(settings));
        match &taken {
            Ok(report) => {
                state.ordered = ordered;
                report.log();
            }
            Err(error) => tracing::warn!(%error, "the configuration is wrong: the old one stays"),
        }
        self.note(taken.as_ref().is_ok_and(ReloadReport::is_success));
        taken
    }

    fn note(&self, is_success: bool) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        status.is_success = is_success;
        if is_success {
            status.success_at_s = now_s();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Offers the settings to every part. What a part refuses stays as it runs.
    fn offer(&mut self, settings: Settings) -> ReloadReport {
        let mut report = ReloadReport::default();
        let mut offered = values_of(&settings);
        let is_other =
            |running: &Values, offered: &Values, key: &String| running.get(key) != offered.get(key);
        for part in &mut self.parts {
            let mut keys: Vec<String> =
                self.running.keys().chain(offered.keys()).cloned().collect();
            keys.retain(|key| takes(&**part, key) && is_other(&self.running, &offered, key));
            keys.sort();
            keys.dedup();
            match part.reload(&settings) {
                Ok(renewed) => {
                    report.renewed.extend(renewed);
                    for key in keys {
                        copy(&mut self.running, &offered, &key);
                        report.changed.push(key);
                    }
                }
                Err(reason) => {
                    report.failed.push(format!("{}: {reason}", part.name()));
                    keys.iter().for_each(|key| {
                        copy(&mut offered, &self.running, key);
                    });
                }
            }
        }
        let all = self.running.keys().chain(offered.keys());
        let mut others: Vec<String> = all
            .filter(|key| is_other(&self.running, &offered, key))
            .cloned()
            .collect();
        others.sort();
        others.dedup();
        report.needs_restart = others;
        self.refused = (!report.failed.is_empty()).then_some(settings);
        report
    }
}

fn copy(target: &mut Values, source: &Values, key: &str) {
    match source.get(key) {
        Some(value) => target.insert(key.to_owned(), value.clone()),
        None => target.remove(key),
    };
}

fn takes(part: &dyn Reloadable, key: &str) -> bool {
    part.keys()
        .iter()
        .any(|own| *own == key || (own.ends_with('.') && key.starts_with(own)))
}

fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
#[path = "reloader_tests.rs"]
mod tests;
