//! One conversation: its two sides, the order in which they connect, and the verdict on what arrived.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use ringpost_wire::{MessageId, Seq};
use sha2::{Digest, Sha256};

use super::corpus::Script;
use super::log::ArrivalLog;
use super::side::{Goal, Line, Reach, Side};
use super::verdict::Verdict;
use crate::arguments::ReplayMode;
use crate::error::ToolError;

/// A conversation being replayed.
pub struct Conversation {
    mode: ReplayMode,
    folder: Option<PathBuf>,
    sides: [Side; 2],
}

/// What came of a conversation.
pub struct Outcome {
    /// What is wrong with what arrived.
    pub verdict: Verdict,
    /// Lines that arrived.
    pub arrived: u64,
    /// Messages that were refused or whose fate is not known.
    pub failed: Vec<String>,
}

/// An id that follows from its place: the same line has the same id after a restart.
fn message_id(run: &str, number: usize, line: usize) -> MessageId {
    let digest = Sha256::digest(format!("{run}/{number}/{line}"));
    let mut id = [0; 8];
    id.copy_from_slice(&digest[..8]);
    // 0 stands for "none" where the last accepted message is remembered.
    MessageId::from_le_bytes(id).max(1)
}

/// The lines that one of the two says; the speakers alternate.
fn lines(script: &Script, side: usize, mode: ReplayMode, run: &str, number: usize) -> Vec<Line> {
    let all = script.lines.iter().enumerate();
    let own = all.filter(|(index, _)| index % 2 == side);
    own.map(|(index, text)| Line {
        id: message_id(run, number, index),
        payload: Bytes::copy_from_slice(text.as_bytes()),
        after: match mode {
            ReplayMode::Online => index.div_ceil(2),
            ReplayMode::OfflineFirst => 0,
        },
    })
    .collect()
}

impl Conversation {
    /// Conversation `number` of a run; with `state`, its files are in a folder there.
    pub fn new(
        script: &Script,
        (run, number): (&str, usize),
        mode: ReplayMode,
        state: Option<&Path>,
    ) -> Result<Self, ToolError> {
        let folder = state.map(|state| state.join(format!("{number:06}")));
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder)
                .map_err(|source| ToolError::file("create", folder, source))?;
        }
        let names = ["a", "b"];
        let user = |side: usize| format!("replay-{run}-{number}-{}", names[side]);
        let side = |side: usize| -> Result<Side, ToolError> {
            let file = |name: String| folder.as_ref().map(|folder| folder.join(name));
            let log = match file(format!("{}.log", names[side])) {
                Some(path) => ArrivalLog::open(&path)?,
                None => ArrivalLog::default(),
            };
            Ok(Side {
                user: user(side),
                other: user(1 - side),
                lines: lines(script, side, mode, run, number),
                expected: (script.lines.len() + side) / 2,
                journal: file(names[side].to_owned()),
                log,
                failed: Vec::new(),
                said: 0,
            })
        };
        let sides = [side(0)?, side(1)?];
        Ok(Self {
            mode,
            folder,
            sides,
        })
    }

    /// Replays it, unless an earlier run did, and compares.
    pub async fn run(&mut self, reach: &Reach) -> Result<Outcome, ToolError> {
        let marker = self.folder.as_ref().map(|folder| folder.join("done"));
        if !marker.as_ref().is_some_and(|marker| marker.exists()) {
            self.talk(reach).await?;
            let [a, b] = &mut self.sides;
            tokio::try_join!(
                a.run(reach, Goal::NothingLeft),
                b.run(reach, Goal::NothingLeft)
            )?;
            let failed = self.sides.iter().any(|side| !side.failed.is_empty());
            if let Some(marker) = marker.filter(|_| !failed) {
                std::fs::write(&marker, "")
                    .map_err(|source| ToolError::file("write", &marker, source))?;
            }
        }
        Ok(self.outcome())
    }

    async fn talk(&mut self, reach: &Reach) -> Result<(), ToolError> {
        let [a, b] = &mut self.sides;
        match self.mode {
            ReplayMode::Online => {
                tokio::try_join!(a.run(reach, Goal::Done), b.run(reach, Goal::Done))?;
            }
            ReplayMode::OfflineFirst => {
                b.run(reach, Goal::Registered).await?;
                a.run(reach, Goal::Said).await?;
                b.run(reach, Goal::Done).await?;
                a.run(reach, Goal::Done).await?;
            }
        }
        Ok(())
    }

    fn outcome(&self) -> Outcome {
        let [a, b] = &self.sides;
        let said = |side: &Side| -> Vec<Bytes> {
            let lines = side.lines.iter();
            lines.map(|line| line.payload.clone()).collect()
        };
        let mut verdict = Verdict::of_arrivals(a.log.arrived(), &said(b));
        verdict.add(&Verdict::of_arrivals(b.log.arrived(), &said(a)));
        verdict.add(&Verdict::of_places(&self.places()));
        let failed = self.sides.iter().flat_map(|side| side.failed.clone());
        Outcome {
            verdict,
            arrived: (a.log.arrived().len() + b.log.arrived().len()) as u64,
            failed: failed.collect(),
        }
    }

    /// The numbers of all lines, in the order in which they were said. What each side was given tells the other's numbers.
    fn places(&self) -> Vec<Seq> {
        let of =
            |side: &Side| -> Vec<Seq> { side.log.arrived().iter().map(|(seq, _)| *seq).collect() };
        let (by_b, by_a) = (of(&self.sides[0]), of(&self.sides[1]));
        if self.mode == ReplayMode::OfflineFirst {
            return [by_a, by_b].concat();
        }
        let longest = by_a.len().max(by_b.len());
        let pairs = (0..longest).flat_map(|index| [by_a.get(index), by_b.get(index)]);
        pairs.flatten().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(count: usize) -> Script {
        Script {
            name: "x".to_owned(),
            lines: (0..count).map(|index| index.to_string()).collect(),
        }
    }

    #[test]
    fn the_speakers_alternate_and_each_waits_for_the_line_before() {
        let conversation =
            Conversation::new(&script(5), ("r", 0), ReplayMode::Online, None).unwrap();
        let after =
            |side: &Side| -> Vec<usize> { side.lines.iter().map(|line| line.after).collect() };
        let [a, b] = &conversation.sides;
        assert_eq!(after(a), [0, 1, 2]);
        assert_eq!(after(b), [1, 2]);
        assert_eq!((a.expected, b.expected), (2, 3));
    }

    #[test]
    fn ids_follow_from_the_place() {
        assert_eq!(message_id("r", 1, 2), message_id("r", 1, 2));
        assert_ne!(message_id("r", 1, 2), message_id("r", 1, 3));
        assert_ne!(message_id("r", 1, 2), message_id("s", 1, 2));
    }
}
