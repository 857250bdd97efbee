//! A node watched from a thread of its own: one sample each interval until stopped, in memory that is bounded.
//!
//! When the memory is full every second sample is dropped and the interval doubles: a long run is kept whole, coarser.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::handle::NodeHandle;
use super::metrics::Metrics;
use super::process::{cpu, resident_bytes};

/// Samples kept; at one a second the interval first doubles after four and a half hours.
const SAMPLES_MAX: usize = 16_384;
/// A node that does not answer for so long is missed this time.
const METRICS_TIMEOUT: Duration = Duration::from_secs(5);

/// A node at one moment. Counters run from the node's start.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sample {
    /// Seconds since the sampler was started.
    pub at_s: f64,
    /// User and system time, in seconds.
    pub cpu_s: f64,
    /// Resident memory.
    pub resident_bytes: u64,
    /// Syncs of the commit log.
    pub syncs: u64,
    /// Commit records not yet in the tables.
    pub flush_backlog_bytes: u64,
    /// Sessions of every state.
    pub sessions: u64,
    /// Messages made durable.
    pub stored: u64,
    /// Messages written to sessions as they came.
    pub delivered: u64,
    /// Bytes received from clients.
    pub received_bytes: u64,
    /// Bytes sent to clients.
    pub sent_bytes: u64,
}

/// All samples of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Samples {
    /// In order of time.
    pub samples: Vec<Sample>,
    /// How many more were due, but the node did not answer.
    pub missed: u64,
}

/// The watching thread. Dropping it ends it.
pub struct Sampler {
    shared: Arc<Mutex<Samples>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sampler {
    /// Watches `node`, each `interval` from now on; the first sample is taken at once.
    pub fn start(node: NodeHandle, interval: Duration) -> Self {
        let begin = Instant::now();
        Self::start_with(interval, move || {
            Sample::take(&node, begin.elapsed().as_secs_f64())
        })
    }

    fn start_with(interval: Duration, take: impl Fn() -> Option<Sample> + Send + 'static) -> Self {
        let shared = Arc::new(Mutex::new(Samples::default()));
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn({
            let shared = shared.clone();
            move || {
                let (mut interval, mut due) = (interval, Instant::now());
                loop {
                    let sample = take();
                    let mut samples = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    if samples.add(sample) {
                        interval *= 2;
                    }
                    drop(samples);
                    due = (due + interval).max(Instant::now());
                    let wait = due.saturating_duration_since(Instant::now());
                    if stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                }
            }
        });
        Self {
            shared,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// The latest sample.
    pub fn latest(&self) -> Option<Sample> {
        let samples = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        samples.samples.last().cloned()
    }

    /// Stops watching; waits for a sample that is just being taken. All samples.
    pub fn stop(mut self) -> Samples {
        self.end();
        let mut samples = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *samples)
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there costs samples, nothing else.
            let _ = thread.join();
        }
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.end();
    }
}

impl Samples {
    /// Adds a sample or a miss. Answers whether the samples were thinned.
    fn add(&mut self, sample: Option<Sample>) -> bool {
        match sample {
            Some(sample) => self.samples.push(sample),
            None => self.missed += 1,
        }
        let is_full = self.samples.len() == SAMPLES_MAX;
        if is_full {
            let mut index = 0;
            self.samples.retain(|_| {
                index += 1;
                index % 2 == 1
            });
        }
        is_full
    }
}

impl Sample {
    fn take(node: &NodeHandle, at_s: f64) -> Option<Self> {
        let cpu = cpu(node.pid).ok()?;
        let resident_bytes = resident_bytes(node.pid).ok()?;
        let metrics = Metrics::fetch(node.http, METRICS_TIMEOUT).ok()?;
        let count = |name: &str| metrics.sum(name) as u64;
        Some(Self {
            at_s,
            cpu_s: cpu.as_secs_f64(),
            resident_bytes,
            syncs: count("ringpost_store_sync_seconds_count"),
            flush_backlog_bytes: count("ringpost_store_flush_backlog_bytes"),
            sessions: count("ringpost_sessions"),
            stored: count("ringpost_messages_stored_total"),
            delivered: count("ringpost_messages_delivered_total"),
            received_bytes: count("ringpost_received_bytes_total"),
            sent_bytes: count("ringpost_sent_bytes_total"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at_s: f64) -> Sample {
        Sample {
            at_s,
            cpu_s: 0.0,
            resident_bytes: 0,
            syncs: 0,
            flush_backlog_bytes: 0,
            sessions: 0,
            stored: 0,
            delivered: 0,
            received_bytes: 0,
            sent_bytes: 0,
        }
    }

    #[test]
    fn a_full_memory_is_thinned_from_the_first_on() {
        let mut samples = Samples::default();
        for index in 0..SAMPLES_MAX - 1 {
            assert!(!samples.add(Some(sample(index as f64))));
        }
        assert!(samples.add(Some(sample((SAMPLES_MAX - 1) as f64))));
        assert_eq!(samples.samples.len(), SAMPLES_MAX / 2);
        assert_eq!(samples.samples[0].at_s, 0.0);
        assert_eq!(samples.samples[1].at_s, 2.0);
        assert!(!samples.add(None));
        assert_eq!(samples.missed, 1);
    }

    #[test]
    fn samples_come_until_it_is_stopped() {
        let (tell, told) = mpsc::channel();
        let sampler = Sampler::start_with(Duration::from_millis(1), move || {
            // The test may have heard enough.
            let _ = tell.send(());
            Some(sample(0.0))
        });
        for _ in 0..3 {
            told.recv().unwrap();
        }
        assert!(sampler.latest().is_some());
        let samples = sampler.stop();
        assert!(samples.samples.len() >= 3);
        assert_eq!(told.iter().count() + 3, samples.samples.len());
    }
}
