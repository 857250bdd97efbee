//! A client as a process: started on its folder, read line by line, told what to do, killed. Dropping it kills it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use ringpost_client_native::DatabaseKey;
use ringpost_power_loss::{Shim, SyncFault, cut};

use super::line::Line;
use super::plan::{ClientEnding, ClientPlan};
use super::record::Record;
use super::run::ClientRoundsError;
use crate::node_process::{signal, system};

/// Whom a client talks for, and where it keeps what it has.
pub(super) struct Client {
    pub(super) record: Record,
    server: String,
    token: String,
    to: String,
    folder: PathBuf,
    process: Option<Running>,
}

struct Running {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Client {
    pub(super) fn new(
        record: Record,
        (server, token, to): (String, String, String),
        folder: PathBuf,
    ) -> Result<Self, ClientRoundsError> {
        std::fs::create_dir_all(folder.join("data")).map_err(system("make a folder"))?;
        DatabaseKey::random().write_new(&folder.join("key"))?;
        Ok(Self {
            record,
            server,
            token,
            to,
            folder,
            process: None,
        })
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn shadow(&self) -> PathBuf {
        self.folder.join("shadow")
    }

    /// Starts the process on what its folder holds.
    pub(super) fn start(&mut self, plan: &ClientPlan) -> Result<(), ClientRoundsError> {
        let mut command = Command::new(&plan.program);
        command
            .arg("client")
            .args(["--server", &self.server, "--token", &self.token])
            .args(["--to", &self.to])
            .args(["--first", &self.record.next_number().to_string()])
            .arg("--database")
            .arg(self.data().join("chat.db"))
            .arg("--key-file")
            .arg(self.folder.join("key"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if plan.ending == ClientEnding::PowerLoss {
            let shim = match plan.ignores_syncs {
                true => Shim::with_fault(SyncFault::Ignored),
                false => Shim::new(),
            };
            shim.command(&mut command, &self.data(), &self.shadow())?;
        }
        let mut child = command.spawn().map_err(system("start a client"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(ClientRoundsError::NoPipe);
        };
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        self.process = Some(Running {
            child,
            input,
            lines,
        });
        Ok(())
    }

    /// Tells the process something; one that has ended hears nothing.
    pub(super) fn tell(&mut self, what: &str) {
        if let Some(process) = &mut self.process {
            // Its end shows in its lines.
            let _ = writeln!(process.input, "{what}");
        }
    }

    /// Takes the lines that came, and waits for the first up to `wait`.
    pub(super) fn read(&mut self, wait: Duration) {
        let Some(process) = &self.process else { return };
        let first = process.lines.recv_timeout(wait).ok();
        for text in first.into_iter().chain(process.lines.try_iter()) {
            match Line::read(&text) {
                Some(line) => self.record.take(line),
                None => self.record.take(Line::Odd(format!("said {text:?}"))),
            }
        }
    }

    /// Kills the process and takes what it still said.
    pub(super) fn kill(&mut self) -> Result<(), ClientRoundsError> {
        let Some(mut process) = self.process.take() else {
            return Ok(());
        };
        process.child.kill().map_err(system("kill a client"))?;
        process.child.wait().map_err(system("wait for a client"))?;
        // The channel ends with the pipe. A line torn by the kill is no line.
        let lines: Vec<Line> = process
            .lines
            .iter()
            .filter_map(|text| Line::read(&text))
            .collect();
        lines.into_iter().for_each(|line| self.record.take(line));
        Ok(())
    }

    /// Sends the process a signal by name.
    pub(super) fn signal(&self, name: &str) -> Result<(), ClientRoundsError> {
        match &self.process {
            Some(process) => Ok(signal(process.child.id(), name)?),
            None => Ok(()),
        }
    }

    /// Cuts the files of a killed client as a power loss does. Answers the bytes lost.
    pub(super) fn lose_power(&self, seed: u64) -> Result<u64, ClientRoundsError> {
        Ok(cut(&self.data(), &self.shadow(), seed)?.bytes_lost)
    }

    /// Copies the files of a killed client.
    pub(super) fn copy(&self) -> Result<(), ClientRoundsError> {
        replace(&self.data(), &self.folder.join("copy"))
    }

    /// Puts the copy in the place of the files, or writes it over them.
    pub(super) fn restore(&mut self, in_place: bool) -> Result<(), ClientRoundsError> {
        self.record.is_set_back = true;
        let copy = self.folder.join("copy");
        match in_place {
            true => Ok(write_over(&copy, &self.data()).map_err(system("copy a client's files"))?),
            false => replace(&copy, &self.data()),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // It may have ended by itself.
            let _ = process.child.kill();
            let _ = process.child.wait();
        }
    }
}

/// Makes `target` a folder with the files of `source`.
fn replace(source: &Path, target: &Path) -> Result<(), ClientRoundsError> {
    let copied = || -> std::io::Result<()> {
        if target.exists() {
            std::fs::remove_dir_all(target)?;
        }
        std::fs::create_dir_all(target)?;
        write_over(source, target)
    };
    Ok(copied().map_err(system("copy a client's files"))?)
}

/// Writes the files of `source` into those of `target`.
fn write_over(source: &Path, target: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(source)? {
        let entry = entry?;
        std::fs::copy(entry.path(), target.join(entry.file_name()))?;
    }
    Ok(())
}
