//! The client library's network thread: started once a process, before any database is opened, and stopped at its end.
//!
//! Invariant: the exit handler that stops the thread was registered after the library made what the thread uses, so that it
//! runs before that is taken down.

#![allow(unsafe_code)]

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use foundationdb::FdbError;
use foundationdb::api::{FdbApiBuilder, NetworkAutoStop, NetworkBuilder, get_max_api_version};
use foundationdb::options::NetworkOption;

use crate::error::OpenError;
use crate::limits::API_VERSION;
use crate::options::ClientOptions;

static NETWORK: Mutex<Network> = Mutex::new(Network::New);

enum Network {
    New,
    Running {
        options: ClientOptions,
        _network: NetworkAutoStop,
    },
    Ended {
        reason: String,
    },
}

/// Starts the network thread, unless it runs with the same options.
///
/// # Errors
/// The library is too old, refuses an option, runs with other options, or has ended.
pub fn start(options: &ClientOptions) -> Result<(), OpenError> {
    let mut network = NETWORK.lock().unwrap_or_else(PoisonError::into_inner);
    match &*network {
        Network::New => {}
        Network::Running {
            options: running, ..
        } if running == options => return Ok(()),
        Network::Running { .. } => return Err(OpenError::OtherClientOptions),
        Network::Ended { reason } => {
            let reason = reason.clone();
            return Err(OpenError::ClientEnded { reason });
        }
    }
    let found = get_max_api_version();
    if found < API_VERSION {
        return Err(OpenError::LibraryVersion {
            found,
            wanted: API_VERSION,
        });
    }
    match boot(options) {
        Ok(running) => {
            *network = Network::Running {
                options: options.clone(),
                _network: running,
            };
            Ok(())
        }
        // The library selects its version once a process: there is no second try.
        Err(error) => {
            *network = Network::Ended {
                reason: error.to_string(),
            };
            Err(error)
        }
    }
}

fn boot(options: &ClientOptions) -> Result<NetworkAutoStop, OpenError> {
    let builder = FdbApiBuilder::default()
        .set_runtime_version(API_VERSION)
        .build()
        .map_err(refused("select its version"))?;
    let builder = set_options(builder, options).map_err(refused("take an option"))?;
    if !stop_at_exit() {
        return Err(OpenError::ClientEnded {
            reason: "no exit handler can be registered".to_owned(),
        });
    }
    // SAFETY: what `boot` returns is dropped before the program exits: by `stop`, registered above.
    unsafe { builder.boot() }.map_err(refused("start its network thread"))
}

fn set_options(
    mut builder: NetworkBuilder,
    options: &ClientOptions,
) -> Result<NetworkBuilder, FdbError> {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    // Otherwise a cluster of a version that the library does not know is only silent.
    builder = builder.set_option(NetworkOption::FailIncompatibleClient)?;
    if let Some(folder) = &options.trace_dir {
        builder = builder.set_option(NetworkOption::TraceEnable(text(folder)))?;
    }
    if let Some(library) = &options.library {
        builder = builder.set_option(NetworkOption::ExternalClientLibrary(text(library)))?;
    }
    if options.threads > 1 {
        // At most 64.
        let threads = options.threads as i32;
        builder = builder.set_option(NetworkOption::ClientThreadsPerVersion(threads))?;
    }
    if let Some(faults) = options.faults {
        let places = i32::from(faults.places_percent);
        let fired = i32::from(faults.fired_percent);
        builder = builder
            .set_option(NetworkOption::ClientBuggifyEnable)?
            .set_option(NetworkOption::ClientBuggifySectionActivatedProbability(
                places,
            ))?
            .set_option(NetworkOption::ClientBuggifySectionFiredProbability(fired))?;
    }
    Ok(builder)
}

/// Names what the library could not do.
pub fn refused(action: &'static str) -> impl FnOnce(FdbError) -> OpenError {
    move |error| OpenError::Client {
        action,
        code: error.code(),
        message: error.message().to_owned(),
    }
}

/// Has the thread stopped first of all at the process's exit. To be called again whenever the library has begun to use
/// more of itself: handlers run in the reverse order of their registration. False when the system has no room for it.
pub fn stop_at_exit() -> bool {
    // SAFETY: `stop` is an `extern "C"` function without arguments that lives as long as the program.
    unsafe { libc::atexit(stop) == 0 }
}

/// Stops the client library for good: to be called at the end of a program, when every handle is closed. The exit handlers
/// alone come too late in the first moments: the library may just then make what its thread uses, and take it down before.
pub fn end_client() {
    stop();
}

extern "C" fn stop() {
    let mut network = NETWORK.lock().unwrap_or_else(PoisonError::into_inner);
    let ended = Network::Ended {
        reason: "the process is about to end".to_owned(),
    };
    let running = std::mem::replace(&mut *network, ended);
    if !matches!(running, Network::Running { .. }) {
        return;
    }
    // The library uses variables of the calling thread, and those of the one that exits are gone by now.
    let stopper = std::thread::Builder::new().spawn(move || drop(running));
    let is_stopped = stopper.is_ok_and(|thread| thread.join().is_ok());
    if !is_stopped {
        std::process::abort();
    }
}
