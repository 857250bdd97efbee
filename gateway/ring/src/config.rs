//! `ReactorConfig`: sizes of a reactor, with their defaults and their check; `StartError`: why one could not be made.

use std::io;
use std::time::Duration;

use crate::limits;
use crate::probe::ProbeError;

/// Sizes and limits of one reactor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactorConfig {
    /// Sockets at most, 1 to 2^20. Each listener holds up to 16 slots for its accepts in flight. They do not count as
    /// open files; each ring that the table takes does.
    pub slots: u32,
    /// Sockets of one ring's file table at most, 1 to 2^20; none: as many as the kernel allows, which is the process's
    /// limit of open files. Further rings are opened when those before are full.
    pub ring_slots: Option<u32>,
    /// Entries of the submission queue, at least 16; the kernel rounds up to a power of two.
    pub submission_entries: u32,
    /// Receive buffers shared by all sockets; a power of two, at most 2^15.
    pub receive_buffers: u16,
    /// Bytes of one receive buffer, at least 1.
    pub receive_buffer_bytes: u32,
    /// Bytes queued for one socket at most, those in flight too; at most 16 MiB.
    pub queued_bytes_max: usize,
    /// Send memory of all sockets together at most, in bytes.
    pub send_bytes_max: usize,
    /// Send memory kept for reuse while no socket needs it, in bytes.
    pub send_idle_bytes_max: usize,
    /// A socket from which nothing came for one to two of these waits in the kernel's cheaper way.
    pub idle_after: Duration,
    /// How long a flushed and shut down socket waits for the peer's end before it is released.
    pub linger: Duration,
}

impl Default for ReactorConfig {
    fn default() -> Self {
        Self {
            slots: 16_384,
            ring_slots: None,
            submission_entries: 1024,
            receive_buffers: 256,
            receive_buffer_bytes: 8 * 1024,
            queued_bytes_max: 256 * 1024,
            send_bytes_max: 256 << 20,
            send_idle_bytes_max: 16 << 20,
            idle_after: Duration::from_secs(15),
            linger: Duration::from_secs(5),
        }
    }
}

impl ReactorConfig {
    /// Names the first wrong field.
    pub(crate) fn check(&self) -> Result<(), StartError> {
        let wrong = |field, allowed| Err(StartError::Config { field, allowed });
        if self.slots == 0 || self.slots > limits::SLOTS_MAX {
            return wrong("slots", "1 to 1048576");
        }
        if self
            .ring_slots
            .is_some_and(|slots| slots == 0 || slots > limits::SLOTS_MAX)
        {
            return wrong("ring_slots", "1 to 1048576");
        }
        if self.submission_entries < limits::SUBMISSION_ENTRIES_MIN
            || self.submission_entries > 32_768
        {
            return wrong("submission_entries", "16 to 32768");
        }
        if !self.receive_buffers.is_power_of_two()
            || self.receive_buffers > limits::RECEIVE_BUFFERS_MAX
        {
            return wrong("receive_buffers", "a power of two up to 32768");
        }
        if self.receive_buffer_bytes == 0 || self.receive_buffer_bytes > 1 << 24 {
            return wrong("receive_buffer_bytes", "1 to 16777216");
        }
        if self.queued_bytes_max == 0 || self.queued_bytes_max > limits::SEND_BUFFER_BYTES_MAX {
            return wrong("queued_bytes_max", "1 to 16777216");
        }
        if self.idle_after < Duration::from_millis(1) {
            return wrong("idle_after", "1 ms or more");
        }
        Ok(())
    }
}

/// Why a reactor could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A value of the configuration is outside what is possible.
    #[error("reactor: {field} must be {allowed}")]
    Config {
        /// The field of [`ReactorConfig`].
        field: &'static str,
        /// What it may be.
        allowed: &'static str,
    },
    /// The kernel refused the ring.
    #[error(transparent)]
    Ring(#[from] ProbeError),
    /// The kernel refused the table of direct descriptors.
    #[error(
        "a table of {slots} sockets was refused: {error}; the limit of open files (RLIMIT_NOFILE, `ulimit -n`) is \
         {open_files_max}: raise it or lower the number of slots"
    )]
    FileTable {
        /// What was asked for.
        slots: u32,
        /// The process's limit.
        open_files_max: u64,
        /// What the kernel said.
        error: io::Error,
    },
    /// The table takes more rings than the process may open.
    #[error(
        "a table of {slots} sockets takes {rings} rings, each with an open file: too many for the limit of open files \
         (RLIMIT_NOFILE, `ulimit -n`), which is {open_files_max}: raise it or lower the number of slots"
    )]
    Rings {
        /// What was asked for.
        slots: u32,
        /// Rings that this takes.
        rings: u32,
        /// The process's limit, which also bounds the sockets of one ring.
        open_files_max: u64,
    },
    /// The receive buffers could not be mapped or registered.
    #[error(
        "receive buffers were refused: {0}; check RLIMIT_MEMLOCK (`ulimit -l`) and free memory"
    )]
    ReceiveBuffers(io::Error),
    /// The waker's event descriptor could not be made.
    #[error("an event descriptor was refused: {0}; check RLIMIT_NOFILE (`ulimit -n`)")]
    Waker(io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wrong_field_is_named() {
        assert!(ReactorConfig::default().check().is_ok());
        let cases = [
            (
                ReactorConfig {
                    slots: 0,
                    ..Default::default()
                },
                "slots",
            ),
            (
                ReactorConfig {
                    ring_slots: Some(0),
                    ..Default::default()
                },
                "ring_slots",
            ),
            (
                ReactorConfig {
                    submission_entries: 4,
                    ..Default::default()
                },
                "submission_entries",
            ),
            (
                ReactorConfig {
                    receive_buffers: 100,
                    ..Default::default()
                },
                "receive_buffers",
            ),
            (
                ReactorConfig {
                    receive_buffer_bytes: 0,
                    ..Default::default()
                },
                "receive_buffer_bytes",
            ),
            (
                ReactorConfig {
                    queued_bytes_max: usize::MAX,
                    ..Default::default()
                },
                "queued_bytes_max",
            ),
            (
                ReactorConfig {
                    idle_after: Duration::ZERO,
                    ..Default::default()
                },
                "idle_after",
            ),
        ];
        for (config, field) in cases {
            let error = config.check().expect_err("out of range").to_string();
            assert!(error.contains(field), "{error}");
        }
    }
}
