//! The process's limit of open files, which bounds the table of sockets of each ring.

/// Raises the limit to the most that the process may have; tells what it is then. Shells commonly start at 1,024 and allow
/// far more. Where the kernel refuses, the limit stays.
pub fn raise_open_files() -> u64 {
    let limit = limit();
    if limit.rlim_cur < limit.rlim_max {
        let raised = libc::rlimit {
            rlim_cur: limit.rlim_max,
            ..limit
        };
        // SAFETY: reads one rlimit of ours.
        unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const raised) };
    }
    open_files_max()
}

/// The limit.
pub(crate) fn open_files_max() -> u64 {
    limit().rlim_cur
}

fn limit() -> libc::rlimit {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: writes one rlimit to a local.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    limit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_becomes_the_most_allowed() {
        assert_eq!(raise_open_files(), limit().rlim_max);
    }
}
