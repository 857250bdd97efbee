//! The thread that owns a database: takes jobs from a bounded queue, one after the other, until the last handle is gone.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use super::engine::Engine;
use super::engine_error::DatabaseError;
use super::limits::JOBS_MAX;

type Job = Box<dyn FnOnce(&mut Engine) + Send>;

/// The way to the thread. Dropped, it waits until the thread has closed the database.
pub(super) struct Thread {
    pub(super) path: PathBuf,
    jobs: Option<mpsc::Sender<Job>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// A client uses the database as its storage.
    is_taken: AtomicBool,
}

impl Thread {
    /// Starts the thread and opens the database on it.
    pub(super) fn start(
        path: &Path,
        open: impl FnOnce() -> Result<Engine, DatabaseError> + Send + 'static,
    ) -> Result<Self, DatabaseError> {
        let (jobs, receiver) = mpsc::channel(JOBS_MAX);
        let (opened, answer) = std::sync::mpsc::sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("ringpost-database".to_owned())
            .spawn(move || match open() {
                Ok(engine) => {
                    // The caller waits for this answer.
                    drop(opened.send(Ok(())));
                    run(engine, receiver);
                }
                Err(error) => drop(opened.send(Err(error))),
            })
            .map_err(|error| DatabaseError::system(path, &error))?;
        answer.recv().map_err(|_| DatabaseError::Closed)??;
        Ok(Self {
            path: path.to_owned(),
            jobs: Some(jobs),
            thread: Mutex::new(Some(thread)),
            is_taken: AtomicBool::new(false),
        })
    }

    /// Runs `work` on the thread and waits for its answer.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Engine) -> Result<T, DatabaseError> + Send + 'static,
    ) -> Result<T, DatabaseError> {
        let (job, answer) = job(work);
        let jobs = self.jobs.as_ref().ok_or(DatabaseError::Closed)?;
        jobs.send(job).await.map_err(|_| DatabaseError::Closed)?;
        answer.await.map_err(|_| DatabaseError::Closed)?
    }

    /// Like `ask`, for a thread that may block.
    pub(super) fn ask_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Engine) -> Result<T, DatabaseError> + Send + 'static,
    ) -> Result<T, DatabaseError> {
        let (job, answer) = job(work);
        let jobs = self.jobs.as_ref().ok_or(DatabaseError::Closed)?;
        jobs.blocking_send(job).map_err(|_| DatabaseError::Closed)?;
        answer.blocking_recv().map_err(|_| DatabaseError::Closed)?
    }

    /// Takes the database as a client's storage. Answers whether it was free.
    pub(super) fn take(&self) -> bool {
        !self.is_taken.swap(true, Ordering::AcqRel)
    }

    /// Gives it back.
    pub(super) fn give_back(&self) {
        self.is_taken.store(false, Ordering::Release);
    }
}

fn job<T: Send + 'static>(
    work: impl FnOnce(&mut Engine) -> Result<T, DatabaseError> + Send + 'static,
) -> (Job, oneshot::Receiver<Result<T, DatabaseError>>) {
    let (reply, answer) = oneshot::channel();
    let job: Job = Box::new(move |engine| {
        // Who does not wait any more misses nothing.
        drop(reply.send(work(engine)));
    });
    (job, answer)
}

fn run(mut engine: Engine, mut jobs: mpsc::Receiver<Job>) {
    while let Some(job) = jobs.blocking_recv() {
        job(&mut engine);
    }
    // What was promised is in the log; a failure to move it on now leaves that to the next start.
    drop(engine.close());
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.jobs = None;
        let thread = self.thread.get_mut().ok().and_then(Option::take);
        if let Some(thread) = thread {
            // A panic there has answered its caller with `Closed`.
            drop(thread.join());
        }
    }
}
