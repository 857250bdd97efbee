//! What remains of one file: its contents at the last sync, and by chance some of what was written since, down to
//! torn pages. Input: both contents. A page that did not change since the sync always stays.

use crate::chance::Chance;

const PAGE_BYTES: usize = 4096;
const SECTOR_BYTES: usize = 512;

/// How much of the unsynced writes survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Survival {
    /// None.
    Nothing,
    /// All.
    Everything,
    /// Each page with this chance in a hundred; one page of the file is torn.
    Pages(u64),
}

impl Survival {
    /// Draws one.
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        match chance.below(5) {
            0 | 1 => Self::Nothing,
            2 => Self::Everything,
            _ => Self::Pages(10 + chance.below(81)),
        }
    }
}

/// Mixes the contents at the last sync with the present ones.
pub(crate) fn mix(
    synced: Vec<u8>,
    current: &[u8],
    survival: Survival,
    chance: &mut Chance,
) -> Vec<u8> {
    match survival {
        Survival::Nothing => synced,
        Survival::Everything => current.to_vec(),
        Survival::Pages(percent) => mix_pages(synced, current, percent, chance),
    }
}

fn mix_pages(synced: Vec<u8>, current: &[u8], percent: u64, chance: &mut Chance) -> Vec<u8> {
    let length = mixed_length(synced.len(), current.len(), chance);
    let mut mixed = synced;
    mixed.resize(length, 0);
    let unsynced: Vec<usize> = (0..length.min(current.len()))
        .step_by(PAGE_BYTES)
        .filter(|start| {
            let end = page_end(*start, length.min(current.len()));
            mixed[*start..end] != current[*start..end]
        })
        .collect();
    let torn = match unsynced.len() {
        0 => None,
        count => Some(unsynced[chance.below(count as u64) as usize]),
    };
    for start in unsynced {
        let end = page_end(start, length.min(current.len()));
        if torn == Some(start) {
            tear(&mut mixed[start..end], &current[start..end], chance);
        } else if chance.percent(percent) {
            mixed[start..end].copy_from_slice(&current[start..end]);
        }
    }
    mixed
}

fn page_end(start: usize, length: usize) -> usize {
    (start + PAGE_BYTES).min(length)
}

/// The old length, the new one, or one between. A file may also have been cut: then one of the two.
fn mixed_length(synced: usize, current: usize, chance: &mut Chance) -> usize {
    match chance.below(3) {
        0 => synced,
        1 => current,
        _ if current > synced => synced + chance.below((current - synced) as u64) as usize,
        _ => synced,
    }
}

/// Each sector of a page is old or new.
fn tear(page: &mut [u8], current: &[u8], chance: &mut Chance) {
    for (old, new) in page
        .chunks_mut(SECTOR_BYTES)
        .zip(current.chunks(SECTOR_BYTES))
    {
        if chance.percent(50) {
            old.copy_from_slice(new);
        }
    }
}

/// Bytes of the present contents that the outcome lacks.
pub(crate) fn bytes_lost(current: &[u8], outcome: &[u8]) -> u64 {
    let both = current.len().min(outcome.len());
    let beyond = (current.len() - both) as u64;
    let pages = current[..both]
        .chunks(PAGE_BYTES)
        .zip(outcome[..both].chunks(PAGE_BYTES));
    let differing = pages
        .filter(|(one, other)| one != other)
        .map(|(one, other)| {
            one.iter()
                .zip(other)
                .filter(|(one, other)| one != other)
                .count() as u64
        });
    beyond + differing.sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extremes_are_exact() {
        let mut chance = Chance::new(1);
        let (old, new) = (vec![1; 5000], vec![2; 9000]);
        assert_eq!(mix(old.clone(), &new, Survival::Nothing, &mut chance), old);
        assert_eq!(mix(old, &new, Survival::Everything, &mut chance), new);
    }

    #[test]
    fn what_was_synced_and_not_written_again_always_stays() {
        let mut new = vec![1; 3 * PAGE_BYTES];
        new.extend([2; 10_000]);
        for seed in 0..300 {
            let mut chance = Chance::new(seed);
            let survival = Survival::draw(&mut chance);
            let mixed = mix(new[..3 * PAGE_BYTES].to_vec(), &new, survival, &mut chance);
            assert!(mixed.len() >= 3 * PAGE_BYTES && mixed.len() <= new.len());
            assert!(
                mixed[..3 * PAGE_BYTES].iter().all(|byte| *byte == 1),
                "seed {seed}"
            );
        }
    }

    #[test]
    fn pages_are_torn_at_sectors_and_survive_in_any_order() {
        let (old, new) = (vec![1; 8 * PAGE_BYTES], vec![2; 8 * PAGE_BYTES]);
        let (mut torn, mut later_only) = (0, 0);
        for seed in 0..200 {
            let mixed = mix(
                old.clone(),
                &new,
                Survival::Pages(50),
                &mut Chance::new(seed),
            );
            let whole = |page: &[u8]| page.iter().all(|byte| *byte == page[0]);
            assert!(mixed.chunks(SECTOR_BYTES).all(whole));
            torn += usize::from(!mixed.chunks(PAGE_BYTES).all(whole));
            let last = mixed.len() - 1;
            later_only += usize::from(mixed[0] == 1 && mixed[last] == 2);
        }
        assert!(
            torn > 50 && later_only > 10,
            "{torn} torn, {later_only} out of order"
        );
    }

    #[test]
    fn a_cut_file_has_its_old_length_or_its_new() {
        let mut lengths = std::collections::BTreeSet::new();
        for seed in 0..50 {
            let mixed = mix(
                vec![1; 900],
                &[1; 100],
                Survival::Pages(50),
                &mut Chance::new(seed),
            );
            lengths.insert(mixed.len());
        }
        assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [100, 900]);
    }

    #[test]
    fn lost_bytes_are_counted() {
        assert_eq!(bytes_lost(b"abcd", b"abcd"), 0);
        assert_eq!(bytes_lost(b"abcd", b"axc"), 2);
        assert_eq!(bytes_lost(b"ab", b"abcd"), 0);
    }
}
