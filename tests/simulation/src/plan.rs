//! What is going to go wrong in a run: episodes with a number, a time and a chance of their own, drawn from the seed before
//! anything happens. Leaving one out changes none of the others.

use crate::faults::FaultKind;
use crate::random::Random;
use crate::settings::Settings;

/// Something that goes wrong once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Episode {
    /// Its number, from 1, in the order of time.
    pub number: u32,
    /// When, in microseconds since the start.
    pub at_us: u64,
    /// What.
    pub kind: FaultKind,
    /// Seed of everything about it that is left to chance.
    pub seed: u64,
}

/// All episodes of a seed, in the order of time.
pub fn draw(settings: &Settings, seed: u64) -> Vec<Episode> {
    let mut plan = Vec::new();
    for (place, kind) in FaultKind::ALL.into_iter().enumerate() {
        let stream = (place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        draw_kind(settings, kind, &mut Random::new(seed ^ stream), &mut plan);
    }
    plan.sort_by_key(|episode| episode.at_us);
    for (place, episode) in plan.iter_mut().enumerate() {
        episode.number = place as u32 + 1;
    }
    plan
}

fn draw_kind(settings: &Settings, kind: FaultKind, chance: &mut Random, plan: &mut Vec<Episode>) {
    let mean_us = kind.every_ms(settings) * 1_000;
    if mean_us == 0 {
        return;
    }
    let end_us = settings.active_ms * 1_000;
    let mut at_us = chance.around(mean_us);
    while at_us < end_us {
        let (number, seed) = (0, chance.number());
        plan.push(Episode {
            number,
            at_us,
            kind,
            seed,
        });
        at_us += chance.around(mean_us);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn episodes_are_numbered_in_time_and_a_kind_left_out_changes_no_other() {
        let settings = Settings {
            cut_every_ms: 300,
            stall_every_ms: 500,
            ..Settings::default()
        };
        let all = draw(&settings, 7);
        assert!(all.len() > 20 && all.is_sorted_by_key(|episode| episode.at_us));
        assert!((1..).zip(&all).all(|(number, one)| one.number == number));
        let without = Settings {
            stall_every_ms: 0,
            ..settings
        };
        let times = |plan: Vec<Episode>| -> Vec<(u64, u64)> {
            let cuts = plan.iter().filter(|one| one.kind == FaultKind::Cut);
            cuts.map(|one| (one.at_us, one.seed)).collect()
        };
        assert_eq!(times(all), times(draw(&without, 7)));
    }
}
