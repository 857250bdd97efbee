//! A replay as a whole: bounded concurrency, the run's name in its state folder, the summary as JSON.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::conversation::{Conversation, Outcome};
use super::corpus::{self, Script};
use super::side::Reach;
use super::verdict::Verdict;
use crate::arguments::{ReplayMode, ReplayOptions};
use crate::error::ToolError;
use crate::lines;
use crate::server::Server;
use crate::token::TokenKey;

/// Most failures whose words are told.
const FAILURES_TOLD_MAX: usize = 20;

#[derive(Debug, Default, Serialize)]
struct Summary {
    run: String,
    mode: &'static str,
    conversations: u64,
    lines: u64,
    arrived: u64,
    #[serde(flatten)]
    verdict: Verdict,
    /// Messages refused or undetermined, and conversations that did not come to an end.
    failed: u64,
    failures: Vec<String>,
    seconds: f64,
}

/// Replays the corpus and prints the summary.
pub async fn run(options: ReplayOptions) -> Result<(), ToolError> {
    let mut scripts = corpus::read(&options.corpus, &options.languages)?;
    scripts.truncate(options.conversations_max.unwrap_or(usize::MAX));
    let mode = match options.mode {
        ReplayMode::Online => "online",
        ReplayMode::OfflineFirst => "offline-first",
    };
    let mut summary = Summary {
        run: run_name(&options, mode)?,
        mode,
        ..Summary::default()
    };
    let started = Instant::now();
    replay(&options, scripts, &mut summary).await?;
    summary.seconds = started.elapsed().as_secs_f64();
    let text = serde_json::to_string(&summary).expect("numbers and text are JSON");
    lines::print(&text)?;
    if summary.verdict.is_right() && summary.failed == 0 {
        return Ok(());
    }
    Err(ToolError::Found(
        "what arrived is not what was sent".to_owned(),
    ))
}

async fn replay(
    options: &ReplayOptions,
    scripts: Vec<Script>,
    summary: &mut Summary,
) -> Result<(), ToolError> {
    let reach = Reach {
        server: Server::new(&options.server)?,
        key: TokenKey::load(&options.key)?,
        patience: Duration::from_secs(options.patience),
    };
    let places = Arc::new(Semaphore::new(options.concurrent.max(1)));
    let mut running = JoinSet::new();
    for (number, script) in scripts.into_iter().enumerate() {
        let place = Arc::clone(&places).acquire_owned().await;
        while let Some(done) = running.try_join_next() {
            summary.take(done.map_err(|error| ToolError::Stopped(error.to_string()))?);
        }
        summary.conversations += 1;
        summary.lines += script.lines.len() as u64;
        let (run, reach, mode) = (summary.run.clone(), reach.clone(), options.mode);
        let state = options.state.clone();
        running.spawn(async move {
            let made = Conversation::new(&script, (&run, number), mode, state.as_deref());
            let outcome = match made {
                Ok(mut conversation) => conversation.run(&reach).await,
                Err(error) => Err(error),
            };
            drop(place);
            (script.name, outcome)
        });
    }
    while let Some(done) = running.join_next().await {
        summary.take(done.map_err(|error| ToolError::Stopped(error.to_string()))?);
    }
    Ok(())
}

impl Summary {
    fn take(&mut self, (name, outcome): (String, Result<Outcome, ToolError>)) {
        match outcome {
            Ok(outcome) => {
                self.arrived += outcome.arrived;
                self.verdict.add(&outcome.verdict);
                if !outcome.verdict.is_right() {
                    self.tell(format!("{name}: {:?}", outcome.verdict));
                }
                for why in outcome.failed {
                    self.failed += 1;
                    self.tell(format!("{name}: {why}"));
                }
            }
            Err(error) => {
                self.failed += 1;
                self.tell(format!("{name}: {error}"));
            }
        }
    }

    fn tell(&mut self, failure: String) {
        if self.failures.len() < FAILURES_TOLD_MAX {
            self.failures.push(failure);
        }
    }
}

/// The run's name: random, or that of the run to resume. It is part of every user's name, so runs do not meet.
fn run_name(options: &ReplayOptions, mode: &str) -> Result<String, ToolError> {
    let Some(state) = &options.state else {
        return Ok(random_name());
    };
    let path = state.join("run");
    match (read_name(&path)?, options.resume) {
        (Some(text), true) => match text.split_once(' ') {
            Some((name, of_mode)) if of_mode == mode => Ok(name.to_owned()),
            _ => Err(ToolError::Usage(format!(
                "the run in {} has another mode",
                state.display()
            ))),
        },
        (Some(_), false) => Err(ToolError::Usage(format!(
            "{} holds a run: go on with --resume, or give another folder",
            state.display()
        ))),
        (None, _) => {
            let name = random_name();
            std::fs::create_dir_all(state)
                .and_then(|()| std::fs::write(&path, format!("{name} {mode}")))
                .map_err(|source| ToolError::file("write", &path, source))?;
            Ok(name)
        }
    }
}

fn read_name(path: &Path) -> Result<Option<String>, ToolError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ToolError::file("read", path, source)),
    }
}

fn random_name() -> String {
    format!("{:08x}", rand::random::<u32>())
}
