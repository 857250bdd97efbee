//! `probe`: can this kernel and this container run the reactor? Answers with what is supported, or with an error whose
//! text names the setting that an operator has to change. Leaves nothing behind.

use std::fs;
use std::io;

use io_uring::{IoUring, Probe, opcode, squeue, types};

use crate::ring;

/// Optional abilities of the running kernel; the required ones are there when `probe` succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KernelSupport {
    /// `connect` works: socket options can be set on direct descriptors (Linux 6.7).
    pub connect: bool,
    /// `connect` can choose the local address (Linux 6.11).
    pub bind: bool,
}

/// Why the kernel refused; the text names the remedy.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The sysctl forbids io_uring.
    #[error(
        "io_uring is disabled: sysctl kernel.io_uring_disabled is {value}; set it to 0 (or, if it is 1, run in the group \
         of kernel.io_uring_group)"
    )]
    Disabled {
        /// 1: only for a group. 2: for all.
        value: u32,
    },
    /// Something above the kernel forbids io_uring.
    #[error(
        "io_uring is forbidden ({error}): the container's seccomp profile or a security module blocks io_uring_setup, \
         io_uring_enter or io_uring_register; allow them (for Docker a seccomp profile that lists them)"
    )]
    Forbidden {
        /// What the kernel said.
        error: io::Error,
    },
    /// The kernel lacks io_uring or the setup flags.
    #[error(
        "the kernel ({release}) is too old: io_uring with DEFER_TASKRUN needs Linux 6.1 or later; if it is newer, the \
         container's seccomp profile hides io_uring"
    )]
    KernelTooOld {
        /// The running kernel.
        release: String,
    },
    /// The kernel lacks an operation.
    #[error(
        "the kernel ({release}) does not support the io_uring operation {operation}; Linux 6.1 or later is needed"
    )]
    MissingOperation {
        /// The running kernel.
        release: String,
        /// Its name in the kernel's header.
        operation: &'static str,
    },
    /// No memory for the ring.
    #[error(
        "no memory for an io_uring: raise RLIMIT_MEMLOCK (`ulimit -l`) or the container's memory limit"
    )]
    MemoryLimit,
    /// No descriptor for the ring.
    #[error(
        "no descriptor for an io_uring: raise RLIMIT_NOFILE (`ulimit -n`) or the system's fs.file-max"
    )]
    OpenFilesLimit,
    /// Anything else.
    #[error("io_uring could not be set up: {0}")]
    Other(io::Error),
}

const REQUIRED: [(u8, &str); 9] = [
    (opcode::Accept::CODE, "IORING_OP_ACCEPT"),
    (opcode::AsyncCancel::CODE, "IORING_OP_ASYNC_CANCEL"),
    (opcode::Close::CODE, "IORING_OP_CLOSE"),
    (opcode::Connect::CODE, "IORING_OP_CONNECT"),
    (opcode::PollAdd::CODE, "IORING_OP_POLL_ADD"),
    (opcode::Read::CODE, "IORING_OP_READ"),
    (opcode::Recv::CODE, "IORING_OP_RECV"),
    (opcode::Send::CODE, "IORING_OP_SEND"),
    (opcode::Shutdown::CODE, "IORING_OP_SHUTDOWN"),
];

/// Sets up a small ring with the reactor's flags, looks for each operation, and tears it down.
pub fn probe() -> Result<KernelSupport, ProbeError> {
    let mut io = ring::builder()
        .build(8)
        .map_err(|error| explain_setup(error, sysctl_disabled()))?;
    let mut operations = Probe::new();
    io.submitter()
        .register_probe(&mut operations)
        .map_err(ProbeError::Other)?;
    for (code, operation) in REQUIRED {
        if !operations.is_supported(code) {
            return Err(ProbeError::MissingOperation {
                release: kernel_release(),
                operation,
            });
        }
    }
    let sockets = operations.is_supported(opcode::Socket::CODE);
    let connect = sockets && sets_options_on_direct_sockets(&mut io).map_err(ProbeError::Other)?;
    Ok(KernelSupport {
        connect,
        bind: connect && operations.is_supported(opcode::Bind::CODE),
    })
}

/// Explains an error of io_uring_setup with the value of kernel.io_uring_disabled, where that could be read.
pub(crate) fn explain_setup(error: io::Error, disabled: Option<u32>) -> ProbeError {
    match (error.raw_os_error(), disabled) {
        (Some(libc::EPERM | libc::EACCES), Some(value @ 1..)) => ProbeError::Disabled { value },
        (Some(libc::EPERM | libc::EACCES), _) => ProbeError::Forbidden { error },
        (Some(libc::ENOSYS | libc::EINVAL), _) => ProbeError::KernelTooOld {
            release: kernel_release(),
        },
        (Some(libc::ENOMEM), _) => ProbeError::MemoryLimit,
        (Some(libc::EMFILE | libc::ENFILE), _) => ProbeError::OpenFilesLimit,
        _ => ProbeError::Other(error),
    }
}

pub(crate) fn sysctl_disabled() -> Option<u32> {
    fs::read_to_string("/proc/sys/kernel/io_uring_disabled")
        .ok()?
        .trim()
        .parse()
        .ok()
}

fn kernel_release() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    if release.trim().is_empty() {
        "unknown release".to_owned()
    } else {
        release.trim().to_owned()
    }
}

/// The operation code exists long before sockets understand the command, so only trying it tells.
fn sets_options_on_direct_sockets(io: &mut IoUring) -> io::Result<bool> {
    static ENABLED: i32 = 1;
    let slot =
        types::DestinationSlot::try_from_slot_target(0).map_err(|_| io::ErrorKind::InvalidInput)?;
    io.submitter().register_files_sparse(1)?;
    let socket = opcode::Socket::new(libc::AF_INET, libc::SOCK_STREAM, 0)
        .file_index(Some(slot))
        .build();
    let option = opcode::SetSockOpt::new(
        types::Fixed(0),
        libc::IPPROTO_TCP as u32,
        libc::TCP_NODELAY as u32,
        (&raw const ENABLED).cast(),
        size_of::<i32>() as u32,
    );
    let entries = [socket.flags(squeue::Flags::IO_LINK), option.build()];
    // SAFETY: the only memory named is a static.
    unsafe { io.submission().push_multiple(&entries) }.map_err(|_| io::ErrorKind::OutOfMemory)?;
    io.submit_and_wait(entries.len())?;
    Ok(io.completion().all(|entry| entry.result() >= 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(errno: i32, disabled: Option<u32>) -> String {
        explain_setup(io::Error::from_raw_os_error(errno), disabled).to_string()
    }

    #[test]
    fn errors_name_the_setting() {
        assert!(explained(libc::EPERM, Some(2)).contains("kernel.io_uring_disabled is 2"));
        assert!(explained(libc::EPERM, Some(0)).contains("seccomp"));
        assert!(explained(libc::EPERM, None).contains("seccomp"));
        assert!(explained(libc::EINVAL, Some(0)).contains("Linux 6.1"));
        assert!(explained(libc::ENOSYS, None).contains("too old"));
        assert!(explained(libc::ENOMEM, Some(0)).contains("RLIMIT_MEMLOCK"));
        assert!(explained(libc::EMFILE, Some(0)).contains("RLIMIT_NOFILE"));
    }

    #[test]
    fn a_supported_kernel_passes_twice() {
        assert_eq!(probe().expect("io_uring"), probe().expect("io_uring"));
    }
}
