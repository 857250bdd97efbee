//! What a process has taken of the machine so far: processor time, by thread too, and resident memory. From the kernel only.
//!
//! Processor time is user and system of the whole process, ended threads and io_uring's workers included.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::time::Duration;

use nix::errno::Errno;
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// Ticks a second of the times in `/proc/PID/stat`: the kernel's USER_HZ.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a process has taken until now.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessReading {
    /// User and system time, in nanoseconds' precision (the process's own clock).
    pub cpu: Duration,
    /// Of it in user mode, in seconds, to 10 ms.
    pub user_s: f64,
    /// Of it in the kernel, in seconds, to 10 ms.
    pub system_s: f64,
    /// Memory that is resident.
    pub resident_bytes: u64,
    /// Seconds of its living threads by name; threads of one name are one. Empty where the kernel does not tell.
    pub threads_cpu_s: BTreeMap<String, f64>,
}

/// A process could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadProcessError {
    /// Its clock cannot be read: most likely it has ended.
    #[error("the clock of process {pid}: {source}")]
    Clock {
        /// The process.
        pid: u32,
        /// Why not.
        source: Errno,
    },
    /// A file of it cannot be read.
    #[error("/proc/{pid}/{file}: {source}")]
    Unreadable {
        /// The process.
        pid: u32,
        /// The file.
        file: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// A file of it has another form than expected.
    #[error("/proc/{pid}/{file} has an unknown form")]
    Form {
        /// The process.
        pid: u32,
        /// The file.
        file: &'static str,
    },
}

impl ProcessReading {
    /// Reads a process.
    ///
    /// # Errors
    /// It has ended, or the kernel hides it.
    pub fn take(pid: u32) -> Result<Self, ReadProcessError> {
        let (user_s, system_s) = user_and_system_s(pid)?;
        Ok(Self {
            cpu: cpu(pid)?,
            user_s,
            system_s,
            resident_bytes: resident_bytes(pid)?,
            threads_cpu_s: threads_cpu_s(pid),
        })
    }
}

/// User and system time that a process has taken.
///
/// # Errors
/// It has ended.
pub fn cpu(pid: u32) -> Result<Duration, ReadProcessError> {
    let wrap = |source| ReadProcessError::Clock { pid, source };
    let process = i32::try_from(pid).map_err(|_| wrap(Errno::ESRCH))?;
    let clock = clock_getcpuclockid(Pid::from_raw(process)).map_err(wrap)?;
    Ok(Duration::from(clock_gettime(clock).map_err(wrap)?))
}

/// Memory of a process that is resident.
///
/// # Errors
/// It has ended.
pub fn resident_bytes(pid: u32) -> Result<u64, ReadProcessError> {
    let file = "status";
    let status = read(pid, file)?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|value| value.trim().strip_suffix("kB"))
        .and_then(|value| value.trim().parse::<u64>().ok());
    kib.map(|kib| kib * 1024)
        .ok_or(ReadProcessError::Form { pid, file })
}

fn user_and_system_s(pid: u32) -> Result<(f64, f64), ReadProcessError> {
    let file = "stat";
    let stat = read(pid, file)?;
    ticks(&stat).ok_or(ReadProcessError::Form { pid, file })
}

/// Fields 14 and 15, counted after the name's parenthesis: the name may hold anything.
fn ticks(stat: &str) -> Option<(f64, f64)> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut seconds = || Some(fields.next()?.parse::<f64>().ok()? / TICKS_PER_SECOND);
    Some((seconds()?, seconds()?))
}

fn threads_cpu_s(pid: u32) -> BTreeMap<String, f64> {
    let mut by_name = BTreeMap::new();
    let tasks = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten();
    for task in tasks.flatten() {
        // A thread may end between two reads.
        let read = |file: &str| fs::read_to_string(task.path().join(file)).ok();
        if let (Some(name), Some(times)) = (read("comm"), read("schedstat"))
            && let Some(cpu_ns) = times
                .split(' ')
                .next()
                .and_then(|ns| ns.parse::<f64>().ok())
        {
            *by_name.entry(name.trim_end().to_owned()).or_default() += cpu_ns / 1e9;
        }
    }
    by_name
}

fn read(pid: u32, file: &'static str) -> Result<String, ReadProcessError> {
    fs::read_to_string(format!("/proc/{pid}/{file}"))
        .map_err(|source| ReadProcessError::Unreadable { pid, file, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_found_behind_a_strange_name() {
        let stat = "7 (a) b (c) R 1 2 3 4 5 6 7 8 9 10 250 31 0 0 20";
        assert_eq!(ticks(stat), Some((2.5, 0.31)));
        assert_eq!(ticks("7 (a) R 1"), None);
    }

    #[test]
    fn the_clock_agrees_with_the_ticks() {
        let pid = std::process::id();
        let begin = cpu(pid).unwrap();
        let mut digest = 1_u64;
        while cpu(pid).unwrap() - begin < Duration::from_millis(200) {
            digest = std::hint::black_box(digest.wrapping_mul(31));
        }
        let reading = ProcessReading::take(pid).unwrap();
        let ticks_s = reading.user_s + reading.system_s;
        let after_s = cpu(pid).unwrap().as_secs_f64();
        assert!(ticks_s >= 0.15, "{ticks_s}");
        assert!(ticks_s <= after_s + 0.03, "{ticks_s} {after_s}");
        assert!(reading.resident_bytes > 100_000);
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        let reading = ProcessReading::take(u32::MAX);
        assert!(reading.is_err(), "{reading:?}");
    }
}
