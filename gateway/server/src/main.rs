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
mod reload;
mod secret;
mod signals;
mod store;
mod view;
mod waiting;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;

use configuration::{Arguments, Settings, Values};
use node::Node;
use reload::{Reloader, Source};
use signals::Signals;

/// The C library's allocator keeps what the flusher used for a moment, and is the slower one: docs/decisions/0013-allocator.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Time between two looks at the store and the cores' threads while nothing is signalled.
const WATCH_INTERVAL: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let is_check = arguments.check;
    let source = Source::of_process(arguments);
    let settings = match source.read(&Values::new()) {
        Ok(settings) => settings,
        Err(error) => return fail(&error),
    };
    if is_check {
        return print(&settings);
    }
    let reloader = Arc::new(Reloader::new(source, &settings));
    if let Some(level) = log::start(&settings.log) {
        reloader.add(level);
    }
    let ran = run(&settings, &reloader);
    store::end();
    match ran {
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

fn run(settings: &Settings, reloader: &Arc<Reloader>) -> Result<(), Box<dyn std::error::Error>> {
    // Before any thread: a signal that comes early is kept.
    let mut signals = Signals::new()?;
    let Some(node) = Node::start(settings, reloader, &mut || signals.is_stop_asked())? else {
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
    if let Some(failure) = wait(&mut signals, &node, reloader) {
        tracing::error!(%failure, "the node cannot run on");
    }
    tracing::info!("the node is stopping");
    node.stop()?;
    tracing::info!("the node has stopped; what was answered is stored");
    Ok(())
}

/// Waits for the order to stop, or for a failure, which it answers. Reloads when asked to meanwhile.
fn wait(signals: &mut Signals, node: &Node, reloader: &Reloader) -> Option<String> {
    loop {
        if signals.is_stop_asked() {
            return None;
        }
        if signals.is_reload_asked() {
            // What came of it is in the log; there is nobody to answer.
            let _ = reloader.reload();
        }
        if let Some(failure) = node.watch() {
            return Some(failure);
        }
        std::thread::sleep(WATCH_INTERVAL);
    }
}
