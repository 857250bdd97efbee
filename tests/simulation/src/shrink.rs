//! Makes a failing run small: leaves out episodes, kinds of trouble, users and messages as long as the same finding comes up
//! (delta debugging). Leaving something out changes the course of the rest, so each try is made with several variations.

use std::time::{Duration, Instant};

use crate::plan;
use crate::reduction::{Reduction, TROUBLES};
use crate::run::{Failure, run_reduced};
use crate::scenario::Scenario;

/// Variations that a smaller run is tried with.
const VARIATIONS: u64 = 6;
/// Words of a finding that two runs must have alike.
const WORDS_ALIKE: usize = 7;

/// How large a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Episodes.
    pub episodes: usize,
    /// Kinds of trouble beside them.
    pub troubles: usize,
    /// Users with SDK clients.
    pub users: usize,
    /// Messages of each.
    pub messages: u64,
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} episodes, {} kinds of trouble, {} users, {} messages each",
            self.episodes, self.troubles, self.users, self.messages
        )
    }
}

/// A failing run that is being made smaller.
pub struct Shrink<'a> {
    scenario: &'a Scenario,
    seed: u64,
    kind: String,
    /// The smallest failing run so far.
    pub failure: Failure,
    /// How many runs were made.
    pub runs: u64,
    until: Instant,
}

impl<'a> Shrink<'a> {
    /// A failing run, to be made smaller for so long.
    pub fn new(scenario: &'a Scenario, failure: Failure, time: Duration) -> Self {
        Self {
            scenario,
            seed: failure.seed,
            kind: kind_of(&failure.what),
            failure,
            runs: 0,
            until: Instant::now() + time,
        }
    }

    /// Makes it as small as it gets.
    pub fn run(&mut self) {
        loop {
            let before = self.size();
            self.drop_what_came_after();
            self.calm_troubles();
            self.drop_episodes();
            self.fewer_users();
            self.fewer_messages();
            if self.size() == before || Instant::now() > self.until {
                return;
            }
        }
    }

    /// How large the smallest failing run is.
    pub fn size(&self) -> Size {
        size_of(self.scenario, self.seed, &self.failure.reduction)
    }

    /// Keeps a smaller run when it fails alike.
    fn keep_if_failing(&mut self, smaller: Reduction) -> bool {
        let first = smaller.variation;
        let others = (0..VARIATIONS).filter(|variation| *variation != first);
        for variation in std::iter::once(first).chain(others) {
            if Instant::now() > self.until {
                return false;
            }
            let tried = Reduction {
                variation,
                ..smaller.clone()
            };
            self.runs += 1;
            if let Err(failure) = run_reduced(self.scenario, self.seed, &tried, false)
                && kind_of(&failure.what) == self.kind
            {
                self.failure = *failure;
                return true;
            }
        }
        false
    }

    fn episodes(&self) -> Vec<plan::Episode> {
        let mut plan = plan::draw(&(self.scenario.settings)(), self.seed);
        self.failure.reduction.thin_out(&mut plan);
        plan
    }

    fn drop_what_came_after(&mut self) {
        let late = self.episodes().into_iter();
        let late = late.filter(|episode| episode.at_us > self.failure.at_us);
        let mut smaller = self.failure.reduction.clone();
        smaller.without.extend(late.map(|episode| episode.number));
        if smaller != self.failure.reduction {
            self.keep_if_failing(smaller);
        }
    }

    fn calm_troubles(&mut self) {
        for (name, calm) in TROUBLES {
            let mut settings = (self.scenario.settings)();
            let before = format!("{settings:?}");
            calm(&mut settings);
            let is_there = format!("{settings:?}") != before;
            if is_there && !self.failure.reduction.calmed.contains(name) {
                let mut smaller = self.failure.reduction.clone();
                smaller.calmed.push(name);
                self.keep_if_failing(smaller);
            }
        }
    }

    /// Halves, then smaller and smaller parts of the episodes are left out.
    fn drop_episodes(&mut self) {
        let mut parts = 2;
        loop {
            let episodes = self.episodes();
            let length = episodes.len().div_ceil(parts).max(1);
            let mut is_smaller = false;
            for part in episodes.chunks(length) {
                let mut smaller = self.failure.reduction.clone();
                smaller.without.extend(part.iter().map(|one| one.number));
                is_smaller |= self.keep_if_failing(smaller);
            }
            if length == 1 && !is_smaller || episodes.is_empty() || Instant::now() > self.until {
                return;
            }
            parts = if is_smaller { 2 } else { parts * 2 };
        }
    }

    fn fewer_users(&mut self) {
        while self.size().users > 1 {
            let mut smaller = self.failure.reduction.clone();
            smaller.users = Some(self.size().users - 1);
            if !self.keep_if_failing(smaller) {
                return;
            }
        }
    }

    fn fewer_messages(&mut self) {
        let mut step = self.size().messages / 2;
        while step > 0 {
            let mut smaller = self.failure.reduction.clone();
            let fewer = self.size().messages.saturating_sub(step).max(1);
            smaller.messages = Some(fewer);
            if fewer == self.size().messages || !self.keep_if_failing(smaller) {
                step /= 2;
            }
        }
    }
}

/// How large what is left of a seed is.
pub fn size_of(scenario: &Scenario, seed: u64, reduction: &Reduction) -> Size {
    let mut plan = plan::draw(&(scenario.settings)(), seed);
    reduction.thin_out(&mut plan);
    let settings = reduction.apply((scenario.settings)());
    let whole = format!("{settings:?}");
    let is_left = |calm: &fn(&mut crate::settings::Settings)| {
        let mut calmed = settings.clone();
        calm(&mut calmed);
        format!("{calmed:?}") != whole
    };
    Size {
        episodes: plan.len(),
        troubles: TROUBLES.iter().filter(|(_, calm)| is_left(calm)).count(),
        users: settings.users,
        messages: settings.messages,
    }
}

/// What two findings of the same kind have in common: their first words, numbers and names left out.
fn kind_of(what: &str) -> String {
    let has_digit = |word: &&str| word.contains(|letter: char| letter.is_ascii_digit());
    let words = what.split_whitespace().filter(|word| !has_digit(word));
    words.take(WORDS_ALIKE).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_of_a_kind_differ_in_numbers_only() {
        let one = "c3 is told of b2f0@9, durable is 4";
        assert_eq!(
            kind_of(one),
            kind_of("c1 is told of 77aa@12, durable is 11")
        );
        assert_ne!(kind_of(one), kind_of("order: b2f0@9 was made before"));
    }

    #[test]
    fn what_is_left_out_makes_a_run_smaller() {
        let scenario = Scenario::named("everything").expect("is listed");
        let whole = size_of(scenario, 1, &Reduction::default());
        let reduction = Reduction {
            without: (1..=5).collect(),
            calmed: vec!["doors"],
            users: Some(1),
            messages: Some(3),
            ..Reduction::default()
        };
        let smaller = size_of(scenario, 1, &reduction);
        assert_eq!(smaller.episodes + 5, whole.episodes);
        assert_eq!(smaller.troubles + 1, whole.troubles);
        assert_eq!((smaller.users, smaller.messages), (1, 3));
    }
}
