//! `Tally`: what an attacker did and what it was told. Anything that must not happen is an oddity.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Value, json};

use crate::raw::{RawConnection, Said};

/// An oddity that repeats is not written down again and again.
const ODDITIES_MAX: usize = 20;

/// What an attack came to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Connections made.
    pub connections: u64,
    /// Frames, or pieces of bytes that are none, written.
    pub frames: u64,
    /// Connections that the node ended.
    pub closed: u64,
    /// What was said, by its name; failures and refusals by their code.
    pub said: BTreeMap<String, u64>,
    /// What must not happen, in words.
    pub oddities: Vec<String>,
}

impl Tally {
    /// Notes what the node said.
    pub fn note(&mut self, said: &Said) {
        let name = match said {
            Said::Failure { code, fatal: true } => format!("fatal {}", code.name()),
            Said::Failure { code, .. } => code.name().to_owned(),
            Said::Refused(code) => format!("refused {}", code.name()),
            Said::Pong(_) => "Pong".to_owned(),
            Said::Delivered(_) => "Deliver".to_owned(),
            Said::Other(kind) => format!("{kind:?}"),
            Said::Welcome | Said::Closed => format!("{said:?}"),
        };
        self.closed += u64::from(*said == Said::Closed);
        *self.said.entry(name).or_default() += 1;
    }

    /// Notes something that must not happen.
    pub fn odd(&mut self, what: impl Into<String>) {
        if self.oddities.len() < ODDITIES_MAX {
            self.oddities.push(what.into());
        }
    }

    /// Reads up to the connection's end, which must come; nothing may come after a fatal failure. Answers the failure.
    pub fn end_of(&mut self, connection: &mut RawConnection) -> Option<Said> {
        let mut failure = None;
        loop {
            match connection.next_said() {
                Ok(Said::Closed) => {
                    self.note(&Said::Closed);
                    return failure;
                }
                Ok(said) => {
                    self.note(&said);
                    if let Some(failure) = failure {
                        self.odd(format!("{said:?} after {failure:?}"));
                    }
                    let is_end = matches!(said, Said::Failure { fatal: true, .. });
                    failure = is_end.then_some(said);
                }
                Err(error) => {
                    self.odd(format!("a connection that does not end: {error}"));
                    return failure;
                }
            }
        }
    }

    /// As `end_of`, where the end must be `expected`.
    pub fn end_with(&mut self, connection: &mut RawConnection, expected: Said) {
        let end = self.end_of(connection);
        if end != Some(expected) {
            self.odd(format!("ended by {end:?} instead of {expected:?}"));
        }
    }

    /// Notes what went wrong with the attacker's own means.
    pub fn failed(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.odd(error.to_string());
        }
    }

    /// Adds what another attacker did.
    pub fn add(&mut self, other: Self) {
        self.connections += other.connections;
        self.frames += other.frames;
        self.closed += other.closed;
        for (name, count) in other.said {
            *self.said.entry(name).or_default() += count;
        }
        other.oddities.into_iter().for_each(|what| self.odd(what));
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "connections": self.connections,
            "frames": self.frames,
            "closed_by_node": self.closed,
            "said": self.said,
            "oddities": self.oddities,
        })
    }
}
