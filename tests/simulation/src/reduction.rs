//! A run made smaller: episodes left out, kinds of trouble switched off, fewer users and messages. Written on the command line as
//! it is printed, so that what shrinking found is run again by anyone.

use std::collections::BTreeSet;

use clap::Args;
use ringpost_storage_core::memory::FaultRates;

use crate::plan::Episode;
use crate::settings::Settings;

/// What is taken out of a scenario.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct Reduction {
    /// Leave these episodes out: `3,7-12`.
    #[arg(long, value_parser = numbers, default_value = "", hide_default_value = true)]
    pub without: Numbers,
    /// Switch these kinds of trouble off: `clocks,doors`; `simulate troubles` names them.
    #[arg(long, value_delimiter = ',', value_parser = trouble)]
    pub calmed: Vec<&'static str>,
    /// So many users at most.
    #[arg(long)]
    pub users: Option<usize>,
    /// So many messages of each client at most.
    #[arg(long)]
    pub messages: Option<u64>,
    /// Another course of everything that is not an episode.
    #[arg(long, default_value_t)]
    pub variation: u64,
}

/// Numbers of episodes.
pub type Numbers = BTreeSet<u32>;

type Calm = fn(&mut Settings);

/// Kinds of trouble beside episodes, each with what switches it off.
pub const TROUBLES: &[(&str, Calm)] = &[
    ("store", |settings| settings.store = FaultRates::NONE),
    ("conflicts", |settings| {
        settings.store.conflict = 0;
        settings.store.commit_too_old = 0;
        settings.store.read_too_old = 0;
    }),
    ("unknown-results", |settings| {
        settings.store.unknown_applied = 0;
        settings.store.unknown_lost = 0;
    }),
    ("late-commits", |settings| settings.store.unknown_late = 0),
    ("shared-versions", |settings| {
        settings.store.shared_version = 0;
    }),
    ("refusals", |settings| {
        settings.store.throttled = 0;
        settings.store.unavailable = 0;
    }),
    ("short-pages", |settings| settings.store.short_page = 0),
    ("chunks", |settings| settings.cut_chunk_share = 0),
    ("untold-ends", |settings| settings.half_open_share = 0),
    ("byte-resets", |settings| settings.reset_bytes = 0),
    ("drains", |settings| settings.drain_share = 0),
    ("restores", |settings| settings.restore_share = 0),
    ("tokens", |settings| settings.short_token_share = 0),
    ("clocks", |settings| settings.clock_skew_ms = 0),
    ("retention", |settings| settings.retention_days_share = 0),
    ("rates", |settings| {
        settings.sends_per_second = 0;
        settings.handshakes_per_second = 0;
    }),
    ("queues", |settings| {
        settings.mailbox_mails = 256;
        settings.queue_delay_max_ms = 1_000;
    }),
    ("large", |settings| settings.large_share = 0),
    ("doors", |settings| settings.doors = 0),
    ("rule-breakers", |settings| settings.rule_breakers = 0),
    ("devices", |settings| settings.second_device_share = 0),
    ("cores", |settings| settings.cores_max = 1),
    ("nodes", |settings| settings.nodes = 1),
];

impl Reduction {
    /// The settings that are left.
    pub fn apply(&self, mut settings: Settings) -> Settings {
        for (name, calm) in TROUBLES {
            if self.calmed.contains(name) {
                calm(&mut settings);
            }
        }
        settings.users = self.users.unwrap_or(settings.users).min(settings.users);
        settings.messages = self
            .messages
            .unwrap_or(settings.messages)
            .min(settings.messages);
        settings
    }

    /// The episodes that are left.
    pub fn thin_out(&self, plan: &mut Vec<Episode>) {
        plan.retain(|episode| !self.without.contains(&episode.number));
    }
}

impl std::fmt::Display for Reduction {
    /// As on the command line, each option with a blank before it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.without.is_empty() {
            write!(f, " --without {}", ranges(&self.without))?;
        }
        if !self.calmed.is_empty() {
            write!(f, " --calmed {}", self.calmed.join(","))?;
        }
        if let Some(users) = self.users {
            write!(f, " --users {users}")?;
        }
        if let Some(messages) = self.messages {
            write!(f, " --messages {messages}")?;
        }
        if self.variation > 0 {
            write!(f, " --variation {}", self.variation)?;
        }
        Ok(())
    }
}

fn ranges(numbers: &Numbers) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for number in numbers.iter().copied() {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let words = ranges.iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        _ => format!("{first}-{last}"),
    });
    words.collect::<Vec<_>>().join(",")
}

/// Reads `3,7-12`.
fn numbers(words: &str) -> Result<Numbers, String> {
    let mut numbers = Numbers::new();
    for word in words.split(',').filter(|word| !word.is_empty()) {
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        let read = |word: &str| {
            let number = word.parse::<u32>();
            number.map_err(|error| format!("`{word}`: {error}"))
        };
        numbers.extend(read(first)?..=read(last)?);
    }
    Ok(numbers)
}

fn trouble(word: &str) -> Result<&'static str, String> {
    let mut names = TROUBLES.iter().map(|(name, _)| *name);
    names
        .find(|name| *name == word)
        .ok_or_else(|| "no such kind: `simulate troubles` names them".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_printed() {
        let some = numbers("3,7-12,14").expect("is well formed");
        assert_eq!(some.len(), 8);
        assert_eq!(ranges(&some), "3,7-12,14");
        assert_eq!(numbers(""), Ok(Numbers::new()));
        assert!(numbers("3-x").is_err());
    }

    #[test]
    fn a_calmed_trouble_is_gone() {
        let settings = Settings {
            store: FaultRates::STORMY,
            doors: 2,
            ..Settings::default()
        };
        let reduction = Reduction {
            calmed: vec!["store", "doors"],
            users: Some(2),
            messages: Some(1_000),
            ..Reduction::default()
        };
        let left = reduction.apply(settings.clone());
        assert_eq!((left.store, left.doors), (FaultRates::NONE, 0));
        assert_eq!((left.users, left.messages), (2, settings.messages));
        let printed = reduction.to_string();
        assert_eq!(printed, " --calmed store,doors --users 2 --messages 1000");
    }
}
