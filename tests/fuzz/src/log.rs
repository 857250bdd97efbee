//! The commit log: whatever was written and then damaged, a replay gives the first of the records written, whole and in order, or
//! says what is wrong.

use bytes::Bytes;
use ringpost_storage_core::store::{Key, KeyRange, Row, Write};
use ringpost_storage_embedded::OpenError;
use ringpost_storage_embedded::fuzz::{Log, replayed};
use tempfile::TempDir;

use crate::plan::Plan;
use crate::target::Verdict;

/// Records of one log, at most.
const RECORDS_MAX: usize = 24;
const SEGMENTS_MAX: usize = 3;

/// Records in segments, damages, and how far the tables are.
pub(crate) fn run(input: &[u8]) -> Verdict {
    let mut plan = Plan::of(input);
    let (mut log, written) = write(&mut plan);
    let is_damaged = damage(&mut plan, &mut log);
    let flushed = plan.below(RECORDS_MAX + 1) as u64;
    let Ok(found) = replay(&log, flushed) else {
        let is_legal = is_damaged || flushed as usize > written.len();
        assert!(is_legal, "an undamaged log is refused");
        return Verdict::Refused;
    };
    for (number, writes) in &found {
        assert!(*number > flushed, "record {number} is in the tables");
        let index = usize::try_from(number - 1).expect("small");
        assert_eq!(written.get(index), Some(writes), "record {number}");
    }
    assert!(
        found.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0),
        "no record is left out"
    );
    if !is_damaged {
        assert_eq!(found.len() + flushed as usize, written.len());
    }
    Verdict::Taken
}

thread_local! {
    /// Where logs lie, in memory where the machine allows it.
    static FOLDER: TempDir = tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .expect("a temporary folder can be made");
}

fn replay(log: &Log, flushed: u64) -> Result<Vec<(u64, Vec<Write>)>, OpenError> {
    FOLDER.with(|folder| replayed(log, folder.path(), flushed))
}

fn write(plan: &mut Plan<'_>) -> (Log, Vec<Vec<Write>>) {
    let mut log = Log::new();
    let mut written = Vec::new();
    for segment in 0..=plan.below(SEGMENTS_MAX) {
        if segment > 0 {
            log.begin_segment();
        }
        for _ in 0..plan.below(RECORDS_MAX / SEGMENTS_MAX + 1) {
            let writes: Vec<Write> = (0..plan.below(4)).map(|_| one_write(plan)).collect();
            log.append(&writes);
            written.push(writes);
        }
    }
    (log, written)
}

fn one_write(plan: &mut Plan<'_>) -> Write {
    let kind = plan.below(4);
    let key = key(plan);
    let row = |plan: &mut Plan<'_>| Row {
        key,
        value: Bytes::copy_from_slice(plan.part()),
    };
    match kind {
        0 => Write::Insert(row(plan)),
        1 => Write::Set(row(plan)),
        2 => Write::Clear(key),
        _ => Write::ClearRange(KeyRange {
            begin: key,
            end: self::key(plan),
        }),
    }
}

fn key(plan: &mut Plan<'_>) -> Key {
    let bytes = plan.below(40);
    Key::from_slice(plan.take(bytes)).expect("39 bytes at most")
}

/// Changes bytes, cuts ends, writes over, or takes segments away; whether anything changed.
fn damage(plan: &mut Plan<'_>, log: &mut Log) -> bool {
    let before = log.clone();
    for _ in 0..plan.below(4) {
        let segments = log.segments_mut();
        let at = plan.below(segments.len());
        let what = plan.below(5);
        let bytes = &mut segments[at].1;
        let place = plan.number() as usize % bytes.len().max(1);
        match what {
            0 if !bytes.is_empty() => bytes[place] ^= plan.byte(),
            1 => bytes.truncate(place),
            2 => {
                let part = plan.part();
                let end = (place + part.len()).min(bytes.len());
                bytes.splice(place..end, part.iter().copied());
            }
            3 => bytes.resize(bytes.len() + plan.below(64), 0),
            4 if segments.len() > 1 => drop(segments.remove(at)),
            _ => {}
        }
    }
    *log != before
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let insert = |value: &[u8]| [&[0, 3, b'k', b'e', b'y', value.len() as u8, 0], value].concat();
    let record = |writes: &[Vec<u8>]| [&[writes.len() as u8][..], &writes.concat()].concat();
    let one = record(&[insert(b"value"), vec![2, 1, b'k']]);
    let two = record(&[vec![3, 1, b'a', 1, b'b']]);
    let whole = [&[1, 2][..], &one, &two, &[1], &one].concat();
    let cut = [&whole[..], &[1, 1, 1, 90, 0, 0, 0, 0, 0, 0, 0]].concat();
    let flipped = [&whole[..], &[1, 0, 0, 70, 0, 0, 0, 0, 0, 0, 0, 1]].concat();
    let missing = [&whole[..], &[1, 0, 4]].concat();
    let flushed = [&whole[..], &[0, 2]].concat();
    vec![vec![0, 0], whole, cut, flipped, missing, flushed]
}
