//! `serve`: the process that is measured. Binds itself to its core, tells its address on standard output, and ends with
//! the driver, whatever ended that.

use std::io::{self, Write};
use std::net::SocketAddr;

use core_affinity::CoreId;
use nix::sys::{prctl, signal::Signal};
use nix::unistd::getppid;

use super::Kind;
use super::{epoll, on_glommio, on_monoio, on_tokio, ring, single};
use crate::arguments::ServeArguments;

/// The server could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The thread cannot be bound to the core.
    #[error("cannot be bound to core {0}")]
    Core(usize),
    /// The kernel does not end it with the driver.
    #[error("would not end with the driver: {0}")]
    Driver(nix::Error),
    /// The driver has ended already.
    #[error("the driver has ended")]
    NoDriver,
    /// The server itself.
    #[error(transparent)]
    Socket(#[from] io::Error),
}

/// Serves until it is killed.
pub(crate) fn serve(arguments: &ServeArguments) -> Result<(), ServeError> {
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(ServeError::Driver)?;
    // It may have ended before the line above.
    if u32::try_from(getppid().as_raw()) != Ok(arguments.driver) {
        return Err(ServeError::NoDriver);
    }
    if !core_affinity::set_for_current(CoreId { id: arguments.core }) {
        return Err(ServeError::Core(arguments.core));
    }
    match arguments.kind {
        Kind::Blocking => single::serve(announce)?,
        Kind::Epoll => epoll::serve(announce)?,
        Kind::Ring => ring::serve(announce)?,
        Kind::Monoio => on_monoio::serve(on_monoio::Taskrun::AsItComes, announce)?,
        Kind::MonoioDefer => on_monoio::serve(on_monoio::Taskrun::Deferred, announce)?,
        Kind::Glommio => on_glommio::serve(arguments.core, announce)?,
        Kind::Tokio => on_tokio::serve(announce)?,
    }
    Ok(())
}

fn announce(address: SocketAddr) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "{address}")?;
    out.flush()
}
