//! The overlay against a plain map: random writes and reads over a snapshot that cuts its pages short.

use std::cell::RefCell;
use std::collections::BTreeMap;

use bytes::{BufMut, Bytes, BytesMut};

use super::Overlay;
use crate::memory::Dice;
use crate::row::{Damage, Reader, Row};
use crate::store::{self, Key, KeyRange, NotFetched, Rows, Snapshot, Write};

/// A row of any bytes.
struct Raw(u64);

impl Row for Raw {
    fn bytes_max(&self) -> usize {
        8
    }

    fn encode(&self, out: &mut BytesMut) {
        out.put_u64(self.0);
    }

    fn read(_: &mut Reader<'_>) -> Result<Self, Damage> {
        Err(Damage { what: "never read" })
    }
}

/// A map whose pages are often shorter than asked.
struct Short {
    map: BTreeMap<Key, Bytes>,
    dice: RefCell<Dice>,
}

impl Snapshot for Short {
    fn get(&self, key: &Key) -> Result<Option<Bytes>, NotFetched> {
        Ok(self.map.get(key).cloned())
    }

    fn range(&self, range: &KeyRange, rows_max: u32, _: u32) -> Result<Rows, NotFetched> {
        let cut = 1 + self.dice.borrow_mut().below(u64::from(rows_max)) as usize;
        let mut rows = self.map.range(range.begin..range.end);
        let page = rows
            .by_ref()
            .take(cut)
            .map(|(key, value)| store::Row {
                key: *key,
                value: value.clone(),
            })
            .collect();
        Ok(Rows {
            rows: page,
            more: rows.next().is_some(),
        })
    }
}

const KEYS: u64 = 24;

fn key(number: u64) -> Key {
    Key::of(&[&[1, number as u8]])
}

/// All rows of a range, page by page.
fn all(overlay: &mut Overlay<'_>, mut range: KeyRange, rows_max: u32) -> Vec<(Key, Bytes)> {
    let mut found = Vec::new();
    loop {
        let page = overlay.range(&range, rows_max, 1000).expect("all is there");
        assert!(page.rows.len() <= rows_max as usize);
        found.extend(page.rows.iter().map(|row| (row.key, row.value.clone())));
        match page.rows.last() {
            Some(last) if page.more => range.begin = last.key.next(),
            _ => return found,
        }
    }
}

/// Applies writes as an engine does; an insert over a row is a defect.
fn apply(map: &mut BTreeMap<Key, Bytes>, writes: &[Write]) {
    for write in writes {
        match write {
            Write::Insert(row) => {
                assert_eq!(map.insert(row.key, row.value.clone()), None);
            }
            Write::Set(row) => {
                map.insert(row.key, row.value.clone());
            }
            Write::Clear(key) => {
                map.remove(key);
            }
            Write::ClearRange(range) => map.retain(|key, _| !range.contains(key)),
        }
    }
}

/// One random step on both sides.
fn step(dice: &mut Dice, overlay: &mut Overlay<'_>, map: &mut BTreeMap<Key, Bytes>) {
    let number = dice.below(KEYS);
    let value = dice.next_u64();
    let bytes = Raw(value).to_bytes();
    match dice.below(5) {
        0 if !overlay.is_present(&key(number)).expect("all is there") => {
            overlay.insert(key(number), &Raw(value));
            map.insert(key(number), bytes);
        }
        1 => {
            overlay.set(key(number), &Raw(value));
            map.insert(key(number), bytes);
        }
        2 => {
            overlay.clear(key(number));
            map.remove(&key(number));
        }
        3 => {
            let found = overlay.is_present(&key(number)).expect("all is there");
            assert_eq!(found, map.contains_key(&key(number)));
        }
        _ => {
            let range = KeyRange {
                begin: key(number),
                end: key(number + dice.below(10)),
            };
            let found = all(overlay, range, 1 + dice.below(6) as u32);
            let expected = map.range(range.begin..range.end);
            let expected: Vec<_> = expected.map(|(key, value)| (*key, value.clone())).collect();
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn it_reads_and_leaves_what_a_map_would() {
    for seed in 0..500 {
        let mut dice = Dice::new(seed);
        let stored = (0..dice.below(20)).map(|_| (key(dice.below(KEYS)), Raw(7).to_bytes()));
        let mut after: BTreeMap<Key, Bytes> = stored.collect();
        let snapshot = Short {
            map: after.clone(),
            dice: RefCell::new(Dice::new(seed)),
        };
        let mut overlay = Overlay::new(&snapshot);
        for _ in 0..40 {
            step(&mut dice, &mut overlay, &mut after);
        }
        let mut before = snapshot.map.clone();
        apply(&mut before, &overlay.settle().writes);
        assert_eq!(before, after, "seed {seed}");
    }
}

/// A log from `first` to `last`, of which the first `stored` are in the store and the others inserted by the batch.
#[test]
fn a_log_is_cleared_from_its_beginning() {
    for stored in 0..8 {
        for cleared in [vec![3], vec![2, 5], vec![1, 4, 8], vec![8]] {
            let map: BTreeMap<Key, Bytes> = (0..stored)
                .map(|seq| (key(seq), Raw(seq).to_bytes()))
                .collect();
            let snapshot = Short {
                map: map.clone(),
                dice: RefCell::new(Dice::new(1)),
            };
            let mut overlay = Overlay::new(&snapshot);
            for seq in stored..8 {
                overlay.insert(key(seq), &Raw(seq));
            }
            let mut begin = 0;
            for end in cleared {
                let (begin_key, end_key) = (key(begin), key(end));
                overlay.clear_dense_range(KeyRange {
                    begin: begin_key,
                    end: end_key,
                });
                begin = end;
            }
            let everything = KeyRange {
                begin: key(0),
                end: key(99),
            };
            let kept: Vec<Key> = (begin..8).map(key).collect();
            let found = all(&mut overlay, everything, 3);
            assert!(found.iter().map(|(key, _)| key).eq(&kept));
            let settled = overlay.settle();
            let ranges = |write: &&Write| matches!(write, Write::ClearRange(_));
            let count = settled.writes.iter().filter(ranges).count();
            assert_eq!(
                count,
                usize::from(stored > 0),
                "one range, none for rows of the batch"
            );
            let mut after = map;
            apply(&mut after, &settled.writes);
            assert!(after.keys().eq(&kept));
        }
    }
}

#[test]
fn what_is_not_fetched_is_noted() {
    struct Nothing;
    impl Snapshot for Nothing {
        fn get(&self, _: &Key) -> Result<Option<Bytes>, NotFetched> {
            Err(NotFetched)
        }

        fn range(&self, _: &KeyRange, _: u32, _: u32) -> Result<Rows, NotFetched> {
            Err(NotFetched)
        }
    }
    let mut overlay = Overlay::new(&Nothing);
    let range = KeyRange::prefix(key(1));
    assert!(overlay.is_present(&key(3)).is_err());
    assert!(overlay.range(&range, 1, 1).is_err());
    overlay.set(key(4), &Raw(1));
    assert_eq!(overlay.is_present(&key(4)), Ok(true));
    assert_eq!(overlay.missing().len(), 2);
}
