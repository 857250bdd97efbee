//! Whether the kernel's clock follows another, as whoever steers it (chrony, systemd-timesyncd) has told the kernel.

/// Whether it does; `None` where the process may not ask.
pub fn is_clock_synchronised() -> Option<bool> {
    // SAFETY: a timex of zeros is a valid value of it.
    let mut status: libc::timex = unsafe { core::mem::zeroed() };
    // SAFETY: with no mode set it only writes one timex to a local.
    let state = unsafe { libc::adjtimex(&raw mut status) };
    (state >= 0).then_some(status.status & libc::STA_UNSYNC == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asking_twice_gives_one_answer() {
        assert_eq!(is_clock_synchronised(), is_clock_synchronised());
    }
}
