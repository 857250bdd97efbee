//! `ringpost`: starts a node from its configuration and runs it until it is told to stop.

mod configuration;
mod core_loop;
mod core_thread;
mod error;
mod flushing;
mod http;
mod log;
mod mailbox;
mod node;
mod secret;
mod store;
mod view;
mod waiting;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use configuration::{Arguments, Settings};
use node::Node;

/// Time between two looks at the store and the cores' threads while nothing is signalled.
const WATCH_INTERVAL: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let settings = match configuration::load(&arguments, environment) {
        Ok(settings) => settings,
        Err(error) => return fail(&error),
    };
    if arguments.check {
        return print(&settings);
    }
    log::start(&settings.log);
    match run(&settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error.as_ref()),
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("ringpost: {error}");
    ExitCode::FAILURE
}

fn print(settings: &Settings) -> ExitCode {
    match toml::to_string_pretty(settings) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}

fn run(settings: &Settings) -> Result<(), Box<dyn std::error::Error>> {
    // Before any thread: a signal that comes early is kept.
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    let mut is_stop_asked = || signals.pending().next().is_some();
    let Some(node) = Node::start(settings, &mut is_stop_asked)? else {
        return Ok(());
    };
    let (native, http) = (node.native_address(), node.http_address());
    let data = settings.data_dir.display();
    match node.not_ready() {
        None => tracing::info!(%native, %http, %data, "the node takes messages"),
        Some(reason) => {
            tracing::info!(%native, %http, %data, %reason, "the node listens and waits for its store");
        }
    }
    if let Some(failure) = wait(&mut signals, &node) {
        tracing::error!(%failure, "the node cannot run on");
    }
    tracing::info!("the node is stopping");
    node.stop()?;
    tracing::info!("the node has stopped; what was answered is stored");
    Ok(())
}

/// Waits for a signal, or for a failure, which it answers.
fn wait(signals: &mut Signals, node: &Node) -> Option<String> {
    loop {
        if signals.pending().next().is_some() {
            return None;
        }
        if let Some(failure) = node.watch() {
            return Some(failure);
        }
        std::thread::sleep(WATCH_INTERVAL);
    }
}
