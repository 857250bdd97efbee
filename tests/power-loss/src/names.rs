//! Which unsynced changes of names survive. Input: what each folder listed at its last sync and what it lists now.
//!
//! Invariant: changes that concern one file, or one name, stand or fall together, as on a file system with a journal:
//! a rename leaves the old name or the new one, never neither.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::chance::Chance;
use crate::identity::{Entry, Identity};
use crate::live::Listing;

type Folders = BTreeMap<Identity, Listing>;

/// One name whose present target is not durable.
#[derive(Debug)]
struct Change {
    folder: Identity,
    name: OsString,
    synced: Option<Entry>,
    current: Option<Entry>,
}

/// The tree of names that the power loss leaves.
#[derive(Debug)]
pub(crate) struct Names {
    /// What each folder lists.
    pub(crate) folders: Folders,
    /// Unsynced changes undone.
    pub(crate) lost: usize,
    /// Unsynced changes that survive.
    pub(crate) kept: usize,
}

/// Decides each unsynced change; `percent` of the groups survive.
pub(crate) fn decide(
    synced: &Folders,
    current: &Folders,
    percent: u64,
    chance: &mut Chance,
) -> Names {
    let changes = changes(synced, current);
    let groups = group(&changes, current);
    let mut survives = BTreeMap::new();
    let mut names = Names {
        folders: synced.clone(),
        lost: 0,
        kept: 0,
    };
    for (change, group) in changes.into_iter().zip(groups) {
        if !*survives
            .entry(group)
            .or_insert_with(|| chance.percent(percent))
        {
            names.lost += 1;
            continue;
        }
        names.kept += 1;
        let listing = names.folders.entry(change.folder).or_default();
        match change.current {
            Some(entry) => drop(listing.insert(change.name, entry)),
            None => drop(listing.remove(&change.name)),
        }
    }
    names
}

fn changes(synced: &Folders, current: &Folders) -> Vec<Change> {
    let none = Listing::new();
    let mut changes = Vec::new();
    let mut folders: Vec<&Identity> = synced.keys().chain(current.keys()).collect();
    folders.sort();
    folders.dedup();
    for folder in folders {
        let before = synced.get(folder).unwrap_or(&none);
        let after = current.get(folder).unwrap_or(&none);
        let mut names: Vec<&OsString> = before.keys().chain(after.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            let (synced, current) = (before.get(name).cloned(), after.get(name).cloned());
            let target = |entry: &Option<Entry>| entry.as_ref().map(|entry| entry.identity.clone());
            if target(&synced) != target(&current) {
                changes.push(Change {
                    folder: folder.clone(),
                    name: name.clone(),
                    synced,
                    current,
                });
            }
        }
    }
    changes
}

/// The number of the group of each change. Changes share a group when they touch the same file or folder, or when
/// one empties a folder that another removes.
fn group(changes: &[Change], current: &Folders) -> Vec<usize> {
    let mut groups: Vec<usize> = (0..changes.len()).collect();
    let mut first_to_touch: BTreeMap<&Identity, usize> = BTreeMap::new();
    for (index, change) in changes.iter().enumerate() {
        let targets = [&change.synced, &change.current].into_iter().flatten();
        let mut touched: Vec<&Identity> = targets.map(|entry| &entry.identity).collect();
        if !current.contains_key(&change.folder) {
            touched.push(&change.folder);
        }
        for identity in touched {
            let other = *first_to_touch.entry(identity).or_insert(index);
            let (mine, theirs) = (groups[index], groups[other]);
            groups
                .iter_mut()
                .filter(|group| **group == mine)
                .for_each(|group| *group = theirs);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Kind;

    fn folders(list: &[(&str, &[(&str, &str)])]) -> Folders {
        let id = |text: &str| Identity(text.to_owned());
        let entry = |target: &str| Entry {
            kind: Kind::File,
            identity: id(target),
            mode: 0o600,
        };
        let listing = |names: &[(&str, &str)]| {
            names
                .iter()
                .map(|(name, target)| (OsString::from(*name), entry(target)))
                .collect()
        };
        list.iter()
            .map(|(folder, names)| (id(folder), listing(names)))
            .collect()
    }

    fn outcomes(synced: &Folders, current: &Folders) -> Vec<Folders> {
        let mut outcomes: Vec<Folders> = Vec::new();
        for seed in 0..200 {
            let names = decide(synced, current, 50, &mut Chance::new(seed));
            if !outcomes.contains(&names.folders) {
                outcomes.push(names.folders);
            }
        }
        outcomes
    }

    #[test]
    fn none_survives_at_zero_and_all_at_a_hundred() {
        let synced = folders(&[("root", &[("a", "1"), ("b", "2")])]);
        let current = folders(&[("root", &[("b", "3"), ("c", "1")])]);
        let none = decide(&synced, &current, 0, &mut Chance::new(1));
        assert_eq!((none.folders, none.lost, none.kept), (synced.clone(), 3, 0));
        let all = decide(&synced, &current, 100, &mut Chance::new(1));
        assert_eq!((all.folders, all.lost, all.kept), (current, 0, 3));
    }

    #[test]
    fn a_rename_over_a_name_stands_or_falls_whole() {
        let synced = folders(&[("root", &[("new", "2"), ("current", "1")])]);
        let current = folders(&[("root", &[("current", "2")])]);
        let outcomes = outcomes(&synced, &current);
        assert_eq!(outcomes.len(), 2);
        assert!(outcomes.contains(&synced) && outcomes.contains(&current));
    }

    #[test]
    fn unrelated_changes_fall_apart() {
        let synced = folders(&[("root", &[])]);
        let current = folders(&[("root", &[("a", "1"), ("b", "2")])]);
        assert_eq!(outcomes(&synced, &current).len(), 4);
    }

    #[test]
    fn a_file_moved_out_of_a_removed_folder_is_never_lost() {
        let synced = folders(&[("root", &[("sub", "s")]), ("s", &[("a", "1")])]);
        let current = folders(&[("root", &[("b", "1")])]);
        for outcome in outcomes(&synced, &current) {
            let root = &outcome[&Identity("root".to_owned())];
            assert!(
                root.contains_key(&OsString::from("sub"))
                    != root.contains_key(&OsString::from("b"))
            );
        }
    }
}
