//! The place of work that nobody waits for: flushing and merging. It yields the processor to sessions and commits that share it.
//!
//! Without it, a merge takes as much of a busy core as the sessions do, and under a real-time policy whole slices of 100 ms.

use std::fs;

use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

/// Of 0 to 99, where about 50 is a thread's share by default: nice 9.
const SHARE: u8 = 25;
const NICENESS: i64 = 9;
/// SCHED_FIFO, SCHED_RR and SCHED_DEADLINE.
const REAL_TIME: [i64; 3] = [1, 2, 6];

/// Puts the calling thread, and those that it will make, behind the others, whatever policy the process runs under. Where the system
/// refuses, the thread stays where it is: that costs latency, nothing else.
pub(crate) fn step_back() {
    let is_behind = |(niceness, policy)| niceness >= NICENESS && !REAL_TIME.contains(&policy);
    let Ok(share) = ThreadPriorityValue::try_from(SHARE) else {
        return;
    };
    if place().is_some_and(is_behind) {
        return;
    }
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Batch);
    let _ = set_thread_priority_and_policy(
        thread_native_id(),
        ThreadPriority::Crossplatform(share),
        policy,
    );
}

/// Niceness and policy of the calling thread: fields 19 and 41 of its `stat`, see proc(5).
fn place() -> Option<(i64, i64)> {
    let stat = fs::read_to_string("/proc/thread-self/stat").ok()?;
    // The name, in brackets, is the second field and may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let field = |number: usize| rest.split_whitespace().nth(number - 3)?.parse().ok();
    Some((field(19)?, field(41)?))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_thread_and_those_it_makes_step_back_and_no_other() {
        let here = || place().expect("a thread knows itself");
        let before = here();
        let both = thread::spawn(move || {
            step_back();
            (here(), thread::spawn(here).join())
        });
        let (own, inherited) = both.join().expect("nothing that panics");
        assert_eq!(inherited.expect("nothing that panics"), own);
        assert_eq!(own.0, before.0.max(NICENESS));
        assert!(!REAL_TIME.contains(&own.1), "{own:?}");
        assert_eq!(here(), before);
    }
}
