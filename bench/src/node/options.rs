//! How a node is started for a run, and the command that comes of it. Ports are always chosen free by the system.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use std::time::Duration;

use super::binary::NodeBinary;

/// How a node is started.
#[derive(Clone, Debug)]
pub struct NodeOptions {
    /// The program; `None` for the checkout's own, or the one beside the running program.
    pub ringpost: Option<PathBuf>,
    /// Its data directory, which stays; `None` for a fresh one, which is removed at the end.
    pub data: Option<PathBuf>,
    /// Its log, which stays; `None` for one that is removed at the end.
    pub log: Option<PathBuf>,
    /// Its core threads; `None` for one a processor that it may use.
    pub cores: Option<usize>,
    /// Further arguments.
    pub arguments: Vec<String>,
    /// Further environment variables: any key of its configuration, as `RINGPOST_STORE__RETENTION_DAYS`.
    pub variables: Vec<(String, String)>,
    /// Whether it gets a certificate and opens its door with TLS.
    pub with_tls: bool,
    /// Processors that it is bound to, by `taskset`; `None` for those of the thread that starts it.
    pub pin: Option<CoreList>,
    /// Its real-time priority (round robin, 1 to 99), by `chrt`; needs the right to set one.
    pub real_time_priority: Option<u8>,
    /// It must take messages after this time.
    pub start_timeout: Duration,
    /// It must have ended so long after it was told to; then it is killed.
    pub stop_timeout: Duration,
}

impl Default for NodeOptions {
    fn default() -> Self {
        Self {
            ringpost: None,
            data: None,
            log: None,
            cores: None,
            arguments: Vec::new(),
            variables: Vec::new(),
            with_tls: false,
            pin: None,
            real_time_priority: None,
            start_timeout: Duration::from_secs(60),
            stop_timeout: Duration::from_secs(60),
        }
    }
}

impl NodeOptions {
    /// The command that starts `binary` on `data`; its process becomes the node itself.
    pub(super) fn command(&self, binary: &NodeBinary, data: &Path) -> Command {
        let mut line: Vec<&str> = Vec::new();
        let priority = self.real_time_priority.map(|priority| priority.to_string());
        if let Some(priority) = &priority {
            line.extend(["chrt", "--rr", priority.as_str()]);
        }
        if let Some(CoreList(cores)) = &self.pin {
            line.extend(["taskset", "--cpu-list", cores.as_str()]);
        }
        let mut command = match line.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(&binary.path);
                command
            }
            None => Command::new(&binary.path),
        };
        command
            .arg("--data")
            .arg(data)
            .args(["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
        if let Some(cores) = self.cores {
            command.args(["--cores", &cores.to_string()]);
        }
        command
            .args(&self.arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env("RINGPOST_LOG__FORMAT", "json");
        command
    }
}

/// Processors by number: `0`, `0-3`, `0,2-3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoreList(String);

/// A text that is no list of processors.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no list of processors, like 0, 0-3 or 0,2-3")]
pub struct NotACoreList(String);

impl FromStr for CoreList {
    type Err = NotACoreList;

    fn from_str(text: &str) -> Result<Self, NotACoreList> {
        let is_range = |range: &str| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            matches!((first.parse::<u16>(), last.parse::<u16>()), (Ok(first), Ok(last)) if first <= last)
        };
        if text.split(',').all(is_range) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotACoreList(text.to_owned()))
        }
    }
}

impl std::fmt::Display for CoreList {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_processors_are_checked() {
        for text in ["0", "0-3", "0,2-3", "7,7"] {
            assert_eq!(text.parse::<CoreList>().unwrap().to_string(), text);
        }
        for text in ["", "a", "3-1", "0,", "-1", "0-1-2", "0 1"] {
            assert_eq!(
                text.parse::<CoreList>(),
                Err(NotACoreList(text.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn the_command_binds_the_node_before_it_starts() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("ringpost");
        std::fs::write(&program, "").unwrap();
        let binary = NodeBinary::find(Some(&program)).unwrap();
        let options = NodeOptions {
            pin: Some("1".parse().unwrap()),
            real_time_priority: Some(1),
            cores: Some(1),
            arguments: vec!["--retention-days=30".to_owned()],
            ..NodeOptions::default()
        };
        let command = options.command(&binary, Path::new("d"));
        let line: Vec<&str> = std::iter::once(command.get_program())
            .chain(command.get_args())
            .map(|word| word.to_str().unwrap())
            .collect();
        assert_eq!(
            line[..6],
            ["chrt", "--rr", "1", "taskset", "--cpu-list", "1"]
        );
        assert_eq!(line[6], binary.path.to_str().unwrap());
        assert_eq!(line[7..9], ["--data", "d"]);
        assert_eq!(line[13..], ["--cores", "1", "--retention-days=30"]);
    }
}
