//! `ringpost`: starts a node from its configuration and runs it until it is told to stop.

mod configuration;
mod core_loop;
mod core_thread;
mod door;
mod error;
mod host;
mod http;
mod log;
mod mailbox;
mod node;
mod node_stop;
mod notify;
mod reload;
mod secret;
mod signals;
mod stop_order;
mod store;
mod tokens;
mod view;
mod waiting;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;

use configuration::{Arguments, Settings, Values};
use core_thread::CoreSeat;
use host::Weight;
use node::Node;
use notify::{Notifier, State};
use reload::{Reloader, Source};
use signals::Signals;

/// The C library's allocator keeps what the flusher used for a moment, and is the slower one: docs/decisions/0013-allocator.md. A
/// sanitizer watches the C library's.
#[cfg(not(sanitized))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

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
        return check(&settings);
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

/// Prints the configuration as it would be used, and what the host lacks for it. Fails where the node could not run.
fn check(settings: &Settings) -> ExitCode {
    match toml::to_string_pretty(settings) {
        Ok(text) => print!("{text}"),
        Err(error) => return fail(&error),
    }
    let cores = CoreSeat::assign(settings.cores).len();
    let findings = host::examine(settings, cores);
    for finding in &findings {
        eprintln!("ringpost: {finding}");
    }
    if findings
        .iter()
        .any(|finding| finding.weight == Weight::Fatal)
    {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn run(settings: &Settings, reloader: &Arc<Reloader>) -> Result<(), Box<dyn std::error::Error>> {
    // Before any thread: a signal that comes early is kept.
    let mut signals = Signals::new()?;
    let mut notifier = Notifier::of_process();
    let Some(node) = Node::start(settings, reloader, &mut || signals.is_stop_asked())? else {
        return Ok(());
    };
    let (native, http) = (node.native_address(), node.http_address());
    let tls = node.tls_address().map(|address| address.to_string());
    let data = settings.data_dir.display();
    match node.not_ready() {
        None => tracing::info!(%native, tls, %http, %data, "the node takes messages"),
        Some(reason) => {
            tracing::info!(%native, tls, %http, %data, %reason, "the node listens and waits for its store");
        }
    }
    notifier.tell(State::Ready, "takes messages");
    if let Some(failure) = wait(&mut signals, &node, reloader, &mut notifier) {
        tracing::error!(%failure, "the node cannot run on");
    }
    tracing::info!("the node is stopping");
    notifier.tell(State::Stopping, "sessions are leaving");
    node.stop(&mut || signals.is_stop_asked())?;
    tracing::info!("the node has stopped; what was answered is stored");
    Ok(())
}

/// Waits for the order to stop, or for a failure, which it answers. Reloads when asked to meanwhile.
fn wait(
    signals: &mut Signals,
    node: &Node,
    reloader: &Reloader,
    notifier: &mut Notifier,
) -> Option<String> {
    loop {
        if signals.is_stop_asked() {
            return None;
        }
        if signals.is_reload_asked() {
            notifier.tell(State::Reloading, "reads its configuration");
            let status = match reloader.reload() {
                Ok(report) if report.is_success() => "takes messages",
                _ => "takes messages; the last reload has failed, see the log",
            };
            notifier.tell(State::Ready, status);
        }
        if let Some(failure) = node.watch() {
            return Some(failure);
        }
        if node.is_alive() {
            notifier.tell_alive();
        }
        std::thread::sleep(WATCH_INTERVAL);
    }
}
