//! The place of work that nobody waits for: flushing and merging. It yields the processor to sessions and commits that share it.
//!
//! Without it, a merge takes as much of a busy core as the sessions do, and under a real-time policy whole slices of 100 ms.

use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

/// Of 0 to 99, where about 50 is a thread's share by default: nice 9.
const SHARE: u8 = 25;

/// Puts the calling thread, and those that it will make, behind the others, whatever policy the process runs under. Where the system
/// refuses, the thread stays where it is: that costs latency, nothing else.
pub(crate) fn step_back() {
    let Ok(share) = ThreadPriorityValue::try_from(SHARE) else {
        return;
    };
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Batch);
    let _ = set_thread_priority_and_policy(
        thread_native_id(),
        ThreadPriority::Crossplatform(share),
        policy,
    );
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread;

    use super::*;

    /// Niceness and policy of the calling thread: fields 19 and 41 of its `stat`, see proc(5).
    fn place() -> (i32, u32) {
        let stat = fs::read_to_string("/proc/thread-self/stat").expect("a thread knows itself");
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .expect("a name")
            .split_whitespace()
            .collect();
        (
            fields[16].parse().expect("a number"),
            fields[38].parse().expect("a number"),
        )
    }

    #[test]
    fn a_thread_and_those_it_makes_step_back_and_no_other() {
        const SCHED_BATCH: u32 = 3;
        let before = place();
        let (own, inherited) = thread::spawn(|| {
            step_back();
            let own = place();
            (
                own,
                thread::spawn(place).join().expect("nothing that panics"),
            )
        })
        .join()
        .expect("nothing that panics");
        assert_eq!(own.1, SCHED_BATCH);
        assert!(own.0 > before.0, "{own:?} after {before:?}");
        assert_eq!(inherited, own);
        assert_eq!(place(), before);
    }
}
