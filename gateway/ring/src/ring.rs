//! `Ring`: the submission and completion queues, and the one call that enters the kernel.
//! Counts the operations that the kernel still works on; invariant: at zero the kernel holds none of our memory.

use std::io;
use std::time::Duration;

use io_uring::{IoUring, squeue, types};

use crate::counters::Counters;
use crate::operation::{Completion, Kind, Operation};

const ENTER_GETEVENTS: u32 = 1;
const ENTER_EXT_ARG: u32 = 1 << 3;

/// The setup flags of every ring: one thread submits, and completions are made when it asks for them, which saves the
/// interrupts that otherwise make them.
pub(crate) fn builder() -> io_uring::Builder {
    let mut builder = IoUring::builder();
    builder
        .setup_single_issuer()
        .setup_defer_taskrun()
        .setup_coop_taskrun()
        .setup_taskrun_flag()
        .setup_submit_all()
        .dontfork();
    builder
}

pub(crate) struct Ring {
    io: IoUring,
    operations: u64,
    /// Whether the eventfd is enabled, if one is registered.
    is_signalling: bool,
}

impl Ring {
    pub(crate) fn new(submission_entries: u32, completion_entries: u32) -> io::Result<Self> {
        let io = builder()
            .setup_clamp()
            .setup_cqsize(completion_entries)
            .build(submission_entries)?;
        Ok(Self {
            io,
            operations: 0,
            is_signalling: true,
        })
    }

    pub(crate) fn io(&self) -> &IoUring {
        &self.io
    }

    /// Operations whose last completion has not been seen.
    pub(crate) fn operations(&self) -> u64 {
        self.operations
    }

    /// Whether `entries` submissions can be pushed now. Submits what is queued to make room.
    pub(crate) fn has_room(&mut self, entries: usize, counters: &mut Counters) -> bool {
        if self.free_entries() >= entries {
            return true;
        }
        // An error leaves the queue as it is; the caller tries again in its next turn, whose enter reports it.
        let _ = self.enter(0, None, counters);
        self.free_entries() >= entries
    }

    fn free_entries(&mut self) -> usize {
        let queue = self.io.submission();
        queue.capacity() - queue.len()
    }

    /// Queues a submission; the caller has asked `has_room`.
    ///
    /// # Safety
    ///
    /// Memory that `entry` names must stay valid, and untouched where the kernel writes, until the operation's last
    /// completion was taken from [`Ring::next_completion`] (for addresses of connect and bind: until the entry has
    /// been submitted).
    pub(crate) unsafe fn push(&mut self, entry: squeue::Entry, operation: Operation) {
        let entry = entry.user_data(operation.pack());
        // SAFETY: the caller keeps the entry's memory valid.
        let pushed = unsafe { self.io.submission().push(&entry) };
        assert!(pushed.is_ok(), "has_room was asked first");
        if operation.kind != Kind::Cancel {
            self.operations += 1;
        }
    }

    /// Whether nothing waits to be submitted.
    pub(crate) fn is_submitted(&mut self) -> bool {
        self.io.submission().is_empty()
    }

    /// Whether entering the kernel without waiting would do something.
    #[inline]
    pub(crate) fn has_work(&mut self) -> bool {
        let queue = self.io.submission();
        !queue.is_empty() || queue.taskrun() || queue.cq_overflow()
    }

    /// The kernel does not signal the registered eventfd any more. Only where atomic operations are full barriers:
    /// elsewhere the kernel could read this flag before its own TASKRUN flag is seen, and a signal would be lost.
    #[inline]
    pub(crate) fn disable_signal(&mut self) {
        if cfg!(target_arch = "x86_64") && self.is_signalling {
            self.is_signalling = false;
            self.io.completion().disable_eventfd();
        }
    }

    /// It does again.
    #[inline]
    pub(crate) fn enable_signal(&mut self) {
        if !self.is_signalling {
            self.is_signalling = true;
            self.io.completion().enable_eventfd();
        }
    }

    /// Submits what is queued and waits for `want` completions (0 or 1), at most `timeout`.
    /// A timeout, a signal, or a full completion queue is not an error: the caller takes what is there.
    pub(crate) fn enter(
        &mut self,
        want: usize,
        timeout: Option<Duration>,
        counters: &mut Counters,
    ) -> io::Result<()> {
        let queue = self.io.submission();
        let (queued, overflow) = (queue.len() as u32, queue.cq_overflow());
        if queued == 0 && want == 0 && !queue.taskrun() && !overflow {
            return Ok(());
        }
        drop(queue);
        counters.submissions += 1;
        counters.completion_overflow += u64::from(overflow);
        let timespec = timeout.map(types::Timespec::from);
        let mut arguments = types::SubmitArgs::new();
        if let Some(timespec) = &timespec {
            arguments = arguments.timespec(timespec);
        }
        let flags = ENTER_GETEVENTS | ENTER_EXT_ARG;
        // SAFETY: EXT_ARG takes exactly what SubmitArgs holds; it and the timespec live until the call returns. What
        // the submitted entries name is valid by the contract of `push`.
        let entered = unsafe {
            self.io
                .submitter()
                .enter(queued, want as u32, flags, Some(&arguments))
        };
        match entered {
            Ok(_) => Ok(()),
            Err(error) => match error.raw_os_error() {
                Some(libc::ETIME | libc::EINTR | libc::EBUSY | libc::EAGAIN) => Ok(()),
                _ => Err(error),
            },
        }
    }

    /// Completions that can be taken without entering the kernel.
    pub(crate) fn completions_ready(&mut self) -> usize {
        self.io.completion().len()
    }

    /// Takes the oldest completion.
    pub(crate) fn next_completion(&mut self) -> Option<Completion> {
        let entry = self.io.completion().next()?;
        let completion = Completion {
            user_data: entry.user_data(),
            result: entry.result(),
            flags: entry.flags(),
        };
        let is_cancel =
            Operation::unpack(completion.user_data).is_some_and(|o| o.kind == Kind::Cancel);
        if !is_cancel && !completion.has_more() {
            assert!(self.operations > 0, "more completions than operations");
            self.operations -= 1;
        }
        Some(completion)
    }

    /// Completions that the kernel had no memory to keep; more than zero means that the ring's state is lost.
    pub(crate) fn completions_lost(&mut self) -> u32 {
        self.io.completion().overflow()
    }
}
